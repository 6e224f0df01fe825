/**
 * Which aligned pieces of the heap, *regions*, the system backs by one huge page, as Linux does for anonymous memory.
 *
 *                      first touch, nothing there, allowed
 *       nothing ───────────────────────────────────────────────► huge page
 *        │   ▲                                                     │    ▲
 *        │   └──────────── all of it released at once ─────────────┤    │ khugepaged, MADV_COLLAPSE
 *        │ first touch, not allowed                                │    │
 *        ▼                                     a part of it released    │
 *       page table of small pages ◄────────────────────────────────┘    │
 *                  └────────────────────────────────────────────────────┘
 *
 * Once a region has a table of small pages it keeps that, even when all of them have gone back: its pages are then faulted in
 * one by one, until somebody collapses it (Linux up to 6.13 frees the table of a released region only with its mapping).
 *
 * Allowed means: by the system for everybody (THP=always), or because the program advised it (MADV_HUGEPAGE), and not if
 * the program advised against it (MADV_NOHUGEPAGE). Advice is about regions as a whole, which is how the runtime gives it.
 *
 * This file keeps the books. Who decides is elsewhere: residency.ts what is touched and released, khugepaged.ts what is
 * collapsed, huge-advice.ts what the runtime says.
 */

/** What the system allows: /sys/kernel/mm/transparent_hugepage/enabled, but for `never`, where none of this exists. */
export type ThpMode = "always" | "madvise";

const BACKED = 1;
const TABLE = 2;
const ADVISED = 4;
const REFUSED = 8;

export class HugePages {
  /** Regions backed by a huge page now. */
  backed = 0;
  /** Huge pages that a first touch made, and those of them in memory for which the program had asked. */
  faults = 0;
  advisedFaults = 0;
  /** Huge pages that were broken into small ones. */
  splits = 0;

  /** Flags by region; those without any have no entry. */
  private readonly flags = new Map<number, number>();

  /**
   * @param mode what the system allows
   * @param pages runtime pages in a huge page
   */
  constructor(
    readonly mode: ThpMode,
    readonly pages: number,
  ) {}

  /** Whether a region is one huge page. */
  isBacked(region: number): boolean {
    return (this.flagsOf(region) & BACKED) !== 0;
  }

  /** Whether a region has small pages, or had. */
  hasTable(region: number): boolean {
    return (this.flagsOf(region) & TABLE) !== 0;
  }

  /** Whether the program refused huge pages for a region. */
  isRefused(region: number): boolean {
    return (this.flagsOf(region) & REFUSED) !== 0;
  }

  /** Whether the program asked for huge pages in a region. */
  isAdvised(region: number): boolean {
    return (this.flagsOf(region) & ADVISED) !== 0;
  }

  /** Whether the system may make a huge page of a region of its own accord. */
  isAllowed(region: number): boolean {
    const flags = this.flagsOf(region);
    return (flags & ADVISED) !== 0 || (this.mode === "always" && (flags & REFUSED) === 0);
  }

  /** Whether the first touch of a region makes it a huge page. */
  mayFault(region: number): boolean {
    return (this.flagsOf(region) & (BACKED | TABLE)) === 0 && this.isAllowed(region);
  }

  /** A first touch makes a region a huge page. */
  fault(region: number): void {
    this.faults++;
    if (this.isAdvised(region)) this.advisedFaults++;
    this.back(region);
  }

  /** A region becomes a huge page. */
  back(region: number): void {
    this.flags.set(region, (this.flagsOf(region) & ~TABLE) | BACKED);
    this.backed++;
  }

  /** A small page of a region was touched. */
  tableMade(region: number): void {
    const flags = this.flagsOf(region);
    if ((flags & TABLE) === 0) this.flags.set(region, flags | TABLE);
  }

  /** A huge page becomes small ones, some of which go. */
  split(region: number): void {
    this.splits++;
    this.backed--;
    this.flags.set(region, (this.flagsOf(region) & ~BACKED) | TABLE);
  }

  /** A huge page goes as a whole. */
  drop(region: number): void {
    this.backed--;
    this.flags.set(region, this.flagsOf(region) & ~BACKED);
  }

  /**
   * The program advises for or against huge pages in regions [from, to) (MADV_HUGEPAGE, MADV_NOHUGEPAGE). What is there stays
   * as it is.
   */
  advise(from: number, to: number, wanted: boolean): void {
    for (let region = from; region < to; region++) {
      this.flags.set(region, (this.flagsOf(region) & ~(ADVISED | REFUSED)) | (wanted ? ADVISED : REFUSED));
    }
  }

  /** Calls back with each region that is a huge page, in the order in which regions were first known. */
  forEachBacked(callback: (region: number) => void): void {
    for (const [region, flags] of this.flags) if ((flags & BACKED) !== 0) callback(region);
  }

  private flagsOf(region: number): number {
    return this.flags.get(region) ?? 0;
  }
}
