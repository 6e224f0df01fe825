/**
 * How fast scenarios run, as whole processes: the compiled tool, from its start until its files are written.
 *
 *     npm run bench:scenarios -- [--runs N] [--part SHARE] [--only NAME] [--memory] [--check] [--json FILE]
 *
 * Each case is a scenario with 1,000 samples. It is run N times, and the run that took least is reported, since other work
 * on the machine can only add. Before each run the calibration loop (calibration.ts) runs for a moment, so that the rate can
 * also be told in steps of that loop, which another machine, or this one at a busier time, would do slower too.
 *
 *     cpu      user and system time of the process, all of its threads: start, run, samples, writing
 *     wall     time from its start to its end
 *     rate     events a second of cpu: spans allocated and spans freed, or objects allocated
 *     steps    steps of the calibration loop in the time of one event, least of one beside the least of the other
 *
 * With --memory each case runs once more for a tenth of the time: what is resident at its peak must not grow with the length
 * of a run. With --check the exit code is 1 when it does, or when an event takes a third more steps than it did on a busy
 * machine: that is to notice when something has become slow, and is not the aim, which is printed beside each rate.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** A scenario to be measured. */
interface Case {
  readonly name: string;
  readonly counts: "span events" | "objects";
  /** The text of its file, or the name of a scenario of the library. */
  readonly scenario: { readonly yaml: string } | { readonly library: string; readonly param: string };
  readonly durationS: number;
  /** Objects it allocates in a second of virtual time; for span events the run's own counters are asked. */
  readonly objectsPerS: number;
  /** What is to be reached, events a second. */
  readonly aim: number;
}

/** What one process took. */
interface Taken {
  readonly cpuS: number;
  readonly wallS: number;
  readonly rssMiB: number;
  readonly events: number;
}

const CLI = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const CALIBRATION = fileURLToPath(new URL("./calibration.ts", import.meta.url));
/** Has the measured process say in the end what it took, on a pipe of its own. */
const REPORT = `data:text/javascript,${encodeURIComponent(
  'import { writeSync } from "node:fs"; process.on("exit", () => writeSync(3, JSON.stringify([process.cpuUsage(), process.resourceUsage().maxRSS])));',
)}`;

/** One to 64 pages, as large objects and spans of size classes have them; 3.2 in the mean. */
const MIXED_PAGES = "{choice: {1: 55, 2: 18, 3: 7, 4: 8, 5: 4, 8: 4, 16: 3, 64: 1}}";

/** Spans whose number stays near `live`: those there at the start, and as many as die with a mean lifetime of a second. */
function spans(live: number, durationS: number, freedBy: string): string {
  return `name: spans-${live}
duration: ${durationS}s
samples: 1000
workloads:
  spans:
    kind: spans
    rate: ${live}/s
    initial: ${live}
    pages: ${MIXED_PAGES}
    lifetime: {exponential: {mean: 1s}}
    freedBy: ${freedBy}
`;
}

/** Rows of spans in steady numbers, one of which, whichever it is, goes when another comes. */
function birthDeath(live: number, durationS: number): string {
  const percents = [
    [1, 55],
    [2, 25],
    [4, 15],
    [16, 5],
  ] as const;
  const rows = percents.map(([pages, percent]) => {
    const count = (live * percent) / 100;
    return `      - {pages: ${pages}, live: ${count}, rate: ${count}/s}\n`;
  });
  return `name: birth-death-${live}
duration: ${durationS}s
samples: 1000
workloads:
  spans:
    kind: birthDeath
    freedBy: program
    rows:
${rows.join("")}`;
}

/** Small objects alone, so many a second: sizes and lifetimes drawn, half without pointers. */
function objects(perS: number, durationS: number): string {
  return `name: objects-${perS}
duration: ${durationS}s
samples: 1000
workloads:
  objects:
    kind: objects
    rate: ${perS}/s
    size: {lognormal: {median: 128B, sigma: 1}, atMost: 32KiB}
    lifetime: {exponential: {mean: 100ms}}
`;
}

