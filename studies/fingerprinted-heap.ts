/** A heap that adds every span which comes or goes, and all memory that it gives back, to the fingerprint of its run. */

import type { Fingerprint } from "../engine/fingerprint.js";
import type { Geometry } from "../sim/address/geometry.js";
import { Heap, type HeapOptions } from "../sim/heap/heap.js";
import type { Policy } from "../sim/policies/policy.js";

/** Numbers of events in fingerprints; kinds of spans are below the first. */
export const FingerprintEvent = { spanFree: 1000, release: 1001, cycle: 1002, collapse: 1003 } as const;

export class FingerprintedHeap extends Heap {
  private readonly fingerprint: Fingerprint;
  private readonly clock: { readonly nowNs: number };
  /** Sees spans that come, and, with 0 pages, spans that go. */
  onSpan: ((page: number, npages: number, kind: number) => void) | null = null;
  /** Sees releases that were asked for, with the bytes asked for and released. */
  onRelease: ((askedBytes: number, releasedBytes: number) => void) | null = null;

  /**
   * @param clock tells the virtual time
   * @param options of the heap, beside policy and clock
   */
  constructor(
    geometry: Geometry,
    policy: Policy,
    fingerprint: Fingerprint,
    clock: { readonly nowNs: number },
    options: HeapOptions = {},
  ) {
    super(geometry, { ...options, policy, clock });
    this.fingerprint = fingerprint;
    this.clock = clock;
  }

  override allocSpan(p: number, npages: number, kind: number, longLived?: boolean): number {
    if (this.census !== null) this.census.nowNs = this.clock.nowNs;
    const page = super.allocSpan(p, npages, kind, longLived);
    this.fingerprint.add(this.clock.nowNs, kind, page, npages);
    this.onSpan?.(page, npages, kind);
    return page;
  }

  override freeSpan(page: number): void {
    this.fingerprint.add(this.clock.nowNs, FingerprintEvent.spanFree, page, 0);
    if (this.census !== null) this.census.nowNs = this.clock.nowNs;
    this.onSpan?.(page, 0, 0);
    super.freeSpan(page);
  }

  override endRelease(page: number, npages: number): number {
    const released = super.endRelease(page, npages);
    this.fingerprint.add(this.clock.nowNs, FingerprintEvent.release, page, released);
    return released;
  }

  override scavenge(bytes: number, force = false): number {
    const released = super.scavenge(bytes, force);
    this.fingerprint.add(this.clock.nowNs, FingerprintEvent.release, -1, released);
    this.onRelease?.(bytes, released);
    return released;
  }
}
