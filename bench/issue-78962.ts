/**
 * golang/go#78962 at full size: 20 million objects of 200 bytes, of which 95 % die at random, with physical pages of 4, 16
 * and 64 KiB.
 *
 *     npm run bench:78962                    all three sizes
 *     npm run bench:78962 -- --scale 10      a tenth: 2 million objects
 *
 * It runs the scenario large-physical-pages of the library, scale=100, and prints what it takes from the last sample.
 */

import { COLUMN } from "../results/columns.js";
import { Sampler } from "../results/sampler.js";
import { scenarioPath } from "../scenarios/library.js";
import { ScenarioRun } from "../studies/scenario-run.js";
import { readScenario } from "../studies/scenarios.js";

const MIB = 1024 ** 2;
/** The scenario counts objects in units of 200,000. */
const FULL_SCALE = 100;

const args = process.argv.slice(2);
const scale = args[0] === "--scale" ? Number(args[1]) : FULL_SCALE;

console.log("page     objects   in use MiB  idle MiB  released MiB  released/idle     s");
for (const physPage of ["4KiB", "16KiB", "64KiB"]) {
  const startMs = performance.now();
  const scenario = readScenario(scenarioPath("large-physical-pages"), {
    params: [`scale=${scale}`, `physPage=${physPage}`],
    sets: ["samples=10"],
  });
  const run = new ScenarioRun(scenario);
  run.run();
  const row = new Sampler().sample(run.sim.nowNs, run.heap, run.collectorSample);
  const idle = row[COLUMN.heap_idle_bytes]!;
  const released = row[COLUMN.heap_released_bytes]!;
  const cells = [
    physPage.padEnd(6),
    String(Math.round(200_000 * scale)).padStart(9),
    (row[COLUMN.heap_inuse_bytes]! / MIB).toFixed(1).padStart(11),
    (idle / MIB).toFixed(1).padStart(9),
    (released / MIB).toFixed(1).padStart(13),
    `${((100 * released) / idle).toFixed(2)} %`.padStart(13),
    ((performance.now() - startMs) / 1000).toFixed(1).padStart(7),
  ];
  console.log(cells.join(" "));
}
