/** What `mheapsim run` prints in the end: for people, for programs, or nothing. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sparkWidth } from "../../cli/run-output.js";
import { COLUMN, COLUMNS } from "../../results/columns.js";
import { sparkline } from "../../results/sparkline.js";
import { closingTable, MAIN_SERIES } from "../../results/terminal.js";
import { mheapsim, ROOT, TestFolder, tracePath } from "../setup/files.js";

const folder = new TestFolder();

const small = folder.write(
  "small.yaml",
  `
name: small
seed: 4
duration: 1s
samples: 20
workloads:
  w: {kind: spans, rate: "1000/s", pages: {uniform: {min: 1, max: 9}}, lifetime: 100ms}
expect:
  - {peak: heap_inuse_bytes, atLeast: 1TiB}
`,
);

const run = (...args: string[]) => mheapsim(["run", ...args], { cwd: folder.path });

describe("--quiet", () => {
  test("prints nothing but errors, and the exit code is the same", async () => {
    const loud = await run(small, "--out", "loud");
    const quiet = await run(small, "--out", "quiet", "--quiet");
    expect(quiet.stdout).toBe("");
    expect([quiet.code, quiet.stderr]).toEqual([1, loud.stderr]);
    expect(quiet.stderr).toMatch(/^expected peak heap_inuse_bytes/);
    expect(await run(tracePath("hello-gmp1"), "--quiet", "--out", "trace")).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });

  test("does not go with --json", async () => {
    expect(await run(small, "--quiet", "--json", "--out", "never")).toEqual({
      code: 2,
      stdout: "",
      stderr: "mheapsim: --quiet and --json do not go together: give one of them\n",
    });
  });
});

describe("--json", () => {
  /** All paths of an object, with [] for lists; series are by column, so these count as one. */
  function pathsOf(value: unknown, path: string): string[] {
    if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item, `${path}[]`));
    if (typeof value !== "object" || value === null || path === "runs[].series") return [path];
    return Object.entries(value).flatMap(([key, item]) =>
      pathsOf(item, path === "" ? key : `${path}.${key}`),
    );
  }

  test("is one document, as documented, that says what the files say", async () => {
    const { code, stdout, stderr } = await run(small, "--json", "--out", "json", "--repeat", "2");
    expect([code, stderr.split("\n").length]).toEqual([1, 3]);
    const document = JSON.parse(stdout);
    const manual = readFileSync(join(ROOT, "docs/file-formats.md"), "utf8");
    const section = manual.split("## Output of `run --json`")[1]!.split("\n## ")[0]!;
    const documented = [...section.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, keys]) =>
      keys!.split(", ").map((key) => key.replaceAll("`", "")),
    );
    const printed = new Set(pathsOf(document, "").map((path) => path.replace(/^(runs\[\]\.\w+).*/, "$1")));
    expect([...printed, "runs"].sort()).toEqual(documented.sort());
    const { runs } = document;
    expect(document).toMatchObject({ tool: "mheapsim", schema: 1, out: "json" });
    expect(runs.map(({ folder: place, seed }: Record<string, string>) => [place, seed])).toEqual([
      ["rep-0001", "4"],
      ["rep-0002", "5"],
    ]);
    for (const one of runs) {
      const read = (name: string) => JSON.parse(readFileSync(folder.at("json", one.folder, name), "utf8"));
      const summary = read("summary.json");
      const manifest = read("manifest.json");
      expect(one).toMatchObject({ kind: "scenario", policy: "go1.18", message: null, recording: null });
      expect([one.duration_ns, one.samples]).toEqual([summary.duration_ns, summary.samples]);
      expect([one.fingerprint, one.end, one.events]).toEqual([
        manifest.fingerprint,
        manifest.result.end,
        manifest.result.events,
      ]);
      expect(one.expectations.count).toBe(1);
      expect(one.expectations.failed[0]).toMatch(/^expected peak heap_inuse_bytes/);
      for (const column of MAIN_SERIES) {
        const isCounter = COLUMNS[COLUMN[column]]!.kind === "counter";
        if (isCounter) expect(one.series[column]).toEqual({ end: summary.counters[column] });
        else if (column in summary.gauges) {
          const { end, max, mean } = summary.gauges[column];
          expect(one.series[column]).toEqual({ end, mean, max });
        }
      }
    }
  });

  test("of a trace says how it agrees with the recording", async () => {
    const { code, stdout } = await run(tracePath("hello-gmp1"), "--json", "--out", "json-trace");
    expect(code).toBe(0);
    const [one] = JSON.parse(stdout).runs;
    expect(one).toMatchObject({ kind: "trace", seed: null, end: "finished", expectations: null });
    expect(one.recording.mismatches).toBe(0);
    expect(one.recording.compared).toBeGreaterThan(100);
  });
});

