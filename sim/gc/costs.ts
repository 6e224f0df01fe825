/**
 * What things cost in virtual time: the one set of parameters that turns work into nanoseconds.
 *
 * The page heap itself needs none of them, since its steps are atomic and take no time. They decide how fast the
 * scavenger works, how long marking and sweeping take, and so how these interleave with the program.
 *
 * The madvise defaults are the medians of what `mheapsim trace fit-costs` finds in the recorded programs
 * (docs/validation-scavenger.md); a machine's own are found in the same way from one trace.
 */

import type { AdviceCosts } from "../os/huge-advice.js";
import type { Residency } from "../os/residency.js";

/** Costs of returning memory to the system. */
export interface MadviseCosts {
  /** A range released: finding it, two rounds of the heap lock, and the system call without its pages. ns */
  readonly madviseCallNs: number;
  /** Each physical page of a range that was touched, ns. */
  readonly madvisePageNs: number;
  /**
   * Each physical page that was handed out uncleared for a pointer-free object, ns (sim/os/residency.ts). The program
   * writes what it likes of those, and what it left alone costs nothing: between 0 and madvisePageNs.
   */
  readonly madviseUnclearedPageNs: number;
  /** Each huge page that lies in the range and was touched as a whole, ns. */
  readonly madviseHugePageNs: number;
}

export interface Costs extends MadviseCosts, AdviceCosts {
  /** From a wake-up until a thread runs, when a processor is free, ns. */
  readonly wakeUpNs: number;
  /** How long a goroutine that was woken waits while every P is busy: a time slice of the scheduler, ns. */
  readonly timeSliceNs: number;
  /** Marking on one P, ns per byte of live memory that is scanned. */
  readonly markByteNs: number;
  /** Each stop of the world: sweep termination and mark termination, ns. */
  readonly stopTheWorldNs: number;
  /** Sweeping one span, ns. */
  readonly sweepSpanNs: number;
  /** How long a sweeper that yields waits for its next turn while every P is busy, ns. */
  readonly yieldNs: number;
  /** First touch of a physical page that is not resident, ns. Counted as time, and delays nothing. */
  readonly pageFaultNs: number;
  /** First touch that makes a huge page, mostly clearing 2 MiB, ns. Counted as time as well. */
  readonly hugeFaultNs: number;
}

export const DEFAULT_COSTS: Costs = {
  madviseCallNs: 3_200,
  madvisePageNs: 400,
  madviseUnclearedPageNs: 20,
  madviseHugePageNs: 92_000,
  wakeUpNs: 50_000,
  // sysmon looks every 10 ms, and takes the P from a goroutine that it saw running at two looks.
  timeSliceNs: 20_000_000,
  markByteNs: 1,
  stopTheWorldNs: 50_000,
  sweepSpanNs: 500,
  yieldNs: 10_000,
  pageFaultNs: 500,
  // Estimates, not measurements: 2 MiB cleared at 20 GB/s, copied and exchanged, and no memory to be moved out of the way.
  hugeFaultNs: 100_000,
  adviceCallNs: 2_000,
  collapseNs: 400_000,
  compactNs: 0,
};

/**
 * Time that a release takes.
 *
 * @param residency what its last release counted
 * @param physPagesPerPage physical pages in a page of the runtime, below 1 where they are larger
 * @returns whole ns, at least 1
 */
export function madviseNs(costs: MadviseCosts, residency: Residency, physPagesPerPage: number): number {
  const pages = residency.touched * costs.madvisePageNs + residency.optional * costs.madviseUnclearedPageNs;
  const ns = costs.madviseCallNs + pages * physPagesPerPage + residency.huge * costs.madviseHugePageNs;
  return Math.max(1, Math.round(ns));
}
