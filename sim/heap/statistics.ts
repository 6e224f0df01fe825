/**
 * The memory statistics of the heap, as the runtime keeps them in MemStats, in bytes.
 *
 *     mapped (Σ grow) = heap_sys + stacks + GC bits and work buffers
 *     heap_sys        = heap_inuse + heap_idle
 *     heap_retained   = heap_sys − heap_released        the runtime's own estimate of what is resident
 *
 * They change where the runtime changes them: growing adds to mapped and released at once (up to 1.12 to mapped alone, and up
 * to 1.16 by whole arenas); a span's share is accounted when it is handed out, later than its pages left the bitmap.
 */

import { isHeapKind, KIND_STACK } from "./kinds.js";

export class HeapStatistics {
  mappedBytes = 0;
  heapInUseBytes = 0;
  heapReleasedBytes = 0;
  stackInUseBytes = 0;
  /** Bits and work buffers of the garbage collector. */
  gcSpansBytes = 0;
  spanAllocs = 0;
  spanFrees = 0;
  heapGrowths = 0;
  cacheAllocs = 0;
  cacheRefills = 0;
  cacheMisses = 0;
  scavengeCalls = 0;
  scavengedBytes = 0;
  /** Of these, bytes that allocations released. */
  assistedBytes = 0;
  /** Bytes taken into use again out of scavenged memory that had been in use before. */
  refaultedBytes = 0;
  /** Largest values that heapInUseBytes, heapSysBytes and heapRetainedBytes had, exact at every change. */
  peakHeapInUseBytes = 0;
  peakHeapSysBytes = 0;
  peakHeapRetainedBytes = 0;

  /** Memory mapped for the heap, without what the runtime manages by hand. */
  get heapSysBytes(): number {
    return this.mappedBytes - this.stackInUseBytes - this.gcSpansBytes;
  }

  /** Mapped heap memory that is in no heap span. */
  get heapIdleBytes(): number {
    return this.heapSysBytes - this.heapInUseBytes;
  }

  /** Memory that is in no span, and was not returned to the system: heapFree of Go 1.19 and later. */
  get heapFreeBytes(): number {
    return this.heapIdleBytes - this.heapReleasedBytes;
  }

  /** heap_sys less what was returned to the system: heapRetained() of the runtime. */
  get heapRetainedBytes(): number {
    return this.heapSysBytes - this.heapReleasedBytes;
  }

  /** New memory, which counts as released or as retained. */
  grow(bytes: number, released: boolean): void {
    this.mappedBytes += bytes;
    if (released) this.heapReleasedBytes += bytes;
    this.#peaks();
  }

  /** Released memory counts as retained again, though it is in no span. */
  reclaim(bytes: number): void {
    this.heapReleasedBytes -= bytes;
    this.#peaks();
  }

  /** A span was handed out, with so many bytes of it scavenged, of which refaulted had been in use before. */
  allocSpan(bytes: number, kind: number, scavenged: number, refaulted: number): void {
    this.spanAllocs++;
    this.heapReleasedBytes -= scavenged;
    this.refaultedBytes += refaulted;
    this.#account(bytes, kind);
    this.#peaks();
  }

  /** A span was given back. */
  freeSpan(bytes: number, kind: number): void {
    this.spanFrees++;
    this.#account(-bytes, kind);
    this.#peaks();
  }

  /** Memory went back to the system. */
  release(bytes: number): void {
    this.heapReleasedBytes += bytes;
    this.scavengedBytes += bytes;
  }

  #account(bytes: number, kind: number): void {
    if (isHeapKind(kind)) this.heapInUseBytes += bytes;
    else if (kind === KIND_STACK) this.stackInUseBytes += bytes;
    else this.gcSpansBytes += bytes;
  }

  #peaks(): void {
    const sys = this.heapSysBytes;
    const retained = sys - this.heapReleasedBytes;
    if (this.heapInUseBytes > this.peakHeapInUseBytes) this.peakHeapInUseBytes = this.heapInUseBytes;
    if (sys > this.peakHeapSysBytes) this.peakHeapSysBytes = sys;
    if (retained > this.peakHeapRetainedBytes) this.peakHeapRetainedBytes = retained;
  }
}
