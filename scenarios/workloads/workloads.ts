/** Makes the workloads of a scenario, in the order of the file. */

import type { LeakSpec, Scenario, WorkloadSpec } from "../scenario.js";
import { BirthDeathWorkload } from "./birth-death.js";
import { BuffersWorkload } from "./buffers.js";
import { Leak } from "./leaks.js";
import { ObjectsWorkload } from "./objects.js";
import { OperationsWorkload } from "./operations.js";
import { SpansWorkload } from "./spans.js";
import { StacksWorkload } from "./stacks.js";
import type { Stage } from "./stage.js";
import { type TraceSpans, TraceWorkload } from "./trace.js";
import type { Workload } from "./workload.js";

/** The recordings of a scenario's trace workloads, by the file that the workload names. */
export type Recordings = ReadonlyMap<string, TraceSpans>;

/**
 * Makes all workloads of a scenario and schedules their first events.
 * @param recordings of all its trace workloads
 */
export function startWorkloads(scenario: Scenario, stage: Stage, recordings: Recordings): void {
  const leaks = scenario.workloads.filter((workload) => workload.spec.kind === "leak");
  const workloads = scenario.workloads.flatMap((workload) => {
    if (workload.spec.kind === "leak") return [];
    const own = leaks
      .filter(({ spec }) => (spec as LeakSpec).of === workload.name)
      .map((leak) => new Leak(stage, leak, leak.spec as LeakSpec));
    return [make(stage, workload, own, recordings)];
  });
  for (const workload of workloads) workload.start();
}

function make(
  stage: Stage,
  workload: WorkloadSpec,
  leaks: readonly Leak[],
  recordings: Recordings,
): Workload {
  const { spec } = workload;
  switch (spec.kind) {
    case "spans":
      return new SpansWorkload(stage, workload, leaks, spec);
    case "birthDeath":
      return new BirthDeathWorkload(stage, workload, leaks, spec);
    case "objects":
      return new ObjectsWorkload(stage, workload, leaks, spec);
    case "stacks":
      return new StacksWorkload(stage, workload, leaks, spec);
    case "buffers":
      return new BuffersWorkload(stage, workload, leaks, spec);
    case "trace": {
      const spans = recordings.get(spec.file);
      if (spans === undefined) throw new RangeError(`the recording ${spec.file} was not read`);
      return new TraceWorkload(stage, workload, leaks, spec, spans);
    }
    case "operations":
      return new OperationsWorkload(stage, workload, spec);
    case "leak":
      throw new RangeError("a leak is part of its parent");
  }
}
