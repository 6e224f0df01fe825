/** Makes the workloads of a scenario, in the order of the file. */

import type { LeakSpec, Scenario, WorkloadSpec } from "../scenario.js";
import { Leak } from "./leaks.js";
import { ObjectsWorkload } from "./objects.js";
import { SpansWorkload } from "./spans.js";
import type { Stage } from "./stage.js";
import type { Workload } from "./workload.js";

/** Makes all workloads of a scenario and schedules their first events. */
export function startWorkloads(scenario: Scenario, stage: Stage): void {
  const leaks = scenario.workloads.filter((workload) => workload.spec.kind === "leak");
  const workloads = scenario.workloads.flatMap((workload) => {
    if (workload.spec.kind === "leak") return [];
    const own = leaks.filter(({ spec }) => (spec as LeakSpec).of === workload.name);
    return [
      make(
        stage,
        workload,
        own.map((leak) => new Leak(stage, leak, leak.spec as LeakSpec)),
      ),
    ];
  });
  for (const workload of workloads) workload.start();
}

function make(stage: Stage, workload: WorkloadSpec, leaks: readonly Leak[]): Workload {
  const { spec } = workload;
  switch (spec.kind) {
    case "spans":
      return new SpansWorkload(stage, workload, leaks, spec);
    case "objects":
      return new ObjectsWorkload(stage, workload, leaks, spec);
    default:
      throw new Error(`workloads of the kind ${spec.kind} cannot be run yet`);
  }
}
