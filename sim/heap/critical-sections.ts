/**
 * Where the heap takes its lock: the heap says so, and whoever keeps a book of it (runtime/heap-lock.ts) makes times of it.
 *
 *     enter(alloc) ─► [grew] ─► [releasing]* ─► leave          releasing and released outside of a section are their own
 */

/** What the lock is taken for. */
export const LockOp = { alloc: 0, refill: 1, free: 2, grow: 3, scavenge: 4 } as const;

/** Names by number. */
export const LOCK_OPS = ["alloc", "refill", "free", "grow", "scavenge"] as const;

/** Told of each critical section. Pages are counts. */
export interface CriticalSections {
  /** A section begins. */
  enter(op: number, npages: number): void;
  /** The section that goes on grows the heap. */
  grew(): void;
  /** So many ns of advice to the system in the section. */
  advised(ns: number): void;
  /** The section ends. */
  leave(): void;
  /** A release begins, within a section or not; what it costs stands in the heap's residency. */
  releasing(npages: number): void;
  /** It ends: the pages are put back. */
  released(npages: number): void;
}
