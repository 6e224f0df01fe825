/**
 * khugepaged: the thread of Linux that makes huge pages of small ones, whether the program likes it or not.
 *
 *     heap     |region|region|region|region|region|region|      every scanNs so many pages are looked at,
 *                        ▲── cursor ──►                          from where the last look ended, around and around
 *
 * A region becomes a huge page when that is allowed, something of it is resident, and at most max_ptes_none of its physical
 * pages are not. With the default, 511 of 512, one page is enough: what the scavenger released around it is back in
 * memory, and the runtime does not know (golang/go#8832, #64332).
 *
 * A look costs as many pages of the budget as a region has, whatever it finds; regions for which the program refused huge
 * pages are mappings of their own, which are passed over at the price of one. Of all memory of the machine only the heap is
 * there to be looked at, so that khugepaged comes by more often here than on a machine that has other programs.
 */

import { Priority, type Simulation } from "../../engine/simulation.js";
import type { PageAllocator } from "../pages/page-allocator.js";
import type { HugePages } from "./huge-pages.js";
import type { Residency } from "./residency.js";

/** How khugepaged is set: the files in /sys/kernel/mm/transparent_hugepage/khugepaged. */
export interface KhugepagedOptions {
  /** Physical pages of a huge page that may be absent (max_ptes_none). */
  readonly maxPtesNone: number;
  /** Physical pages looked at in a round (pages_to_scan); 0 for a machine on which it does not run. */
  readonly scanPages: number;
  /** Time between two rounds, ns (scan_sleep_millisecs). */
  readonly scanNs: number;
}

/** Linux' own. */
export const DEFAULT_KHUGEPAGED: KhugepagedOptions = {
  maxPtesNone: 511,
  scanPages: 4096,
  scanNs: 10_000_000_000,
};

export class Khugepaged {
  /** Regions that it made huge pages of, and pages that this brought into memory. */
  collapses = 0;
  broughtInPages = 0;
  /** Called at each collapse with the first page of the region. */
  onCollapse: ((page: number) => void) | null = null;

  private readonly kind: number;
  private readonly regionBytes: number;
  private readonly regionPages: number;
  /** Physical pages of a region. */
  private readonly regionPtes: number;
  private readonly maxAbsentPages: number;
  /** The next region to look at. */
  private cursor = 0;

  constructor(
    private readonly sim: Simulation,
    private readonly pages: PageAllocator,
    private readonly residency: Residency,
    private readonly huge: HugePages,
    private readonly options: KhugepagedOptions,
  ) {
    const { pageBytes, physPageBytes } = pages.geometry;
    this.regionPages = huge.pages;
    this.regionBytes = huge.pages * pageBytes;
    this.regionPtes = this.regionBytes / physPageBytes;
    this.maxAbsentPages = Math.floor((options.maxPtesNone * physPageBytes) / pageBytes);
    this.kind = sim.handler("khugepaged: scan", Priority.background, () => this.#scan());
    if (options.scanPages > 0) sim.schedule(sim.nowNs + options.scanNs, this.kind);
  }

  /** One round. */
  #scan(): void {
    const { inUse } = this.pages;
    let regions = 0;
    for (let i = 0; i < inUse.length; i++) regions += (inUse.limits[i]! - inUse.bases[i]!) / this.regionBytes;
    // Nothing is looked at twice in a round.
    let budget = this.options.scanPages;
    for (let looked = 0; looked < regions && budget > 0; looked++) budget -= this.#look(this.#next());
    this.sim.schedule(this.sim.nowNs + this.options.scanNs, this.kind);
  }

  /** The next region of the heap at or after the cursor, or else the first. */
  #next(): number {
    const { inUse } = this.pages;
    let off = inUse.findAddrGreaterEqual(this.cursor * this.regionBytes);
    if (off < 0) off = inUse.bases[0]!;
    const region = Math.floor(off / this.regionBytes);
    this.cursor = region + 1;
    return region;
  }

  /** Looks at a region. @returns what that costs of the budget */
  #look(region: number): number {
    const { huge, residency } = this;
    if (!huge.isAllowed(region)) return 1;
    const present = residency.residentIn(region);
    if (residency.collapse(region, this.maxAbsentPages)) {
      this.collapses++;
      this.broughtInPages += this.regionPages - present;
      this.onCollapse?.(region * this.regionPages);
    }
    return this.regionPtes;
  }
}
