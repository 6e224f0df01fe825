/**
 * golang/go#78962 at full size, with physical pages of 4, 16 and 64 KiB:
 *
 *     large-physical-pages       20 million objects of 200 bytes, of which 95 % die at random
 *     interleaved-size-classes   5 million records of six objects of six sizes, 24 GB, of which 95 % die at random
 *
 *     npm run bench:78962
 *     npm run bench:78962 -- --part 0.1      a tenth of it
 *
 * It runs those scenarios of the library and prints what the heap is at the end.
 */

import { COLUMN } from "../results/columns.js";
import { Sampler } from "../results/sampler.js";
import { scenarioPath } from "../scenarios/library.js";
import { ScenarioRun } from "../studies/scenario-run.js";
import { readScenario } from "../studies/scenarios.js";

/** The scenarios of the report, the scale that is its own, and objects at scale 1. */
const REPORTED = [
  { name: "large-physical-pages", fullScale: 100, objects: 200_000 },
  { name: "interleaved-size-classes", fullScale: 5000, objects: 6000 },
] as const;

const MIB = 1024 ** 2;

const args = process.argv.slice(2);
const part = args[0] === "--part" ? Number(args[1]) : 1;

for (const { name, fullScale, objects } of REPORTED) {
  console.log(name);
  console.log("page     objects   in use MiB  idle MiB  released MiB  released/idle     s");
  for (const physPage of ["4KiB", "16KiB", "64KiB"])
    console.log(row(name, physPage, fullScale * part, objects));
}

/** Runs a scenario, and says what its heap is at the end. */
function row(name: string, physPage: string, scale: number, objects: number): string {
  const startMs = performance.now();
  const scenario = readScenario(scenarioPath(name), {
    params: [`scale=${scale}`, `physPage=${physPage}`],
    sets: ["samples=10"],
  });
  const run = new ScenarioRun(scenario);
  run.run();
  const last = new Sampler().sample(run.sim.nowNs, run.heap, run.collectorSample);
  const idle = last[COLUMN.heap_idle_bytes]!;
  const released = last[COLUMN.heap_released_bytes]!;
  return [
    physPage.padEnd(6),
    String(Math.round(objects * scale)).padStart(9),
    (last[COLUMN.heap_inuse_bytes]! / MIB).toFixed(1).padStart(11),
    (idle / MIB).toFixed(1).padStart(9),
    (released / MIB).toFixed(1).padStart(13),
    `${((100 * released) / idle).toFixed(2)} %`.padStart(13),
    ((performance.now() - startMs) / 1000).toFixed(1).padStart(7),
  ].join(" ");
}