/** Steps that an event may take by --check, by case. */
const ALLOWED_STEPS: Readonly<Record<string, number>> = {
  "spans-1k-program": 400,
  "spans-10k-program": 550,
  "spans-100k-program": 720,
  "spans-100k-sweep": 720,
  "birth-death-100k": 500,
  "objects-1M": 240,
  steady: 540,
};
/** What ten times the length may add to the peak: a fifth, and some room, since garbage is collected when there is some. */
const GROWTH = 1.2;
const GROWTH_MIB = 20;

const SPANS_AIM = 2e6;
const OBJECTS_AIM = 5e6;

/** All cases, for a share of their full length. */
function cases(part: number): Case[] {
  const of = (live: number, freedBy: string): Case => {
    const durationS = (5e6 * part) / live;
    const name = `spans-${live / 1000}k-${freedBy}`;
    const scenario = { yaml: spans(live, durationS, freedBy) };
    return { name, counts: "span events", scenario, durationS, objectsPerS: 0, aim: SPANS_AIM };
  };
  const replaced: Case = {
    name: "birth-death-100k",
    counts: "span events",
    scenario: { yaml: birthDeath(1e5, 50 * part) },
    durationS: 50 * part,
    objectsPerS: 0,
    aim: SPANS_AIM,
  };
  const small: Case = {
    name: "objects-1M",
    counts: "objects",
    scenario: { yaml: objects(1e6, 20 * part) },
    durationS: 20 * part,
    objectsPerS: 1e6,
    aim: OBJECTS_AIM,
  };
  // The library's scenario lasts 20 s, and at this scale 1 million objects and 100,000 spans a second.
  const steady: Case = {
    name: "steady",
    counts: "objects",
    scenario: { library: "steady", param: `scale=${200 * part}` },
    durationS: 20,
    objectsPerS: 1e6 * part,
    aim: OBJECTS_AIM,
  };
  return [
    ...[1000, 10_000, 100_000].map((live) => of(live, "program")),
    of(100_000, "sweep"),
    replaced,
    small,
    steady,
  ];
}

/** Runs a case once, for some times its length. */
function measure(one: Case, folder: string, times: number): Taken {
  const { scenario, durationS } = one;
  const file = join(folder, "scenario.yaml");
  const out = join(folder, "out");
  if ("yaml" in scenario) writeFileSync(file, scenario.yaml);
  const what = "yaml" in scenario ? [file] : [scenario.library, "--param", scenario.param];
  // What a scenario expects it expects of its full length.
  const length = times === 1 ? [] : ["--set", `duration=${durationS * times}s`, "--set", "expect=[]"];
  const args = ["run", ...what, ...length, "--out", out, "--force"];
  const from = performance.now();
  const { status, output } = spawnSync(process.execPath, ["--import", REPORT, CLI, ...args], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
    encoding: "utf8",
  });
  const wallS = (performance.now() - from) / 1000;
  if (status !== 0) throw new Error(`mheapsim ${args.join(" ")} ended with exit code ${status}`);
  const [{ user, system }, maxRssKiB] = JSON.parse(output[3]!);
  const { counters } = JSON.parse(readFileSync(join(out, "summary.json"), "utf8"));
  const events =
    one.counts === "objects"
      ? one.objectsPerS * durationS * times
      : counters.span_allocs + counters.span_frees;
  return { cpuS: (user + system) / 1e6, wallS, rssMiB: maxRssKiB / 1024, events };
}

