/** One scenario of the swarm: made, read, run under watch, and for some run again and compared. */

import { checkScenario } from "../../scenarios/load/load.js";
import type { Scenario } from "../../scenarios/scenario.js";
import type { Recordings } from "../../scenarios/workloads/workloads.js";
import { readRecordings } from "../../studies/recordings.js";
import { ScenarioRun } from "../../studies/scenario-run.js";
import { VOCABULARY } from "../../studies/scenarios.js";
import { Draw } from "../../studies/swarm/draw.js";
import { randomScenario } from "../../studies/swarm/generate.js";
import { watch } from "./watch.js";

/** Events of one scenario. */
const MAX_EVENTS = 6000;
/** Every so many scenarios one is run again, with nobody looking on. */
const AGAIN_EVERY = 3;

export interface SwarmRun {
  readonly seed: number;
  readonly events: number;
  readonly checks: number;
  readonly marks: number;
  readonly end: string;
  /** What is wrong, with where; undefined when nothing is. */
  readonly failure?: string;
}

/** Recordings that were read already: all scenarios play the same few. */
const known = new Map<string, Recordings>();

/** Runs the scenario of a number. */
export async function runOne(seed: number): Promise<SwarmRun> {
  let [events, checks, marks, end] = [0, 0, 0, "not run"];
  try {
    const scenario = read(seed);
    const recordings = await recordingsOf(scenario);
    const run = new ScenarioRun(scenario, { recordings });
    const watched = watch(run, new Draw(seed, "watch").wholeMagnitude(20, 1000), MAX_EVENTS);
    try {
      run.run();
    } finally {
      events = run.sim.events;
      ({ checks, marks } = watched);
      end = run.end;
    }
    if (seed % AGAIN_EVERY === 0) {
      const again = new ScenarioRun(scenario, { recordings });
      if (watched.stopped) stopAfter(again, events);
      again.run();
      compare(run, again);
    }
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { seed, events, checks, marks, end, failure };
  }
  return { seed, events, checks, marks, end };
}

/** The scenario, read as a file would be: JSON is YAML. */
function read(seed: number): Scenario {
  const { scenario, errors } = checkScenario(
    JSON.stringify(randomScenario(seed), null, 1),
    "swarm",
    VOCABULARY,
  );
  if (scenario === null) throw new Error(errors.map((error) => error.message).join("\n"));
  return scenario;
}

async function recordingsOf(scenario: Scenario): Promise<Recordings> {
  const names = scenario.workloads.flatMap(({ spec }) => (spec.kind === "trace" ? [spec.file] : []));
  const key = [...new Set(names)].join();
  const found = known.get(key) ?? (await readRecordings(scenario, ""));
  known.set(key, found);
  return found;
}

/** Two runs must be the same, whether somebody looked on or not. */
function compare(first: ScenarioRun, again: ScenarioRun): void {
  for (const [what, a, b] of [
    ["events", first.sim.events, again.sim.events],
    ["end", first.end, again.end],
    ["time", first.sim.nowNs, again.sim.nowNs],
    ["fingerprint", first.fingerprint.hex(), again.fingerprint.hex()],
  ] as const) {
    if (a !== b) throw new Error(`two runs differ: ${what} ${a} and ${b}`);
  }
}

function stopAfter({ sim }: ScenarioRun, events: number): void {
  const advance = sim.advance.bind(sim);
  sim.advance = (...args) => sim.events < events && advance(...args);
  const handles = sim["handles"];
  for (let i = 0; i < handles.length; i++) {
    const handle = handles[i]!;
    handles[i] = (a, b) => {
      handle(a, b);
      if (sim.events >= events) sim.stop();
    };
  }
}
