/** Random workloads of every kind, each made so that it does some thousand things in its window. */

import type { ScenarioInput } from "../../scenarios/schema/root.js";
import type { Draw } from "./draw.js";
import { curve, distribution } from "./shapes.js";

type WorkloadInput = NonNullable<ScenarioInput["workloads"]>[string];
const KINDS = ["spans", "birthDeath", "objects", "stacks", "buffers", "trace"] as const;
const SPAN_KINDS = ["heap", "noscan", "stack", "bits", "workbuf"] as const;
const KIB = 1024;
const MIB = 1024 * KIB;

/** The bundled recording and its length, of which workloads play parts. */
const TRACE = { file: "compile-gotypes-gmp1", lengthNs: 2_100_000_000 };

/** What workloads are made for: how long they may run, and on how many Ps. */
export interface Room {
  readonly lengthNs: number;
  readonly procs: number;
}

/** Some workloads side by side, by name; leaks come last. */
export function workloads(draw: Draw, room: Room, min: number, max: number): Record<string, WorkloadInput> {
  const made: Record<string, WorkloadInput> = {};
  draw.list(min, max, (i) => {
    made[`w${i}`] = workload(draw, room);
  });
  for (const [name] of Object.entries(made)) {
    if (!draw.chance(0.25)) continue;
    made[`${name}-leak`] = {
      kind: "leak",
      ...when(draw, room).keys,
      of: name,
      fraction: draw.pick([0, 0.01, 0.2, 1]),
      ...draw.some(0.5, { lifetime: () => lifetime(draw, room.lengthNs), dropAtStop: () => drop(draw) }),
    };
  }
  return made;
}

function workload(draw: Draw, room: Room): WorkloadInput {
  const window = when(draw, room);
  const { keys, lengthNs } = window;
  const kind = draw.pick(KINDS);
  switch (kind) {
    case "spans":
      return {
        kind,
        ...keys,
        ...spans(draw, room, lengthNs),
      } as WorkloadInput;
    case "birthDeath":
      return {
        kind,
        ...keys,
        rows: draw.list(1, 4, () => ({
          pages: draw.wholeMagnitude(1, 200),
          rate: `${perSecond(draw.magnitude(10, 1000), lengthNs)}/s`,
          live: draw.wholeMagnitude(1, 100),
          ...draw.some(0.5, { spanKind: () => draw.pick(SPAN_KINDS) }),
        })),
        ...draw.some(0.5, {
          intensity: () => curve(draw, "", 1, lengthNs),
          freedBy: () => draw.pick(["sweep", "program"] as const),
          dropAtStop: () => drop(draw),
        }),
      };
    case "objects":
      return {
        kind,
        ...keys,
        ...arriving(draw, lengthNs, 2 * KIB),
        ...sorts(draw, (weighted) => ({
          ...weighted,
          size: distribution(draw, { unit: "B", min: 1, max: draw.pick([15, 200, 32 * KIB, MIB]) }),
          lifetime: lifetime(draw, room.lengthNs),
          ...draw.some(0.5, { noscan: () => draw.pick([0, 0.3, 1]) }),
        })),
      } as WorkloadInput;
    case "stacks": {
      const { throughput: _, ...arrivals } = arriving(draw, lengthNs, 0);
      const bytes = { unit: "B", min: 1, max: draw.pick([2 * KIB, 64 * KIB, MIB]) } as const;
      return {
        kind,
        ...keys,
        ...arrivals,
        lifetime: lifetime(draw, room.lengthNs),
        depth: distribution(draw, bytes),
        ...draw.some(0.5, {
          growth: () => time(draw, room.lengthNs),
          hold: () => lifetime(draw, room.lengthNs),
          rest: () => (draw.chance(0.3) ? 0 : distribution(draw, bytes)),
        }),
      } as WorkloadInput;
    }
    case "buffers": {
      const bytes = { unit: "B", min: 16, max: draw.pick([4 * KIB, 256 * KIB, 8 * MIB]) } as const;
      return {
        kind,
        ...keys,
        ...arriving(draw, lengthNs, bytes.max, 10),
        to: distribution(draw, bytes),
        lifetime: lifetime(draw, room.lengthNs),
        ...draw.some(0.5, {
          from: () => distribution(draw, bytes),
          factor: () => draw.real(1.2, 4),
          step: () => time(draw, room.lengthNs / 10),
          copy: () => time(draw, room.lengthNs / 100),
          pool: () => draw.integer(0, 20),
          noscan: () => draw.pick([0, 0.3, 1]),
          survivor: () => ({
            size: distribution(draw, { unit: "B", min: 1, max: 4096 }),
            lifetime: lifetime(draw, room.lengthNs),
          }),
        }),
      } as WorkloadInput;
    }
    case "trace":
      return trace(draw, window);
  }
}