/** Processor time of a step of the calibration loop, ns. */
function calibrate(): number {
  const { stdout, status } = spawnSync(process.execPath, ["--import", "tsx", CALIBRATION], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error("the calibration loop failed");
  return Number(stdout);
}

/** A line of the report, as JSON has it. */
interface Row {
  readonly name: string;
  readonly counts: string;
  readonly events: number;
  readonly cpuS: number;
  readonly wallS: number;
  readonly eventsPerS: number;
  readonly aimPerS: number;
  readonly calibrationStepNs: number;
  readonly stepsPerEvent: number;
  readonly rssMiB: number;
  readonly tenthRssMiB?: number;
}

/** Measures a case; prints and returns its line. */
function report(one: Case, folder: string, runs: number, withMemory: boolean): Row {
  let stepNs = Number.POSITIVE_INFINITY;
  let best: Taken | undefined;
  let wallS = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    stepNs = Math.min(stepNs, calibrate());
    const taken = measure(one, folder, 1);
    wallS = Math.min(wallS, taken.wallS);
    if (best === undefined || taken.cpuS < best.cpuS) best = taken;
  }
  const { cpuS, events, rssMiB } = best!;
  const rate = events / cpuS;
  const steps = 1e9 / rate / stepNs;
  const tenthMiB = withMemory ? measure(one, folder, 0.1).rssMiB : Number.NaN;
  console.log(
    [
      one.name.padEnd(20),
      `${(events / 1e6).toFixed(2)} M ${one.counts}`.padEnd(20),
      `${cpuS.toFixed(2)} s cpu`.padStart(11),
      `${wallS.toFixed(2)} s wall`.padStart(13),
      `${(rate / 1e6).toFixed(2)} M/s`.padStart(11),
      `(aim ${one.aim / 1e6})`,
      `${steps.toFixed(0)} steps of ${stepNs.toFixed(2)} ns`.padStart(23),
      `${rssMiB.toFixed(0)} MiB`.padStart(9),
      withMemory ? `${tenthMiB.toFixed(0)} MiB at a tenth of the length` : "",
    ].join(" "),
  );
  return {
    name: one.name,
    counts: one.counts,
    events,
    cpuS,
    wallS,
    eventsPerS: rate,
    aimPerS: one.aim,
    calibrationStepNs: stepNs,
    stepsPerEvent: steps,
    rssMiB,
    ...(withMemory ? { tenthRssMiB: tenthMiB } : {}),
  };
}

/** What a row has missed, in words; nothing when all is well. */
function missed({ name, stepsPerEvent, rssMiB, tenthRssMiB }: Row): string[] {
  const allowed = ALLOWED_STEPS[name] ?? Number.NaN;
  const slow = !(stepsPerEvent <= allowed)
    ? [`${name}: an event takes ${stepsPerEvent.toFixed(0)} steps, allowed are ${allowed.toFixed(0)}`]
    : [];
  const grown =
    tenthRssMiB !== undefined && rssMiB > GROWTH * tenthRssMiB + GROWTH_MIB
      ? [`${name}: ten times the length take ${rssMiB.toFixed(0)} MiB instead of ${tenthRssMiB.toFixed(0)}`]
      : [];
  return [...slow, ...grown];
}

function main(): void {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "3" },
      part: { type: "string", default: "1" },
      only: { type: "string", default: "" },
      memory: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      json: { type: "string" },
    },
  });
  const runs = Number(values.runs);
  const part = Number(values.part);
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs is "${values.runs}": expected a whole number from 1`);
  if (!(part > 0)) throw new Error(`--part is "${values.part}": expected a number above 0`);
  if (!existsSync(CLI)) throw new Error("the tool is not compiled: npm run build");
  const chosen = cases(part).filter(({ name }) => name.includes(values.only));
  if (chosen.length === 0)
    throw new Error(
      `--only ${values.only}: expected a part of ${cases(1)
        .map(({ name }) => name)
        .join(", ")}`,
    );
  const folder = mkdtempSync(join(tmpdir(), "mheapsim-bench-"));
  try {
    const rows = chosen.map((one) => report(one, folder, runs, values.memory));
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
    const failures = values.check ? rows.flatMap(missed) : [];
    for (const failure of failures) console.error(failure);
    if (failures.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  main();
} catch (error) {
  console.error(`bench:scenarios: ${(error as Error).message}`);
  process.exitCode = 2;
}
