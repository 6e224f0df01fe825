import { expect, test } from "vitest";
import { headingOf, runLabels } from "../../../results/plots/heading.js";
import { madeUpRun } from "./runs.js";

test("runs under two policies are told apart by these, also where a parameter names the scenario's own", () => {
  const parameters = { scale: 1, policy: "go1.18" };
  const runs = ["go1.12.0", "go1.22"].map((policy) =>
    madeUpRun({ name: "spike", policy, seed: "1", parameters }),
  );
  expect(runLabels(runs)).toEqual(["go1.12.0", "go1.22"]);
  const { title, subtitle } = headingOf("memory", runs, 800);
  expect(title).toEqual(["spike: memory"]);
  expect(subtitle.join("\n")).not.toContain("go1.");
  expect(subtitle.join("\n")).toContain("seed 1");
  expect(subtitle.join("\n")).toContain("scale = 1");
});

test("the policy of all runs stands once in the heading", () => {
  const run = madeUpRun({ policy: "go1.22", parameters: { policy: "go1.18" } });
  expect(
    headingOf("memory", [run, { ...run, seed: "2" }], 800)
      .subtitle.join(" ")
      .match(/go1\.\d+/g),
  ).toEqual(["go1.22"]);
  expect(runLabels([run, { ...run, seed: "2" }])).toEqual([expect.stringContaining("seed"), "seed 2"]);
});
