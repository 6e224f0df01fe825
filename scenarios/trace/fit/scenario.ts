import type { ScenarioInput } from "../../schema/root.js";
import { PHASES } from "../statistics/statistics.js";
import type { FittedManual, FittedProgram, FittedStretch, FittedWindow } from "./fit.js";

type WorkloadInput = NonNullable<ScenarioInput["workloads"]>[string];
type PhaseInput = NonNullable<ScenarioInput["phases"]>[string];

export interface ProtoOptions {
  markRate: number;
  minHeap: number;
  gogc: number;
  sweepSpanNs: number;
  stratified?: boolean;
}

export function fittedScenario(name: string, program: FittedProgram, o: ProtoOptions): ScenarioInput {
  const phases: Record<string, PhaseInput> = {};
  program.stretches.forEach((stretch, s) => {
    if (stretch.cycleNs > 0) phases[`s${s}`] = phaseOf(stretch, s, o);
  });
  return {
    name,
    machine: { procs: program.procs },
    gc: { gogc: o.gogc, minHeap: `${o.minHeap}B`, forcedPeriod: "forever" },
    costs: { markRate: `${o.markRate}B/s` },
    phases,
  };
}

function phaseOf(stretch: FittedStretch, s: number, o: ProtoOptions): PhaseInput {
  const { cycleNs, cycles } = stretch;
  const workloads: Record<string, WorkloadInput> = {};
  const common = {
    ...(cycles > 1 ? { repeat: { every: `${cycleNs}ns`, times: cycles } } : {}),
    arrivals: o.stratified === false ? "poisson" : "stratified",
    order: o.stratified === false ? "random" : "stratified",
  };
  for (const window of stretch.windows) {
    const { batch } = window;
    workloads[
      ["", "multi-", "large-"][window.group]! + PHASES[window.part]! + (window.isLate ? "-late" : "")
    ] = {
      kind: "spans",
      start: `${window.startNs}ns`,
      stop: `${window.stopNs}ns`,
      ...common,
      ...(batch > 1.02 ? { batch: batchOf(batch) } : {}),
      rate: rateOf(
        window.arrivals.map(
          (n, i) =>
            [
              n / (batch > 1.02 ? batch : 1),
              (window.stopNs - window.startNs) / window.arrivals.length,
            ] as const,
        ),
      ),
      ...(window.isInOrder ? { order: "cycle" } : {}),
      mix: sorts(window),
    } as WorkloadInput;
  }
  for (const manual of stretch.manual) {
    workloads[["", "stacks", "bits", "workbufs"][manual.group]!] = {
      kind: "spans",
      start: "0ns",
      stop: `${cycleNs}ns`,
      ...common,
      rate: rateOf(stretch.partNs.map((ns, i) => [manual.perCycle[i]!, ns] as const)),
      mix: manualSorts(manual),
    } as WorkloadInput;
  }
  return {
    duration: `${cycleNs * cycles}ns`,
    ...(s === 0
      ? {}
      : {
          actions: [
            { do: "setYield", at: 0, to: `${Math.max(0, Math.round(stretch.sweepSpanNs) - 500)}ns` },
            { do: "gc", background: true, at: 0, repeat: { every: `${cycleNs}ns`, times: cycles } },
          ],
        }),
    workloads,
  } as PhaseInput;
}

function rateOf(pieces: readonly (readonly [number, number])[]) {
  const points: [string, string][] = [];
  let at = 0;
  for (const [n, ns] of pieces) {
    if (ns === 0) continue;
    const rate = `${Number(((n / ns) * 1e9).toPrecision(6))}/s`;
    points.push([`${Math.round(at)}ns`, rate], [`${Math.round(at + ns)}ns`, rate]);
    at += ns;
  }
  if (points.length === 2) return points[0]![1];
  return { piecewise: points };
}

function choice(values: readonly (readonly [number, number])[]) {
  const merged = new Map<number, number>();
  for (const [v, w] of values) merged.set(v, (merged.get(v) ?? 0) + w);
  return merged.size === 1 ? values[0]![0] : { choice: Object.fromEntries(merged) };
}

function batchOf(mean: number) {
  const low = Math.floor(mean);
  return { choice: { [low]: low + 1 - mean, [low + 1]: mean - low } };
}

function sorts(window: FittedWindow): object[] {
  return window.sorts.flatMap(({ share, pages: values, ages }) => {
    const rest = 1 - ages.reduce((sum, [, p]) => sum + p, 0);
    const sum = values.reduce((all, [, n]) => all + n, 0);
    const explicit = window.group === 2 ? values.map(([v, n]) => [v, n / sum] as const) : [[0, 1] as const];
    return explicit.flatMap(([v, w]) => {
      const pages = v > 0 ? v : choice(values);
      return [
        ...ages.map(([age, p]) => ({ weight: w * share * p, pages, collections: age })),
        ...(rest > 1e-9 ? [{ weight: w * share * rest, pages, lifetime: "forever" }] : []),
      ];
    });
  });
}

function manualSorts(manual: FittedManual): object[] {
  const spanKind = ["heap", "stack", "bits", "workbuf"][manual.group]!;
  const n = manual.lifetimesNs.length;
  const pages = choice(manual.sizes);
  return [
    ...(manual.freedShare > 0
      ? manual.lifetimesNs.map((ns) => ({
          weight: manual.freedShare / n,
          lifetime: `${ns}ns`,
          pages,
          spanKind,
        }))
      : []),
    ...(manual.freedShare < 1
      ? [{ weight: 1 - manual.freedShare, lifetime: "forever", pages, spanKind }]
      : []),
  ];
}
