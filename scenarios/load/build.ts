/**
 * From what a file says to what the runner takes: times from the start of the run, names looked up, and what only the
 * whole can show to be wrong, such as a run without end.
 */

import type { ActionSpec, ParameterSpec, PlatformSpec, Scenario, WorkloadSpec } from "../scenario.js";
import type { ScenarioContent } from "../schema/root.js";
import type { TimedWorkload } from "../schema/workloads.js";
import { formatDuration } from "../units.js";
import { suggestion } from "../values/near-miss.js";
import type { Vocabulary } from "../vocabulary.js";
import { operationsNs } from "../workloads/operations.js";
import { buildExpectations } from "./expectations.js";
import type { Path, Problems } from "./places.js";

/** More repetitions of actions than this in all are refused: each becomes an entry of a list. */
const MAX_ACTIONS = 100_000;

/** Makes a scenario of a file's content. What it finds wrong is reported, and the result is of no use then. */
export function buildScenario(
  content: ScenarioContent,
  params: readonly ParameterSpec[],
  sets: readonly string[],
  vocabulary: Vocabulary,
  problems: Problems,
): Scenario {
  const phases = buildPhases(content);
  const durationNs = durationOf(content, phases, problems);
  const scopes = scopesOf(content, phases, durationNs);
  const workloads = scopes.flatMap((scope) => buildWorkloads(scope, problems));
  resolveParents(workloads, problems);
  const actions = buildActions(scopes, problems);
  checkProcs(content, workloads, actions, problems);
  const policyFault = vocabulary.policyFault(content.policy);
  if (policyFault !== undefined) problems.report(["policy"], policyFault);
  const { ram, procs } = content.machine;
  const { maxPtesNone, scanPages, scanPeriod } = content.machine.khugepaged;
  return {
    name: content.name,
    about: content.about,
    issue: content.issue ?? null,
    params,
    sets,
    seed: content.seed,
    platform: buildPlatform(content, vocabulary, problems),
    machine: {
      procs,
      ramBytes: ram,
      thp: content.machine.thp,
      khugepaged: { maxPtesNone, scanPages, scanNs: scanPeriod },
    },
    gc: {
      gogc: content.gc.gogc,
      minHeapBytes: content.gc.minHeap,
      globalsBytes: content.gc.globals,
      forcedPeriodNs: content.gc.forcedPeriod,
      memoryLimitBytes: content.gc.memoryLimit,
    },
    costs: {
      markBytesPerSecond: content.costs.markRate,
      sweepSpanNs: content.costs.sweepSpan,
      madviseCallNs: content.costs.madviseCall,
      madvisePageNs: content.costs.madvisePage,
      madviseHugePageNs: content.costs.madviseHugePage,
      pageFaultNs: content.costs.pageFault,
      hugeFaultNs: content.costs.hugeFault,
      hugeAdviceNs: content.costs.hugeAdvice,
      collapseNs: content.costs.collapse,
      compactNs: content.costs.compact,
    },
    lock: lockOf(content),
    regret: { windowNs: content.regret.window },
    scavenger: {
      background: content.scavenger.background,
      idleTimerNs: content.scavenger.idleTimer ?? null,
      clockGranularityNs: content.scavenger.clockGranularity,
    },
    policy: content.policy,
    durationNs,
    samples:
      content.samples.every === undefined
        ? { kind: "count", count: content.samples.count! }
        : { kind: "every", everyNs: content.samples.every },
    limits: content.limits,
    phases,
    workloads,
    actions,
    expect: buildExpectations(content.expect, { vocabulary, durationNs, phases, problems }),
  };
}

function lockOf({ lock }: ScenarioContent): Scenario["lock"] {
  const { model, base, entry, chunk, refill, grow } = lock;
  return model ? { baseNs: base, entryNs: entry, chunkNs: chunk, refillNs: refill, growNs: grow } : null;
}

function buildPhases(content: ScenarioContent): Scenario["phases"] {
  let startNs = 0;
  return Object.entries(content.phases).map(([name, { about, duration }]) => {
    const stopNs = startNs + duration;
    const phase = { name, about: about ?? "", startNs, stopNs };
    startNs = stopNs;
    return phase;
  });
}

/** The length of the run: as given, that of its phases, or until the last workload and action. */
function durationOf(content: ScenarioContent, phases: Scenario["phases"], problems: Problems): number {
  const phasesNs = phases.at(-1)?.stopNs ?? 0;
  if (phasesNs > Number.MAX_SAFE_INTEGER)
    problems.report(["phases"], "the phases last longer than 104 days, expected less");
  if (content.duration !== undefined) {
    if (phasesNs > content.duration) {
      const lengths = `the phases last ${formatDuration(phasesNs)}, the run only ${formatDuration(content.duration)}`;
      problems.report(["duration"], `${lengths}, expected a duration that holds all phases, or none`);
    }
    return content.duration;
  }
  if (phasesNs > 0) return phasesNs;
  return lastEnd(content, problems);
}