describe("the closing table", () => {
  const samples = Array.from({ length: 9 }, (_, i) => {
    const row = new Float64Array(COLUMNS.length).fill(Number.NaN);
    row[COLUMN.time_ns] = i;
    row[COLUMN.heap_sys_bytes] = i * 2 ** 20;
    row[COLUMN.span_allocs] = i < 5 ? 0 : 100 * (i - 4);
    return row;
  });

  test("shows the course of each series beside its numbers: of counters what they grew by", () => {
    const lines = closingTable(samples, (bytes) => `${bytes / 2 ** 20} MiB`, 9).split("\n");
    const plain = closingTable(samples, (bytes) => `${bytes / 2 ** 20} MiB`).split("\n");
    expect(plain.join("")).not.toMatch(/[▁-█]/);
    lines.forEach((line, i) => {
      expect(line.startsWith(plain[i]!)).toBe(true);
    });
    expect(lines.find((line) => line.startsWith("heap sys"))).toMatch(/ {2}▁▂▃▄▅▅▆▇█$/);
    expect(lines.find((line) => line.startsWith("spans allocated"))).toMatch(/ {2}▁▁▁▁▁████$/);
    // Without a value there is nothing to draw.
    expect(lines.find((line) => line.startsWith("find() rate"))).toMatch(/-\s+-$/);
  });

  test.each([
    [[0, 1, 2, 3, 4, 5, 6, 7], 8, "▁▂▃▄▅▆▇█"],
    [[0, 2, 4, 6, 8, 10, 12, 14, 14, 14], 5, "▂▄▆██"],
    [[5, 5, 5], 8, "███"],
    [[0, 0], 8, "▁▁"],
    [[Number.NaN, 7, Number.NaN, 0], 8, " █ ▁"],
    [[-7, 0, 7], 8, "▁▅█"],
    [[], 8, ""],
  ])("%j in %d characters is %s", (values, width, line) => {
    expect(sparkline(values, width)).toBe(line);
  });

  test.each([
    [{ isTTY: true, columns: 120 }, { LANG: "en_US.UTF-8" }, "linux", 48],
    [{ isTTY: true, columns: 80 }, { LANG: "de_DE.utf8" }, "linux", 32],
    [{ isTTY: true }, { LANG: "C.UTF-8" }, "linux", 32],
    [{ isTTY: true, columns: 0 }, { LANG: "C.UTF-8" }, "linux", 32],
    [{ isTTY: true, columns: 50 }, { LANG: "en_US.UTF-8" }, "linux", 0],
    [{ isTTY: false, columns: 120 }, { LANG: "en_US.UTF-8" }, "linux", 0],
    [{}, { LANG: "en_US.UTF-8" }, "linux", 0],
    [{ isTTY: true, columns: 120 }, { LANG: "C" }, "linux", 0],
    [{ isTTY: true, columns: 120 }, {}, "linux", 0],
    [{ isTTY: true, columns: 120 }, { LANG: "en_US.UTF-8", LC_ALL: "C" }, "linux", 0],
    [{ isTTY: true, columns: 120 }, { LANG: "C", LC_CTYPE: "C.UTF-8" }, "linux", 48],
    [{ isTTY: true, columns: 120 }, { LANG: "C.UTF-8", TERM: "dumb" }, "linux", 0],
    [{ isTTY: true, columns: 120 }, {}, "win32", 48],
  ])("on %j with %j on %s there are %d characters for it", (stream, env, platform, width) => {
    expect(sparkWidth(stream, env, platform)).toBe(width);
  });
});
