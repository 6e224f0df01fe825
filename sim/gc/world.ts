/**
 * What the garbage collector needs of whatever holds a program's memory, and what it is told in return.
 *
 *     collector ── startMark, finishMark, sweep, reclaim ──►  World   (objects, or the spans of a `spans` workload)
 *         ▲                                                     │
 *         └── beforeSpan (pay for sweeping), heapLiveChanged ◄──┘
 *
 * A cycle goes startMark → finishMark → sweep … until unsweptSpans is 0 → startMark. Only what was dead when marking began
 * is found dead when it ends; what was made since is taken for alive, as the runtime allocates black while it marks.
 */

/** Memory that a collector marks and sweeps. */
export interface World {
  /**
   * Marking begins now. Worlds in which things die by events rather than at a time known beforehand need to hear of it, to
   * tell what died before from what died since; others leave it out.
   */
  startMark?(nowNs: number): void;

  /**
   * Marking began at markStartNs and ends now: what was dead at markStartNs is known to be dead from now on; what was
   * allocated since stays. All spans become unswept.
   * @returns marked bytes
   */
  finishMark(markStartNs: number, nowNs: number): number;

  /** Spans that were not swept since the last mark. */
  readonly unsweptSpans: number;

  /**
   * Sweeps up to n spans in the runtime's order; a span whose last object is dead is freed to the heap.
   * @returns spans swept, fewer than n when none was left
   */
  sweep(n: number): number;

  /**
   * Sweeps before a span allocation of npages (mheap.reclaim): until that many pages were freed or none is left to free.
   * Pages that sweeping freed before count, once.
   * @returns pages freed now
   */
  reclaim(npages: number): number;
}

/**
 * What a World tells its collector while the program allocates. The calls come in the middle of an allocation: a collector
 * may sweep from within them, but must not start or finish a mark there; it schedules that.
 */
export interface CollectorHooks {
  /**
   * Before a span of so many bytes is taken from a central list or from the heap (deductSweepCredit): the place of the
   * proportional sweep. `callerSweepPages` pages are swept by the caller itself and need not be paid for.
   */
  beforeSpan(spanBytes: number, callerSweepPages: number): void;
  /** heapLive changed by so many bytes (gcController.update): the place to test for the trigger, and to assist. */
  heapLiveChanged(deltaBytes: number): void;
}

/** The hooks of a World that nobody collects. */
export const NO_HOOKS: CollectorHooks = {
  beforeSpan: () => {},
  heapLiveChanged: () => {},
};