function lastEnd(content: ScenarioContent, problems: Problems): number {
  let end = 0;
  for (const [name, workload] of Object.entries(content.workloads)) {
    const { stop, start, repeat, spec } = workload;
    const endless = repeat !== null && repeat.times === Number.POSITIVE_INFINITY;
    if (stop !== null && !endless)
      end = Math.max(end, stop + (repeat === null ? 0 : (repeat.times - 1) * repeat.every));
    else if (spec.kind === "trace" && !endless) end = Number.POSITIVE_INFINITY;
    else if (spec.kind === "operations" && !endless)
      end = Math.max(
        end,
        start + operationsNs(spec) + (repeat === null ? 0 : (repeat.times - 1) * repeat.every),
      );
    else {
      problems.report(
        ["workloads", name],
        `it has no end (it starts at ${formatDuration(start)} and never stops), expected a duration of the run, phases, or a stop`,
        "key",
      );
      return Number.POSITIVE_INFINITY;
    }
  }
  for (const { at, repeat } of content.actions) {
    end = Math.max(end, at + (repeat === undefined ? 0 : (repeat.times - 1) * repeat.every));
  }
  if (end === 0)
    problems.report([], "the run has no length, expected a duration, phases, or workloads that stop");
  if (end !== Number.POSITIVE_INFINITY && end > Number.MAX_SAFE_INTEGER) {
    problems.report([], "the run lasts longer than 104 days, expected less");
  }
  return end;
}

/** What workloads and actions belong to: the run, or a phase. */
interface Scope {
  readonly path: Path;
  readonly phase: string | null;
  readonly startNs: number;
  readonly stopNs: number;
  readonly workloads: Readonly<Record<string, TimedWorkload>>;
  readonly actions: ScenarioContent["actions"];
}

function scopesOf(content: ScenarioContent, phases: Scenario["phases"], durationNs: number): Scope[] {
  const { workloads, actions } = content;
  const run: Scope = { path: [], phase: null, startNs: 0, stopNs: durationNs, workloads, actions };
  return [
    run,
    ...phases.map(({ name, startNs, stopNs }): Scope => {
      const phase = content.phases[name]!;
      return {
        path: ["phases", name],
        phase: name,
        startNs,
        stopNs,
        workloads: phase.workloads,
        actions: phase.actions,
      };
    }),
  ];
}

function scopeName({ phase }: Scope): string {
  return phase === null ? "the run" : `phase "${phase}"`;
}

function buildWorkloads(scope: Scope, problems: Problems): WorkloadSpec[] {
  return Object.entries(scope.workloads).map(([name, workload]) => {
    const path = [...scope.path, "workloads", name];
    checkTimes(scope, workload, path, problems);
    const { about, start, stop, repeat, proc, spec } = workload;
    return {
      name: scope.phase === null ? name : `${scope.phase}/${name}`,
      about,
      phase: scope.phase,
      startNs: scope.startNs + start,
      stopNs: stop === null ? scope.stopNs : scope.startNs + stop,
      repeat: repeat === null ? null : { everyNs: repeat.every, times: repeat.times },
      endNs: scope.stopNs,
      proc,
      spec,
    };
  });
}

function checkTimes(
  scope: Scope,
  { start, stop, repeat }: TimedWorkload,
  path: Path,
  problems: Problems,
): void {
  const length = scope.stopNs - scope.startNs;
  const lasts = `${scopeName(scope)} lasts ${formatDuration(length)}`;
  if (start >= length) {
    problems.report(
      [...path, "start"],
      `it starts at ${formatDuration(start)}, but ${lasts}, expected an earlier start`,
    );
  } else if (stop !== null && stop > length) {
    problems.report(
      [...path, "stop"],
      `it stops at ${formatDuration(stop)}, but ${lasts}, expected an earlier stop`,
    );
  }
  if (stop !== null && stop <= start) {
    problems.report(
      [...path, "stop"],
      `it stops at ${formatDuration(stop)}, before its start at ${formatDuration(start)} is over, expected a later stop`,
    );
  }
  if (repeat === null) return;
  if (stop === null) {
    problems.report([...path, "repeat"], "it is repeated but never stops, expected a stop");
  } else if (repeat.every < stop - start) {
    problems.report(
      [...path, "repeat", "every"],
      `it comes again after ${formatDuration(repeat.every)} but lasts ${formatDuration(stop - start)}, expected every to be at least that`,
    );
  }
}

/** Leaks name their parents as a reader would: by the name within the phase, or of the whole run. */
function resolveParents(workloads: WorkloadSpec[], problems: Problems): void {
  workloads.forEach((workload, i) => {
    const { spec, phase, name } = workload;
    if (spec.kind !== "leak") return;
    const ownName = phase === null ? name : name.slice(phase.length + 1);
    const path = [...(phase === null ? [] : ["phases", phase]), "workloads", ownName, "of"];
    const parent =
      workloads.find((other) => phase !== null && other.name === `${phase}/${spec.of}`) ??
      workloads.find((other) => other.name === spec.of);
    if (parent === undefined) {
      const known = workloads.filter((other) => other.spec.kind !== "leak").map((other) => other.name);
      const hint = known.length === 0 ? "the scenario has none to leak from" : suggestion(spec.of, known);
      problems.report(path, `no workload is called "${spec.of}", ${hint}`);
    } else if (parent.spec.kind === "leak") {
      const fault = parent === workload ? "a leak of itself" : `"${spec.of}" is a leak, which makes nothing`;
      problems.report(path, `${fault}, expected a workload of another kind`);
    } else workloads[i] = { ...workload, spec: { ...spec, of: parent.name } };
  });
}

