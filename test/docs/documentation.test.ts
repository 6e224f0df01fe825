/**
 * The manual says what the program does: its commands run, its tables are the program's.
 */

import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COLUMNS } from "../../results/columns.js";
import { COMPARISON_COLUMNS } from "../../results/comparison-files.js";
import { METRICS } from "../../results/metrics.js";
import { PLOT_KINDS } from "../../results/plots/kinds.js";
import { TOOL_VERSION } from "../../results/version.js";
import { OP_NAMES } from "../../scenarios/trace/heap-trace.js";
import { withReleaseTables } from "./release-tables.js";

const ROOT = resolve(import.meta.dirname, "../..");
const CLI = join(ROOT, "dist/cli/main.js");
const DOCUMENTS = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((f) => f.endsWith(".md"))
    .map((f) => `docs/${f}`),
];

/** A file that a document shows, by name, for the commands that follow. */
const FILE_BLOCK = /^<!-- file: ([\w.-]+) -->\n```\w+\n([\s\S]*?)^```$/gm;

/** Commands that install, build, test or measure: they run in .ci/run, on a clean checkout, not inside a test. */
const RUN_BY_CI = [
  /^npm ci && npm test$/,
  /^npm ci && npx mheapsim run$/,
  /^npm run (bench|library|mutants|swarm)\b/,
];

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

function commandsOf(file: string): string[] {
  const blocks = [...read(file).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);
  return blocks.flatMap((block) => block.split("\n")).filter((line) => line.trim() !== "");
}

/** The pictures that a document shows, as paths from its folder. */
function picturesOf(file: string): string[] {
  return [...read(file).matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map((match) => match[1]!);
}

describe("commands in the documents", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "mheapsim-docs-"));
    copyFileSync(join(ROOT, "scenarios/library/compile-gotypes-gmp1.csv.gz"), join(folder, "prog.csv.gz"));
    mkdirSync(join(folder, "recordings"));
    for (const document of DOCUMENTS) {
      for (const [, name, code] of read(document).matchAll(FILE_BLOCK))
        writeFileSync(join(folder, name!), code!);
    }
    for (const file of ["traces/go1.18/hello-gmp1.csv.gz", "go1.18/gotests/TestPageAllocAlloc.json.gz"]) {
      copyFileSync(join(ROOT, "test/vectors", file), join(folder, "recordings", file.split("/").pop()!));
    }
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What commands printed, by their text. */
  const printed = new Map<string, string>();

  const all = DOCUMENTS.flatMap((file) => commandsOf(file).map((command) => [file, command] as const));

  it("there are some, or the pattern is wrong", () => {
    expect(all.length).toBeGreaterThan(5);
  });

  it.each(all.filter(([, command]) => !RUN_BY_CI.some((pattern) => pattern.test(command))))(
    "%s: %s",
    (_, command) => {
      const asBuilt = command.replaceAll("npx mheapsim", `"${process.execPath}" "${CLI}"`);
      expect(asBuilt, "a command that no test runs").not.toBe(command);
      const { status, stdout, stderr } = spawnSync("sh", ["-c", asBuilt], { cwd: folder, encoding: "utf8" });
      printed.set(command, stdout);
      expect(stderr.replace(/.*no meta\.json.*\n/g, "")).toBe("");
      expect(status).toBe(0);
    },
  );

  const pictures = picturesOf("docs/gallery.md").filter((path) => path.endsWith(".svg"));

  it("the gallery shows each kind of plot, of a scenario and of a trace", () => {
    for (const { name } of PLOT_KINDS) {
      const shown = pictures.filter((path) => path.endsWith(`/${name}.svg`));
      // A study of the compiler's trace has a random workload beside it, and a folder of its own.
      const ofTrace = shown.filter((path) => path.startsWith("pictures/compiler"));
      expect(ofTrace, name).not.toEqual([]);
      expect(shown.length, name).toBeGreaterThan(ofTrace.length);
    }
  });

  // After the commands above; `npm run pictures` makes them anew.
  it.each(pictures)("%s is what the commands of the gallery draw", (path) => {
    expect(readFileSync(join(folder, path)).equals(readFileSync(join(ROOT, "docs", path)))).toBe(true);
    expect(statSync(join(ROOT, "docs", path)).size).toBeLessThan(200_000);
  });

  const design = "docs/example-design-doc.md";
  const designCommands = commandsOf(design).filter((command) => command.includes(" compare "));

  it("the example of a design document shows what its commands print", () => {
    const blocks = [...read(design).matchAll(/^```sh\n(.*)\n```\n\n```text\n([\s\S]*?)^```$/gm)];
    expect(blocks.map(([, command]) => command)).toEqual(designCommands);
    // An ellipsis stands for lines that are left out.
    for (const [, command, block] of blocks)
      for (const part of block!.split("…\n")) expect(printed.get(command!)).toContain(part);
  });

  it("the figures in its text are among those that its commands print", () => {
    const prose = read(design).replace(/^```[\s\S]*?^```$/gm, "");
    const figures = [...prose.matchAll(/(?<![\d.])\d+\.?\d* (?:KiB|MiB|us|ms)|(?<![\d.])\d+\.\d+ %/g)].map(
      String,
    );
    expect(figures.length).toBeGreaterThan(6);
    const all = designCommands.map((command) => printed.get(command)).join("");
    for (const figure of figures) expect(all).toContain(figure);
  });

  it.each(picturesOf(design))("%s is what the commands of the example draw", (path) => {
    expect(readFileSync(join(folder, path)).equals(readFileSync(join(ROOT, "docs", path)))).toBe(true);
  });

  it("policies.md has the figures of releases that its commands make", () => {
    const text = read("docs/policies.md");
    expect(text.match(/<!-- releases: /g)!.length).toBeGreaterThan(10);
    expect(withReleaseTables(text, folder)).toBe(text);
  });

  const ofReleases = picturesOf("docs/policies.md");

  it.each(ofReleases)("%s is what the commands of policies.md draw", (path) => {
    expect(readFileSync(join(folder, path)).equals(readFileSync(join(ROOT, "docs", path)))).toBe(true);
  });

  it.each(all.filter(([, command]) => RUN_BY_CI.some((pattern) => pattern.test(command))))(
    "%s: .ci/run runs: %s",
    (_, command) => {
      const ci = [read(".ci/run"), ...readdirSync(join(ROOT, ".ci")).map((f) => read(`.ci/${f}`))].join("\n");
      for (const part of command.split("&&")) expect(ci).toContain(part.trim().replace(/ --.*/, ""));
    },
  );
});

