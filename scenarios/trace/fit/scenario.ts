/**
 * A fitted program as a scenario: what the file that `mheapsim trace fit` writes says, as data.
 *
 *     stretch   ──►  phase: { do: gc, background: true } at the start of each cycle
 *     window    ──►  workload of the phase, kind spans, a window of it in each cycle
 *     sort      ──►  entry of its mix: {weight, inARow, pages, collections}
 *     manual    ──►  workload of stacks, bits, work buffers
 */

import type { ScenarioInput } from "../../schema/root.js";
import { type FittedProgram, type FittedStretch, FLOOR_BYTES } from "./fit.js";
import type { FittedManual } from "./manual.js";
import { type FittedRate, type FittedSort, type FittedWindow, partName } from "./windows.js";

type WorkloadInput = NonNullable<ScenarioInput["workloads"]>[string];
export type PhaseInput = NonNullable<ScenarioInput["phases"]>[string];

/** Workloads and kinds of spans by kind group. */
const MANUAL_NAMES = ["", "stacks", "bits", "workbufs"] as const;
const MANUAL_KINDS = ["heap", "stack", "bits", "workbuf"] as const;
/** Rows shorter than this are taken for single spans. */
const LEAST_ROW = 1.05;
/** A trigger is at 70 % of the way to the goal or later. */
const EARLIEST_TRIGGER = 0.7;
/** How much later than the recorded collections the model's own trigger is kept. */
const MARGIN = 1.5;

/** The scenario of a fitted program. */
export function fittedScenario(name: string, program: FittedProgram): ScenarioInput {
  const gogc = leastGogc(program);
  const phases = program.stretches.map((stretch, s) => [`stretch-${s}`, phaseOf(stretch, s)] as const);
  return {
    name,
    platform: platformOf(program),
    machine: { procs: program.procs },
    gc: { gogc, minHeap: bytes(leastHeap(program) / (gogc / 100)), forcedPeriod: "forever" },
    phases: Object.fromEntries(phases),
  };
}

/** linux/amd64 with the recorded sizes of pages. */
function platformOf({ physPageBytes, hugePageBytes }: FittedProgram): NonNullable<ScenarioInput["platform"]> {
  return { preset: "linux/amd64", physPage: bytes(physPageBytes), hugePage: bytes(hugePageBytes) };
}

/** GOGC with which no collection starts but those that are asked for, in percent. */
function leastGogc({ growth }: FittedProgram): number {
  return Math.max(500, 100 * Math.ceil(((growth - 1) / EARLIEST_TRIGGER) * MARGIN));
}

/** The heap at which the first collection would start by itself: later than the first recorded one. */
function leastHeap({ firstStartBytes }: FittedProgram): number {
  return Math.max(FLOOR_BYTES, firstStartBytes) * MARGIN;
}

function phaseOf(stretch: FittedStretch, s: number): PhaseInput {
  const { cycleNs, cycles, windows, manual } = stretch;
  const repeat = cycles > 1 ? { repeat: { every: ns(cycleNs), times: cycles } } : {};
  const workloads: Record<string, WorkloadInput> = {};
  for (const window of windows) workloads[nameOf(window)] = windowWorkload(window, repeat);
  for (const one of manual) {
    workloads[`${partName(one.part)}-${MANUAL_NAMES[one.group]!}`] = manualWorkload(one, repeat);
  }
  const [marking, sweeping] = stretch.partNs.map(ns);
  const collections = [{ do: "gc", background: true, marking, sweeping, at: 0, ...repeat }];
  // What comes before the first collection is a stretch by itself.
  return {
    duration: ns(cycleNs * cycles),
    ...(s === 0 ? {} : { actions: collections }),
    workloads,
  } as PhaseInput;
}

function nameOf({ part, section, isLarge }: FittedWindow): string {
  const name = partName(part);
  return isLarge ? `${name}-large` : section === 0 ? name : `${name}-${section + 1}`;
}

function windowWorkload(window: FittedWindow, repeat: object): WorkloadInput {
  return {
    kind: "spans",
    start: ns(window.startNs),
    stop: ns(window.stopNs),
    ...repeat,
    rate: rateOf(window.rates),
    arrivals: "stratified",
    ...mixOf(window.sorts.map(spanSort), window.isInOrder ? "cycle" : "stratified"),
  } as WorkloadInput;
}

function manualWorkload(manual: FittedManual, repeat: object): WorkloadInput {
  const spanKind = MANUAL_KINDS[manual.group]!;
  const sorts = manual.sorts.map(({ weight, pages, lifetimeNs }) => ({
    weight: rounded(weight),
    pages: choice(pages),
    spanKind,
    lifetime: lifetimeNs < 0 ? "forever" : ns(lifetimeNs),
  }));
  return {
    kind: "spans",
    start: ns(manual.startNs),
    stop: ns(manual.stopNs),
    ...repeat,
    rate: rateOf(manual.rates),
    arrivals: "stratified",
    ...mixOf(sorts, manual.isInOrder ? "cycle" : "stratified"),
  } as WorkloadInput;
}

/** A mix; one sort alone stands beside the other keys. */
function mixOf(sorts: readonly ({ readonly weight: number } & object)[], order: string): object {
  if (sorts.length > 1) return { order, mix: sorts };
  const { weight: _, ...one } = sorts[0]!;
  return one;
}

function spanSort({ share, inARow, pages, age }: FittedSort) {
  const isRow = inARow >= LEAST_ROW;
  return {
    weight: rounded(share / (isRow ? inARow : 1)),
    ...(isRow ? { inARow: { geometric: { mean: rounded(inARow) } } } : {}),
    pages: choice(pages),
    ...(age > 0 ? { collections: age } : { lifetime: "forever" }),
  };
}

/** A curve in steps. */
function rateOf(rates: readonly FittedRate[]) {
  const points: [string, string][] = [];
  let at = 0;
  for (const { durationNs, spans } of rates) {
    if (durationNs === 0) continue;
    const rate = `${rounded((spans * 1e9) / durationNs)}/s`;
    points.push([ns(at), rate], [ns(at + durationNs), rate]);
    at += durationNs;
  }
  return points.length <= 2 ? points[0]![1] : { piecewise: points };
}

/** One value, or several with their weights. */
function choice(values: readonly (readonly [value: number, weight: number])[]) {
  const weights = new Map<number, number>();
  for (const [value, weight] of values) weights.set(value, (weights.get(value) ?? 0) + weight);
  if (weights.size === 1) return values[0]![0];
  return { choice: Object.fromEntries([...weights].map(([value, weight]) => [value, rounded(weight)])) };
}

function ns(value: number): string {
  return `${Math.round(value)}ns`;
}

function bytes(value: number): string {
  return `${Math.round(value)}B`;
}

/** Five significant digits: more would be pretence, fewer would add up to other sums. */
function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
