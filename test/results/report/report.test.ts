/** What a report holds is what the model did; and it holds everything in one file. */

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { COLUMNS } from "../../../results/columns.js";
import { readRunFolder } from "../../../results/run-folder.js";
import { compare } from "../../../studies/compare.js";
import { writeReport } from "../../../studies/report.js";
import { TestFolder } from "../../setup/files.js";
import { countsAtSamples, dataOf, mapped, recordMapped, stoppedAt } from "./mapped-run.js";

const POLICIES = ["go1.18", "next-fit"];
const folder = new TestFolder();
let html = "";

beforeAll(async () => {
  for (const policy of POLICIES) await recordMapped(policy, folder.at(policy));
  writeReport({
    runs: POLICIES.map((policy) => folder.at(policy)),
    out: folder.at("two.html"),
    force: false,
  });
  html = readFileSync(folder.at("two.html"), "utf8");
});

describe("what a report shows equals the model", () => {
  test.each(POLICIES.map((policy, i) => [policy, i] as const))(
    "pages and spans at each keyframe are those of a run of %s that is stopped there",
    (policy, index) => {
      const map = dataOf(html).maps[index]!;
      expect(map.keyframes.map(({ sample }) => map.timesNs[sample])).toEqual([0.5e9, 1.5e9, 2.2e9, 3e9]);
      const seen = new Set<number>();
      for (const { sample, states, chunkCount, spanPages, spanLengths, spanKinds } of map.keyframes) {
        const { pages, spans } = stoppedAt(policy, map.timesNs[sample]!);
        const chunkPages = map.header.chunk_pages;
        expect(chunkCount * chunkPages).toBe(pages.size);
        for (let at = 0; at < pages.size; at++) {
          const page = map.chunks[Math.floor(at / chunkPages)]! * chunkPages + (at % chunkPages);
          if (states[at] !== pages.get(page)) expect([page, states[at]]).toEqual([page, pages.get(page)]);
          seen.add(states[at]!);
        }
        expect([spanPages, spanLengths, spanKinds]).toEqual([spans.pages, spans.npages, spans.kinds]);
      }
      // Or nothing was compared that could differ.
      expect([...seen].sort()).toEqual([0, 1, 2, 3]);
    },
  );

  test.each(POLICIES.map((policy, i) => [policy, i] as const))(
    "counts of each chunk at each sample are those of another run of %s",
    (policy, index) => {
      const map = dataOf(html).maps[index]!;
      const samples = countsAtSamples(policy);
      expect(map.samples).toBe(samples.length);
      samples.forEach(({ timeNs, counts }, sample) => {
        map.seek(sample);
        expect(map.timesNs[sample]).toBe(timeNs);
        const got = Array.from({ length: map.chunkCounts[sample]! }, (_, c): [number, number[]] => [
          map.chunks[c]!,
          [map.inUse(c), map.scavenged(c), map.cached(c)],
        ]);
        expect(new Map(got)).toEqual(counts);
      });
    },
  );

  test("the time series are those of the run's folder", () => {
    const { data } = dataOf(html);
    POLICIES.forEach((policy, i) => {
      const { columns } = readRunFolder(folder.at(policy));
      expect(data.runs[i]!.timesNs).toEqual([...columns.time_ns]);
      for (const { name } of COLUMNS) {
        const cells = [...columns[name]].map((value) => (Number.isNaN(value) ? null : value));
        expect(data.runs[i]!.columns[name]).toEqual(cells);
      }
    });
  });
});

describe("a report", () => {
  test("is one file: nothing in it leads anywhere", () => {
    const page = html.replace(/<script type="(application\/json|text\/plain)"[\s\S]*?<\/script>/g, "");
    expect(page).not.toMatch(/<(link|iframe|img|object|embed)\b/);
    expect(page).not.toMatch(/\b(src|href)\s*=\s*["']?\s*(https?:|\/\/)/);
    expect(page).not.toMatch(/@import|url\(\s*["']?(https?:|\/\/)/);
    expect(page).toContain("default-src 'none'");
  });

  test("says which runs, under what, how to make them again, and how they differ", () => {
    const { data } = dataOf(html);
    expect(data.title).toBe("mapped: go1.18 and next-fit");
    expect(data.runs.map(({ label }) => label)).toEqual(POLICIES);
    expect(data.runs[1]!.command).toBe(
      "mheapsim run mapped --seed 7 --set policy=next-fit --sample 50ms --heapmap --keyframes 500ms,1500ms,2200ms",
    );
    expect(data.runs[0]!.facts).toContainEqual(["seed", "7"]);
    const [summary, differences] = data.tables;
    expect(summary!.rows.find(([name]) => name === "collections")).toHaveLength(7);
    const { columns } = readRunFolder(folder.at("go1.18"));
    const mean = Number(differences!.rows.find(([name]) => name === "mean_free_runs")![1]);
    // Each sample holds until the next one, and all are equally far apart.
    const runs = [...columns.free_runs].slice(0, -1);
    expect(mean).toBeCloseTo(runs.reduce((sum, one) => sum + one, 0) / runs.length, 0);
  });

  test("of a comparison has its table, and the runs of its first seed", async () => {
    const out = folder.at("compared");
    await compare({ scenario: mapped("go1.18"), policies: POLICIES, seeds: [3, 4, 5], out, workers: 1 });
    writeReport({ runs: [out], out: folder.at("compared.html"), force: false });
    const { data } = dataOf(readFileSync(folder.at("compared.html"), "utf8"));
    expect(data.runs.map(({ label, heapMap }) => [label, heapMap])).toEqual([
      ["go1.18", null],
      ["next-fit", null],
    ]);
    expect(data.runs[1]!.command).toContain("--seed 3 --set policy=next-fit");
    const table = data.tables.find(({ id }) => id === "comparison-next-fit")!;
    const csv = readFileSync(folder.at("compared", "comparison.csv"), "utf8").split("\n");
    const shown = csv.filter((line) => /,(higher|lower|no difference shown)$/.test(line));
    expect(table.rows.map(([metric]) => metric)).toEqual(shown.map((line) => line.split(",")[1]));
    expect(table.note).toContain("3 seeds");
  });
});
