/** `objects`: objects by the byte, with lifetimes; the allocator and the collector of the model do the rest. */

import type { WholeDraws } from "../../engine/distributions.js";
import type { RandomStream } from "../../engine/random-streams.js";
import type { ObjectsSpec, WorkloadSpec } from "../scenario.js";
import type { Leak } from "./leaks.js";
import { Sorts } from "./sorts.js";
import type { Stage } from "./stage.js";
import { ArrivingWorkload } from "./workload.js";

/** The largest object, bytes: as many as the largest span has. */
export const MAX_OBJECT_BYTES = 2 ** 40;

interface Sort {
  readonly bytes: WholeDraws;
  readonly lifetime: WholeDraws;
  readonly noscan: number;
  readonly noscans: RandomStream;
}

export class ObjectsWorkload extends ArrivingWorkload {
  private readonly order: Sorts;
  private readonly sorts: readonly Sort[];

  constructor(stage: Stage, workload: WorkloadSpec, leaks: readonly Leak[], spec: ObjectsSpec) {
    super(stage, workload, leaks, spec);
    this.order = new Sorts(stage, workload.name, spec.sorts, spec.order, this.expected(spec));
    this.sorts = spec.sorts.map((sort, i) => ({
      bytes: stage.draws(sort.bytes, workload.name, `size/${i}`, 1, MAX_OBJECT_BYTES),
      lifetime: stage.draws(sort.lifetime, workload.name, `lifetime/${i}`),
      noscan: sort.noscan,
      noscans: stage.stream(workload.name, `noscan/${i}`),
    }));
  }

  protected override opened(): void {
    this.order.open();
  }

  protected make(count: number): number {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const sort = this.sorts[this.order.next()]!;
      const bytes = sort.bytes.next();
      const death = this.deathNs(sort.lifetime.next());
      this.demands.object(this.nextProc(), bytes, isNoscan(sort.noscan, sort.noscans), death);
      sum += bytes;
    }
    return sum;
  }
}

/** Draws whether something holds no pointers; certain ones take no draw. */
export function isNoscan(share: number, stream: RandomStream): boolean {
  return share >= 1 || (share > 0 && stream.double() < share);
}