/** Spans that live for a time, or that a number of collections finds dead. */
function spans(draw: Draw, room: Room, lengthNs: number): object {
  const { dropAtStop, ...arrivals } = arriving(draw, lengthNs, 64 * KIB);
  if (draw.chance(0.3)) {
    const aged = (weighted: object) => ({
      ...weighted,
      ...("weight" in weighted ? draw.some(0.3, { inARow: () => draw.wholeMagnitude(1, 10) }) : {}),
      pages: pages(draw),
      collections: draw.chance(0.1) ? "forever" : distribution(draw, { unit: "", min: 1, max: 8 }),
      ...draw.some(0.3, { spanKind: () => draw.pick(["heap", "noscan"] as const) }),
    });
    return { ...arrivals, ...sorts(draw, aged) };
  }
  return {
    ...arrivals,
    ...(dropAtStop === undefined ? {} : { dropAtStop }),
    ...sorts(draw, (weighted) => ({
      ...weighted,
      pages: pages(draw),
      lifetime: lifetime(draw, room.lengthNs),
      ...draw.some(0.5, { spanKind: () => draw.pick(SPAN_KINDS) }),
    })),
    ...draw.some(0.5, { freedBy: () => draw.pick(["sweep", "program"] as const) }),
  };
}

/** A part of the bundled recording, pressed into the window. */
function trace(draw: Draw, { keys, lengthNs }: Window): WorkloadInput {
  const from = draw.integer(0, TRACE.lengthNs - 2);
  const to = draw.integer(from + 1, TRACE.lengthNs);
  return {
    kind: "trace",
    ...keys,
    file: TRACE.file,
    timeScale: Number(
      Math.min(1e6, Math.max(1e-6, (draw.real(0.3, 2) * lengthNs) / (to - from))).toPrecision(6),
    ),
    cut: { from: `${from}ns`, ...(draw.chance(0.8) ? { to: `${to}ns` } : {}) },
    ...draw.some(0.5, {
      filter: () => ({
        ...draw.some(0.5, { spanKinds: () => draw.list(1, 3, () => draw.pick(SPAN_KINDS)) }),
        ...draw.some(0.3, {
          minPages: () => draw.integer(1, 4),
          maxPages: () => draw.wholeMagnitude(4, 1000),
        }),
      }),
      frees: () => draw.pick(["gc", "recorded"] as const),
      dropAtStop: () => drop(draw),
    }),
  };
}

/** When a workload is at work: the keys that say so, and how long a window lasts. */
interface Window {
  readonly keys: object;
  readonly lengthNs: number;
}

function when(draw: Draw, { lengthNs, procs }: Room): Window {
  const about = draw.some(0.2, { proc: () => draw.integer(0, procs - 1) });
  if (draw.chance(0.6) || lengthNs < 10) return { keys: about, lengthNs };
  const start = draw.chance(0.3) ? 0 : draw.integer(0, lengthNs - 2);
  if (draw.chance(0.3)) return { keys: { ...about, start: `${start}ns` }, lengthNs: lengthNs - start };
  const stop = draw.integer(start + 1, lengthNs);
  const length = stop - start;
  const repeat = () => ({
    every: `${length + draw.integer(0, lengthNs)}ns`,
    ...draw.some(0.5, { times: () => draw.integer(1, 5) }),
  });
  const keys = { ...about, start: `${start}ns`, stop: `${stop}ns`, ...draw.some(0.5, { repeat }) };
  return { keys, lengthNs: length };
}

/** So many in a length of time, as a number per second that the schema takes. */
function perSecond(count: number, lengthNs: number): number {
  return Number(Math.min(1e11, (count * 1e9) / lengthNs).toPrecision(6));
}

/** How things come: at most some thousand of them in a window, of about so many bytes each. */
function arriving(draw: Draw, lengthNs: number, bytes: number, fewer = 1) {
  const rate = perSecond(draw.magnitude(30, 3000) / fewer, lengthNs);
  const initial = draw.chance(0.3) ? { initial: draw.wholeMagnitude(1, 1000 / fewer) } : {};
  const byBytes = bytes > 0 && draw.chance(0.2);
  const curves = byBytes
    ? { throughput: curve(draw, "B/s", rate * bytes, lengthNs) }
    : { rate: curve(draw, "/s", rate, lengthNs) };
  const arrivals = "initial" in initial && draw.chance(0.2) ? {} : curves;
  return {
    throughput: undefined as unknown,
    ...arrivals,
    ...initial,
    ...draw.some(0.3, {
      arrivals: () => draw.pick(["poisson", "regular", "stratified"] as const),
      batch: () => distribution(draw, { unit: "", min: 1, max: 20 }),
      count: () => draw.wholeMagnitude(1, 3000),
      dropAtStop: () => drop(draw),
    }),
  };
}

/** One sort of things, or a mix of several. */
function sorts(draw: Draw, sort: (weighted: object) => object): object {
  if (draw.chance(0.6)) return sort({});
  const order = draw.pick(["random", "cycle", "stratified"]);
  return { mix: draw.list(1, 4, (i) => sort({ weight: i === 0 ? 1 : draw.integer(0, 5) })), order };
}

function pages(draw: Draw) {
  return distribution(draw, { unit: "", min: 1, max: draw.pick([1, 8, 64, 600, 3000]) });
}

function lifetime(draw: Draw, lengthNs: number) {
  return distribution(draw, { unit: "ns", min: 1, max: Math.max(1, lengthNs), forever: true });
}

function time(draw: Draw, lengthNs: number) {
  return draw.chance(0.2)
    ? 0
    : distribution(draw, { unit: "ns", min: 1, max: Math.max(1, Math.round(lengthNs)) });
}

function drop(draw: Draw): number | string {
  return draw.pick([0, 0.5, 1, "37%"]);
}
