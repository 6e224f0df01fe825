/**
 * All memory of a program as its collector sees it: objects and collected spans, which Objects keeps, and goroutine stacks,
 * which a mark shrinks and frees.
 */

import type { CollectedWorld } from "../gc/sweeper.js";
import type { Goroutines } from "../objects/goroutines.js";
import type { Objects } from "../objects/objects.js";
import type { Stacks } from "../objects/stacks.js";

/** The P whose stack cache the collector uses when it moves stacks. */
const SCANNING_PROC = 0;

export class MemoryWorld implements CollectedWorld {
  constructor(
    private readonly objects: Objects,
    private readonly stacks: Stacks,
    private readonly goroutines: Goroutines,
  ) {}

  get heapLiveBytes(): number {
    return this.objects.heapLiveBytes;
  }

  get heapAllocBytes(): number {
    return this.objects.heapAllocBytes;
  }

  get markedScanBytes(): number {
    return this.objects.markedScanBytes;
  }

  get sweptPages(): number {
    return this.objects.sweptPages;
  }

  get inUsePages(): number {
    return this.objects.inUsePages;
  }

  get unsweptSpans(): number {
    return this.objects.unsweptSpans;
  }

  startMark(): void {
    this.objects.startMark();
    this.stacks.startMark();
    // Stacks are roots, so they are scanned, and shrunk on the way, before the heap is.
    this.goroutines.scan(SCANNING_PROC);
  }

  finishMark(markStartNs: number, nowNs: number): number {
    this.stacks.finishMark();
    return this.objects.finishMark(markStartNs, nowNs);
  }

  sweep(n: number): number {
    return this.objects.sweep(n);
  }

  reclaim(npages: number): number {
    return this.objects.reclaim(npages);
  }
}
