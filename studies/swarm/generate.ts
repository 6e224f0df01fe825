/**
 * A random scenario from the whole schema. All of it follows from its number.
 *
 * Every scenario is a valid one: a fault that the reader finds in one is a fault of the reader, or of this file.
 */

import type { ScenarioInput } from "../../scenarios/schema/root.js";
import { platformNames } from "../../sim/address/platforms.js";
import { Draw } from "./draw.js";
import { randomPolicy } from "./policy.js";
import { workloads } from "./workloads.js";

type ActionInput = NonNullable<ScenarioInput["actions"]>[number];
const MIB = 1024 * 1024;

/** The scenario of a number. */
export function randomScenario(seed: number): ScenarioInput {
  const draw = new Draw(seed, "scenario");
  const releases = new Draw(seed, "releases");
  const procs = draw.chance(0.05) ? draw.integer(100, 1024) : draw.pick([1, 1, 2, 3, 4, 4, 8, 16, 64]);
  const total = draw.wholeMagnitude(1_000_000, draw.chance(0.1) ? 600_000_000_000 : 20_000_000_000);
  const ram = draw.chance(0.3) ? { ram: `${draw.wholeMagnitude(1, 300)}MiB` } : {};
  const room = { lengthNs: total, procs };
  const phased = draw.chance(0.4);
  const main = draw.chance(0.9) || !phased ? workloads(draw, room, 1, phased ? 2 : 4) : {};
  const end = phased ? { phases: phases(draw, total, procs) } : { duration: `${total}ns` };
  const input: ScenarioInput = {
    name: `swarm-${seed}`,
    params: { scale: { about: "unused but for a size", default: "1MiB", min: "1B", max: "1GiB" } },
    seed: draw.chance(0.5) ? draw.integer(0, 1e9) : `text ${seed}`,
    policy: randomPolicy(seed),
    platform: platform(draw),
    machine: { procs, ...ram, ...system(draw) },
    gc: { ...gc(draw), ...memoryLimit(releases) },
    ...draw.some(0.5, { costs: () => costs(draw), scavenger: () => scavenger(draw) }),
    ...draw.some(0.3, { lock: () => lock(draw) }),
    ...draw.some(0.2, { regret: () => ({ window: `${draw.wholeMagnitude(1, total)}ns` }) }),
    samples: draw.chance(0.5)
      ? draw.integer(1, 100)
      : { every: `${Math.ceil(total / draw.integer(1, 100))}ns` },
    ...end,
    workloads: main,
    actions: [...actions(draw, total), ...limitActions(releases, total)],
  };
  return input;
}

/** A limit that the program may well exceed. */
function limit(draw: Draw): string {
  return draw.chance(0.2) ? "unlimited" : `${draw.wholeMagnitude(2, 400)}MiB`;
}

function memoryLimit(draw: Draw): { memoryLimit?: string } {
  return draw.some(0.5, { memoryLimit: () => limit(draw) });
}

function limitActions(draw: Draw, total: number): ActionInput[] {
  return draw.list(0, 2, () => ({
    do: "setMemoryLimit",
    at: `${draw.integer(0, total)}ns`,
    to: limit(draw),
  }));
}

function phases(draw: Draw, total: number, procs: number): NonNullable<ScenarioInput["phases"]> {
  const count = draw.integer(1, 4);
  const lengthNs = Math.floor(total / count);
  return Object.fromEntries(
    draw.list(count, count, (i) => [
      `p${i}`,
      {
        duration: `${lengthNs}ns`,
        workloads: workloads(draw, { lengthNs, procs }, i === 0 ? 1 : 0, 2),
        ...draw.some(0.3, { actions: () => actions(draw, lengthNs) }),
      },
    ]),
  );
}

/** Small address spaces of one's own, with other chunks, levels and pages than the built-in ones. */
const GEOMETRIES = [
  { heapAddrBits: 32, arenaHints: ["0x1000000"] },
  { heapAddrBits: 30, levelBits: [2, 3, 3], arenaHints: ["0x0"] },
  { heapAddrBits: 36, pallocChunkPages: 128, levelBits: [4, 3, 3, 3, 3], heapArenaBytes: 4 * MIB },
  { heapAddrBits: 34, pallocChunkPages: 64, levelBits: [3, 3, 3, 3, 3], heapArenaBytes: MIB },
  { heapAddrBits: 33, pallocChunkPages: 1024, levelBits: [2, 4, 4], heapArenaBytes: 8 * MIB },
  { heapAddrBits: 40 },
  { heapAddrBits: 27, levelBits: [2, 3], arenaHints: ["0x400000"], heapArenaBytes: 4 * MIB },
];

