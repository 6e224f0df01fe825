/**
 * The memory of a system the obvious way: an object for each page, and one for each region of a huge page. It answers to the
 * same calls as Residency and HugePages together, and shares no code with them.
 */

export interface NaiveOptions {
  /** Runtime pages of a region; 0: no huge pages. */
  readonly regionPages: number;
  readonly thp: "always" | "madvise" | "none";
  readonly physPages: number;
  readonly lazy: boolean;
  readonly maxPages: number;
}

interface Page {
  used: boolean;
  there: boolean;
  /** Whether somebody wrote to it for sure. */
  written: boolean;
  lazy: boolean;
}

interface Region {
  huge: boolean;
  table: boolean;
  advice: "none" | "huge" | "small";
}

export class NaiveResidency {
  readonly pages: Page[];
  readonly regions: Region[] = [];
  faulted = 0;
  hugeFaults = 0;
  advisedFaults = 0;
  splits = 0;

  constructor(
    readonly options: NaiveOptions,
    pages: number,
  ) {
    this.pages = Array.from({ length: pages }, () => ({
      used: false,
      there: false,
      written: false,
      lazy: false,
    }));
    if (options.regionPages === 0 || options.thp === "none") return;
    for (let p = 0; p < pages; p += options.regionPages) {
      this.regions.push({ huge: false, table: false, advice: "none" });
    }
  }

  get resident(): number {
    return this.pages.filter((page) => page.there).length;
  }

  regionOf(p: number): Region | undefined {
    return this.regions[Math.floor(p / this.options.regionPages)];
  }

  inRegion(region: Region): Page[] {
    const r = this.regions.indexOf(region);
    return this.pages.slice(r * this.options.regionPages, (r + 1) * this.options.regionPages);
  }

  allowed({ advice }: Region): boolean {
    return this.options.thp === "always" ? advice !== "small" : advice === "huge";
  }

  use(from: number, npages: number, programsChoice: boolean): void {
    const span = this.pages.slice(from, from + npages);
    const cleared = !programsChoice || span.some((page) => page.used);
    for (let p = from; p < from + npages; p++) {
      this.touch(p);
      const page = this.pages[p]!;
      page.used = true;
      page.written = cleared;
    }
  }

  /** One page is written to. */
  private touch(p: number): void {
    const region = this.regionOf(p);
    const group = Math.floor(p / this.options.physPages) * this.options.physPages;
    const unit = region?.huge
      ? this.inRegion(region)
      : this.pages.slice(group, group + this.options.physPages);
    for (const page of unit) page.lazy = false;
    if (this.pages[p]!.there) return;
    if (region !== undefined && !region.table && this.allowed(region)) {
      if (this.resident + this.options.regionPages <= this.options.maxPages) {
        region.huge = true;
        this.hugeFaults++;
        if (region.advice === "huge") this.advisedFaults++;
        for (const page of this.inRegion(region)) page.there = true;
        return;
      }
    }
    if (region !== undefined) region.table = true;
    for (const page of this.pages.slice(group, group + this.options.physPages)) {
      if (!page.there) this.faulted++;
      page.there = true;
    }
  }

  /** @returns pages written, pages of which the program decided, and huge pages or what could be ones, as a release counts them */
  release(from: number, npages: number): [number, number, number] {
    const { regionPages, lazy } = this.options;
    let [written, choice, huge] = [0, 0, 0];
    const counted = new Set<number>();
    for (let r = 0; regionPages > 0 && r * regionPages < this.pages.length; r++) {
      const first = r * regionPages;
      if (first < from || first + regionPages > from + npages) continue;
      const inside = this.pages.slice(first, first + regionPages);
      const region = this.regions[r];
      const all =
        region === undefined
          ? inside.every((page) => page.there && (page.written || !page.used) && !page.lazy)
          : region.huge;
      if (!all || inside.every((page) => page.lazy)) continue;
      huge++;
      for (let p = first; p < first + regionPages; p++) counted.add(p);
    }
    for (let p = from; p < from + npages; p++) {
      const page = this.pages[p]!;
      if (counted.has(p) || !page.there || page.lazy) continue;
      // What came in with others is there like what was written.
      if (page.used && !page.written) choice++;
      else written++;
    }
    for (const region of this.regions) {
      if (!region.huge) continue;
      const first = this.regions.indexOf(region) * regionPages;
      const whole = first >= from && first + regionPages <= from + npages;
      const apart = first >= from + npages || first + regionPages <= from;
      if (apart || (whole && lazy)) continue;
      region.huge = false;
      if (whole) continue;
      region.table = true;
      this.splits++;
    }
    for (let p = from; p < from + npages; p++) {
      const page = this.pages[p]!;
      page.written = true;
      if (lazy) page.lazy = page.there;
      else page.there = false;
    }
    return [written, choice, huge];
  }

  collapse(r: number, maxAbsent: number): boolean {
    const region = this.regions[r]!;
    const inside = this.inRegion(region);
    const absent = inside.filter((page) => !page.there).length;
    if (region.huge || absent === inside.length || absent > maxAbsent) return false;
    if (this.resident + absent > this.options.maxPages) return false;
    for (const page of inside) {
      page.there = true;
      page.lazy = false;
    }
    region.huge = true;
    region.table = false;
    return true;
  }

  advise(from: number, to: number, wanted: boolean): void {
    for (const region of this.regions.slice(from, to)) region.advice = wanted ? "huge" : "small";
  }
}
