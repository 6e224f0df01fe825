/** `operations`: a list, played one operation after the other. Spans are the program's own: a free frees at once. */

import { Priority } from "../../engine/simulation.js";
import type { OperationsSpec, WorkloadSpec } from "../scenario.js";
import { kindOf } from "./spans.js";
import { NEVER, type Stage } from "./stage.js";
import { Workload } from "./workload.js";

export class OperationsWorkload extends Workload {
  private readonly kind: number;
  private next = 0;
  /** First page of each allocation, −1 before and after its life. */
  private readonly pages: number[] = [];

  constructor(
    stage: Stage,
    workload: WorkloadSpec,
    private readonly spec: OperationsSpec,
  ) {
    super(stage, workload, [], 0);
    this.kind = stage.sim.handler(`workload ${workload.name}`, Priority.allocate, () => this.play());
  }

  start(): void {
    this.sim.schedule(this.windows.startNs, this.kind);
  }

  private play(): void {
    this.demands.works(this.worker);
    const { operations, stepNs } = this.spec;
    while (this.next < operations.length && this.sim.nowNs < this.windows.stopNs) {
      const operation = operations[this.next++]!;
      let ns = stepNs;
      if (operation.op === "alloc")
        this.pages[operation.slot] = this.demands.pages(
          this.nextProc(),
          operation.pages,
          kindOf(operation.spanKind),
          NEVER,
        );
      else if (operation.op === "free") this.demands.freePages(this.pages[operation.slot]!);
      else if (operation.op === "collect") this.demands.collect();
      else ns = operation.ns;
      const at = this.sim.nowNs + ns;
      if (!this.sim.advance(at, this.kind)) {
        this.sim.schedule(at, this.kind);
        return;
      }
    }
    // The next window plays the list anew; what is still live then stays.
    if (!this.windows.next()) return;
    this.next = 0;
    this.sim.schedule(Math.max(this.sim.nowNs, this.windows.startNs), this.kind);
  }
}

/** How long a list takes, ns. */
export function operationsNs({ operations, stepNs }: OperationsSpec): number {
  return operations.reduce((sum, operation) => sum + (operation.op === "wait" ? operation.ns : stepNs), 0);
}
