import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { loadRenderer } from "../../results/plots/render.js";
import { THEMES } from "../../results/plots/theme.js";
import { PICTURED_TRACES, scavengerPicture } from "../../studies/scavenger-picture.js";
import { ROOT, tracePath } from "../setup/files.js";

vi.setConfig({ testTimeout: 300_000 });

// The other recordings are not in the repository; .ci/run draws their pictures too, and compares them.
it("the picture of fraggrow in the documents is what the model does now, and tells the error of the table", async () => {
  const { spec, error } = await scavengerPicture(tracePath("fraggrow-gmp1"), THEMES.light);
  const svg = await (await loadRenderer()).svg(spec);
  expect(svg === readFileSync(join(ROOT, "docs/pictures/scavenger/fraggrow-gmp1.svg"), "utf8")).toBe(true);
  const share = `${(100 * error).toFixed(2)} %`;
  expect(svg).toContain(`mean difference ${share} of the largest heap_sys`);
  expect(readFileSync(join(ROOT, "docs/validation-scavenger.md"), "utf8")).toMatch(
    new RegExp(`\\| fraggrow-gmp1 \\| [\\d.]+ \\| \\d+ \\| ${share} `),
  );
});

it("every pictured trace has its picture and its row in the document", () => {
  const text = readFileSync(join(ROOT, "docs/validation-scavenger.md"), "utf8");
  for (const name of PICTURED_TRACES) {
    expect(text).toContain(`(pictures/scavenger/${name}.svg)`);
    const share = /mean difference ([\d.]+ %)/.exec(
      readFileSync(join(ROOT, `docs/pictures/scavenger/${name}.svg`), "utf8"),
    )![1]!;
    expect(text).toMatch(new RegExp(`\\| ${name} \\| [\\d.]+ \\| \\d+ \\| ${share} `));
  }
});
