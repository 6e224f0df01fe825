/**
 * The swarm: random scenarios from the whole schema, with all checkers on.
 *
 *     npm run swarm -- --count 500            scenarios 1 to 500, on all cores; exit 1 when one fails
 *     npm run swarm -- --for 10m              new ones until the time is over
 *     npm run swarm -- --from 7000            another first scenario (with --for: by default by the clock)
 *     npm run swarm -- --seed 123             one of them again, with where it fails
 *     npm run swarm -- --seed 123 --print     what it is, as a scenario file
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { duration, readQuantity } from "../../scenarios/schema/common.js";
import { randomScenario } from "../../studies/swarm/generate.js";
import { runOne, type SwarmRun } from "./swarm.js";

const { values } = parseArgs({
  options: {
    count: { type: "string" },
    for: { type: "string" },
    from: { type: "string" },
    seed: { type: "string" },
    print: { type: "boolean" },
    worker: { type: "boolean" },
  },
});

if (values.worker) work();
else if (values.seed !== undefined) await replay(whole("seed", values.seed));
else await swarm();

async function replay(seed: number): Promise<void> {
  if (values.print) {
    console.log(stringify(randomScenario(seed)));
    return;
  }
  const run = await runOne(seed);
  console.log(
    run.failure ?? `ok: ${run.events} events, ${run.checks} checks, ${run.marks} marks, ${run.end}`,
  );
  if (run.failure !== undefined) process.exitCode = 1;
}

/** A worker runs the scenarios that it is told, one at a time. */
function work(): void {
  process.on("message", (seed: number) => {
    void runOne(seed).then((run) => process.send!(run));
  });
}

async function swarm(): Promise<void> {
  const startMs = performance.now();
  const seconds = (): number => (performance.now() - startMs) / 1000;
  const limit = values.for === undefined ? Number.POSITIVE_INFINITY : lengthOf(values.for);
  const first = values.from !== undefined ? whole("from", values.from) : firstByDefault();
  const count = limitOf(values.count);
  let next = first;
  const sum = { runs: 0, failed: 0, events: 0, checks: 0, marks: 0 };
  const done = (run: SwarmRun): void => {
    sum.runs++;
    sum.events += run.events;
    sum.checks += run.checks;
    sum.marks += run.marks;
    if (run.failure === undefined) return;
    sum.failed++;
    console.log(
      `FAILED: npm run swarm -- --seed ${run.seed}\n${run.failure.split("\n").slice(0, 2).join("\n")}`,
    );
  };
  const nextSeed = (): number | undefined => (next < first + count && seconds() < limit ? next++ : undefined);
  await Promise.all(Array.from({ length: availableParallelism() }, () => employ(nextSeed, done)));
  console.log(
    `${sum.runs} scenarios from ${first} on, ${sum.failed} failed; ${sum.events} events, ${sum.checks} checks, ${sum.marks} marks, ${seconds().toFixed(0)} s`,
  );
  if (sum.failed > 0 || sum.runs === 0) process.exitCode = 1;
}

/** A process that takes one scenario after the other; one that dies has failed at the scenario that it had. */
async function employ(nextSeed: () => number | undefined, done: (run: SwarmRun) => void): Promise<void> {
  let worker: ChildProcess | undefined;
  for (let seed = nextSeed(); seed !== undefined; seed = nextSeed()) {
    worker ??= fork(fileURLToPath(import.meta.url), ["--worker"]);
    const result = await answerOf(worker, seed);
    if (typeof result !== "string") {
      done(result);
      continue;
    }
    worker = undefined;
    done({ seed, events: 0, checks: 0, marks: 0, end: "not run", failure: result });
  }
  worker?.disconnect();
}

/** What comes of a scenario, or how the process ended that ran it. */
async function answerOf(worker: ChildProcess, seed: number): Promise<SwarmRun | string> {
  const over = new AbortController();
  const { signal } = over;
  const answer = once(worker, "message", { signal }).then(([run]) => run as SwarmRun);
  const death = once(worker, "exit", { signal }).then(([code, by]) => `the process ended: ${by ?? code}`);
  worker.send(seed);
  const result = await Promise.race([answer, death]);
  over.abort();
  await Promise.allSettled([answer, death]);
  return result;
}

/** A run that goes on should not see the same scenarios every time. */
function firstByDefault(): number {
  return values.for === undefined ? 1 : Date.now();
}

function limitOf(count: string | undefined): number {
  if (count !== undefined) return whole("count", count);
  return values.for === undefined ? 500 : Number.POSITIVE_INFINITY;
}

function lengthOf(text: string): number {
  const ns = readQuantity(text, duration);
  if (typeof ns === "number") return ns / 1e9;
  console.error(`swarm: --for: ${ns.problem}`);
  process.exit(2);
}

function whole(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  console.error(`swarm: --${name} is ${text}, expected a whole number`);
  process.exit(2);
}