describe("the README's examples", () => {
  const readme = read("README.md");

  it("the library example prints what the README says", () => {
    const [, code, output] =
      /<!-- example: library -->\n```ts\n([\s\S]*?)```\n\nprints\n\n```text\n([\s\S]*?)```/.exec(readme)!;
    const folder = mkdtempSync(join(tmpdir(), "mheapsim-example-"));
    try {
      const script = join(folder, "example.mjs");
      writeFileSync(script, code!.replace('"mheapsim"', JSON.stringify(join(ROOT, "dist/index.js"))));
      expect(execFileSync(process.execPath, [script], { encoding: "utf8" })).toBe(output);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("the main job prints what the README says", () => {
    const shown = /and prints\n\n```text\n([\s\S]*?)…\n```/.exec(readme)![1]!;
    const folder = mkdtempSync(join(tmpdir(), "mheapsim-main-"));
    try {
      const printed = execFileSync(process.execPath, [CLI, "run"], { cwd: folder, encoding: "utf8" });
      expect(printed.startsWith(shown)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("tables in the documents", () => {
  it("file-formats.md lists the columns, in order, as the program has them", () => {
    const rows = [
      ...read("docs/file-formats.md").matchAll(
        /^\| `(\w+)` \| (time|gauge|counter|rate) \| (.*?) \| (.*?) \|$/gm,
      ),
    ];
    expect(rows.map(([, name, kind, unit, meaning]) => ({ name, kind, unit, meaning }))).toEqual(COLUMNS);
  });

  it("compare.md lists the metrics, in order, as the program has them", () => {
    const rows = [...read("docs/compare.md").matchAll(/^\| `(\w+)`( \*)? \| (\S+) \| (.*?) \| (.*?) \|$/gm)];
    expect(
      rows.map(([, name, star, unit, meaning, how]) => ({
        name,
        unit,
        meaning,
        how,
        headline: star !== undefined,
      })),
    ).toEqual(METRICS.map(({ of: _, ...rest }) => rest));
  });

  it("compare.md has the columns of comparison.csv", () => {
    const text = read("docs/compare.md");
    for (const column of COMPARISON_COLUMNS) expect(text).toContain(`\`${column}\``);
  });

  it("file-formats.md has a row for each operation of a trace", () => {
    const text = read("docs/file-formats.md");
    for (const op of OP_NAMES) expect(text).toContain(`| \`${op}\` |`);
  });

  it("model.md names files that exist", () => {
    const files = [...read("docs/model.md").matchAll(/`((?:sim|engine)\/[\w/-]+\.ts)`/g)].map(
      (match) => match[1]!,
    );
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) expect(() => read(file)).not.toThrow();
  });

  it("pictures are all shown somewhere, and there", () => {
    const shown = DOCUMENTS.flatMap((file) => picturesOf(file).map((path) => join(file, "..", path)));
    for (const path of shown) expect(() => read(path), path).not.toThrow();
    const drawn = readdirSync(join(ROOT, "docs/pictures"), { recursive: true, encoding: "utf8" });
    for (const path of drawn.filter((name) => name.endsWith(".svg")))
      expect(shown).toContain(join("docs/pictures", path));
  });

  it("gallery.md has a section for each kind of plot", () => {
    const text = read("docs/gallery.md");
    for (const { name } of PLOT_KINDS) expect(text).toContain(`\n## ${name}\n`);
  });

  it("links lead to files and headings that exist", () => {
    const slug = (title: string): string =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, "")
        .replaceAll(" ", "-");
    for (const document of DOCUMENTS) {
      for (const [, target] of read(document).matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
        const [path, anchor] = target!.split("#");
        const file = path === "" ? document : join(document, "..", path!);
        const titles = [...read(file).matchAll(/^#+ (.*)$/gm)].map((match) => slug(match[1]!));
        if (anchor !== undefined) expect(titles, `${document}: ${target}`).toContain(anchor);
      }
    }
  });
});

describe("the package", () => {
  it("has one version everywhere", () => {
    expect(JSON.parse(read("package.json")).version).toBe(TOOL_VERSION);
    expect(read("CHANGELOG.md")).toContain(`## ${TOOL_VERSION}`);
  });

  it("pins its dependencies and records no download addresses", () => {
    const { dependencies, devDependencies } = JSON.parse(read("package.json"));
    for (const version of Object.values({ ...dependencies, ...devDependencies }))
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(read("package-lock.json")).not.toContain('"resolved"');
  });
});