function platform(draw: Draw): NonNullable<ScenarioInput["platform"]> {
  if (draw.chance(0.3)) return draw.pick(platformNames());
  const physPage = draw.pick([4096, 8192, 16384, 65536]);
  const hugePage = draw.pick([0, 2 * MIB, 2 * MIB, 512 * MIB]);
  if (draw.chance(0.3)) {
    return { geometry: { ...draw.pick(GEOMETRIES), physPageSize: physPage, physHugePageSize: hugePage } };
  }
  return {
    preset: draw.pick(platformNames()),
    ...draw.some(0.7, {
      physPage: () => `${physPage}B`,
      hugePage: () => `${hugePage}B`,
      arena: () => draw.pick(["4MiB", "8MiB", "64MiB"]),
    }),
  };
}

function gc(draw: Draw): NonNullable<ScenarioInput["gc"]> {
  return draw.some(0.6, {
    gogc: () => gogc(draw),
    minHeap: () => `${draw.wholeMagnitude(1, 16 * MIB)}B`,
    globals: () => (draw.chance(0.5) ? "$scale" : `${draw.wholeMagnitude(1, 100 * MIB)}B`),
    forcedPeriod: () =>
      draw.chance(0.2) ? "forever" : `${draw.wholeMagnitude(1_000_000, 120_000_000_000)}ns`,
  });
}

function gogc(draw: Draw): number | string {
  return draw.chance(0.15) ? "off" : draw.pick([0, 1, 10, 50, 100, 100, 200, 1000]);
}

function costs(draw: Draw): NonNullable<ScenarioInput["costs"]> {
  const ns = (max: number) => () => (draw.chance(0.2) ? 0 : `${draw.wholeMagnitude(1, max)}ns`);
  return draw.some(0.5, {
    markRate: () => `${draw.wholeMagnitude(MIB, 64 * 1024 * MIB)}B/s`,
    sweepSpan: ns(100_000),
    madviseCall: ns(1_000_000),
    madvisePage: ns(100_000),
    madviseHugePage: ns(1_000_000),
    pageFault: ns(10_000),
  });
}

function system(draw: Draw): Partial<NonNullable<ScenarioInput["machine"]>> {
  if (draw.chance(0.5)) return {};
  return {
    thp: draw.pick(["always", "always", "madvise", "never"]),
    khugepaged: draw.some(0.7, {
      maxPtesNone: () => draw.pick([0, 64, 256, 511]),
      scanPages: () => (draw.chance(0.1) ? 0 : draw.wholeMagnitude(512, 1_000_000)),
      scanPeriod: () => `${draw.wholeMagnitude(100_000, 10_000_000_000)}ns`,
    }),
  };
}

function lock(draw: Draw): NonNullable<ScenarioInput["lock"]> {
  const ns = () => `${draw.wholeMagnitude(1, 100_000)}ns`;
  return {
    model: draw.chance(0.8),
    ...draw.some(0.3, { base: ns, entry: ns, chunk: ns, refill: ns, grow: ns }),
  };
}

function scavenger(draw: Draw): NonNullable<ScenarioInput["scavenger"]> {
  return draw.some(0.5, {
    background: () => draw.chance(0.5),
    idleTimer: () => `${draw.wholeMagnitude(1_000_000, 1_000_000_000)}ns`,
    clockGranularity: () => draw.pick(["1ns", "100ns", "1ms", "15ms"]),
  });
}

function actions(draw: Draw, lengthNs: number): ActionInput[] {
  return draw.list(0, 8, () => {
    const at = { at: `${draw.integer(0, lengthNs)}ns` };
    const repeat = () => ({ every: `${draw.integer(1, lengthNs)}ns`, times: draw.integer(1, 4) });
    return { ...action(draw), ...at, ...draw.some(0.3, { repeat }) } as ActionInput;
  });
}

function action(draw: Draw): object {
  const what = draw.pick(["gc", "freeOSMemory", "setProcs", "setProcs", "setGogc", "setScavenger", "setRam"]);
  switch (what) {
    case "setProcs":
      return { do: what, to: draw.pick([1, 2, 3, 5, 8, 40]) };
    case "setGogc":
      return { do: what, to: gogc(draw) };
    case "setScavenger":
      return { do: what, to: draw.chance(0.5) };
    case "setRam":
      return { do: what, to: draw.chance(0.6) ? "unlimited" : `${draw.wholeMagnitude(16, 500)}MiB` };
    case "gc": {
      if (draw.chance(0.5)) return { do: what };
      const length = () => `${draw.wholeMagnitude(1, 1_000_000_000)}ns`;
      return { do: what, background: true, ...draw.some(0.5, { marking: length, sweeping: length }) };
    }
    default:
      return { do: what };
  }
}