function buildActions(scopes: readonly Scope[], problems: Problems): ActionSpec[] {
  const found: ActionSpec[] = [];
  for (const scope of scopes) {
    const length = scope.stopNs - scope.startNs;
    scope.actions.forEach((action, i) => {
      const path = [...scope.path, "actions", i];
      if (action.at > length) {
        problems.report(
          [...path, "at"],
          `it is at ${formatDuration(action.at)}, but ${scopeName(scope)} lasts ${formatDuration(length)}, expected an earlier time`,
        );
        return;
      }
      const { every, times } = action.repeat ?? { every: 0, times: 1 };
      for (let n = 0; n < times && action.at + n * every <= length; n++) {
        if (found.length === MAX_ACTIONS) {
          problems.report(
            [...path, "repeat"],
            `there are more than ${MAX_ACTIONS} actions, expected fewer repetitions`,
          );
          return;
        }
        found.push(actionAt(action, scope.startNs + action.at + n * every));
      }
    });
  }
  // Sorting is stable: actions at one time happen in the order of the file.
  return found.sort((a, b) => a.atNs - b.atNs);
}

function actionAt(action: ScenarioContent["actions"][number], atNs: number): ActionSpec {
  switch (action.do) {
    case "gc":
      return {
        atNs,
        do: action.do,
        background: action.background,
        markNs: action.marking ?? null,
        sweepNs: action.sweeping ?? null,
      };
    case "setProcs":
      return { atNs, do: action.do, procs: action.to };
    case "setGogc":
      return { atNs, do: action.do, gogc: action.to };
    case "setMemoryLimit":
      return { atNs, do: action.do, limitBytes: action.to };
    case "setScavenger":
      return { atNs, do: action.do, background: action.to };
    case "setRam":
      return { atNs, do: action.do, ramBytes: action.to };
    default:
      return { atNs, do: action.do };
  }
}

/** A workload cannot run on a P that there never is. */
function checkProcs(
  content: ScenarioContent,
  workloads: readonly WorkloadSpec[],
  actions: readonly ActionSpec[],
  problems: Problems,
): void {
  const most = actions.reduce(
    (n, action) => (action.do === "setProcs" ? Math.max(n, action.procs) : n),
    content.machine.procs,
  );
  for (const { name, phase, proc } of workloads) {
    if (proc === null || proc < most) continue;
    const own =
      phase === null ? ["workloads", name] : ["phases", phase, "workloads", name.slice(phase.length + 1)];
    problems.report(
      [...own, "proc"],
      `P ${proc} does not exist, the machine has ${most}, expected 0 to ${most - 1}`,
    );
  }
}

function buildPlatform(content: ScenarioContent, vocabulary: Vocabulary, problems: Problems): PlatformSpec {
  const { preset, physPage, hugePage, arena, geometry } = content.platform;
  let platform: PlatformSpec;
  if (geometry !== undefined) {
    const others = Object.entries({ physPage, hugePage, arena }).filter(([, value]) => value !== undefined);
    for (const [key] of others) {
      problems.report(["platform", key], `${key} and geometry are both given, expected it within geometry`);
    }
    platform = { kind: "geometry", geometry };
  } else {
    if (!checkName("platform", "platform", preset, vocabulary.platforms, problems))
      return presetPlatform(preset);
    platform = {
      kind: "preset",
      preset,
      physPageBytes: physPage ?? null,
      hugePageBytes: hugePage ?? null,
      arenaBytes: arena ?? null,
    };
  }
  const fault = vocabulary.platformFault(platform);
  if (fault !== undefined) problems.report(["platform", ...keyOfFault(platform, fault)], fault);
  return platform;
}

/** The key that an impossible address space is about, if the sentence names one that this file has. */
function keyOfFault(platform: PlatformSpec, fault: string): string[] {
  if (platform.kind === "geometry") return ["geometry"];
  const keys = { physPageBytes: "physPage", physHugePageBytes: "hugePage", arenaBytes: "arena" };
  return Object.entries(keys).flatMap(([name, key]) => (fault.includes(`: ${name} is`) ? [key] : []));
}

function presetPlatform(preset: string): PlatformSpec {
  return { kind: "preset", preset, physPageBytes: null, hugePageBytes: null, arenaBytes: null };
}

function checkName(
  key: string,
  what: string,
  name: string,
  known: readonly string[],
  problems: Problems,
): boolean {
  if (known.includes(name)) return true;
  problems.report([key], `no ${what} is called "${name}", ${suggestion(name, known)}`);
  return false;
}
