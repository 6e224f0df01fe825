/** Counts of spans and free runs beside slow and plain ones. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HistogramRecorder, histogramsText, isHistograms } from "../../results/histograms.js";
import { platform } from "../../sim/address/platforms.js";
import { Fragmentation } from "../../sim/heap/fragmentation.js";
import { Heap } from "../../sim/heap/heap.js";
import { KIND_BITS, KIND_STACK } from "../../sim/heap/kinds.js";
import { PAGE_BUCKETS, pageBucket, pageBucketStart } from "../../sim/heap/page-buckets.js";
import { AGE_BUCKETS_NS, ageBucket, SPAN_GROUPS } from "../../sim/heap/span-census.js";

const GROUP_OF = (kind: number) => (kind < KIND_STACK ? "heap" : kind === KIND_STACK ? "stack" : "gc");

/** The last bucket that begins at or below a value. */
function slowBucket(starts: readonly number[], value: number): number {
  return starts.filter((start) => start <= value).length - 1;
}

describe("buckets", () => {
  const starts = Array.from({ length: PAGE_BUCKETS }, (_, i) => pageBucketStart(i));

  it("of pages are those of their starts", () => {
    expect(starts.slice(0, 10)).toEqual([1, 2, 3, 4, 6, 8, 12, 16, 24, 32]);
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 2 ** 36 })),
        (pages) => {
          expect(pageBucket(pages)).toBe(slowBucket(starts, pages));
        },
      ),
    );
  });

  it("of ages are those of their starts", () => {
    const ages = fc.oneof(
      fc.integer({ min: 0, max: 1e4 }),
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc.tuple(fc.constantFrom(...AGE_BUCKETS_NS.slice(1)), fc.constantFrom(-1, 0, 1)).map(([a, b]) => a + b),
      fc.tuple(fc.nat(52), fc.constantFrom(-1, 0, 1)).map(([power, b]) => Math.max(0, 2 ** power + b)),
    );
    fc.assert(fc.property(ages, (age) => void expect(ageBucket(age)).toBe(slowBucket(AGE_BUCKETS_NS, age))));
  });
});

/** What a program does: allocates, or frees the n-th of its spans, after some time. */
const steps = fc.array(
  fc.record({
    afterNs: fc.integer({ min: 0, max: 1e8 }),
    pages: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 3000 })),
    kind: fc.constantFrom(3, 40, KIND_STACK, KIND_BITS),
    frees: fc.boolean(),
    which: fc.nat(),
  }),
  { minLength: 1, maxLength: 150 },
);

describe("histograms", () => {
  it("count what a program did", () => {
    fc.assert(
      fc.property(steps, (program) => {
        const heap = new Heap(platform("linux/amd64"));
        heap.resizeProcs(1);
        const recorder = new HistogramRecorder();
        heap.census = recorder.census;
        const fragmentation = new Fragmentation();
        const allocated: { pages: number; kind: number }[] = [];
        const freedAges: { age: number; kind: number }[] = [];
        const live: { page: number; pages: number; kind: number; birth: number }[] = [];
        let now = 0;
        for (const { afterNs, pages, kind, frees, which } of program) {
          now += afterNs;
          recorder.census.nowNs = now;
          if (frees && live.length > 0) {
            const [span] = live.splice(which % live.length, 1);
            heap.freeSpan(span!.page);
            freedAges.push({ age: now - span!.birth, kind: span!.kind });
          } else {
            live.push({ page: heap.allocSpan(0, pages, kind), pages, kind, birth: now });
            allocated.push({ pages, kind });
          }
          fragmentation.measure(heap.pages, heap.caches);
          recorder.sample(now, heap, fragmentation.freeRuns);
        }
        const found = recorder.finish(now, heap);
        const sizes = found.page_buckets;
        const ages = found.age_buckets_ns;
        for (const group of SPAN_GROUPS) {
          const inGroup = ({ kind }: { kind: number }): boolean => GROUP_OF(kind) === group;
          expect(found.allocated_spans[group]).toEqual(
            counted(allocated.filter(inGroup).map(({ pages }) => slowBucket(sizes, pages))),
          );
          expect(found.freed_by_age[group]).toEqual(
            counted(freedAges.filter(inGroup).map(({ age }) => slowBucket(ages, age))),
          );
          expect(found.live_by_age[group]).toEqual(
            counted(live.filter(inGroup).map(({ birth }) => slowBucket(ages, now - birth))),
          );
          expect(found.moments.at(-1)!.live_spans[group]).toEqual(
            counted(live.filter(inGroup).map(({ pages }) => slowBucket(sizes, pages))),
          );
        }
        expect(found.moments.at(-1)!.free_runs).toEqual(
          counted(freeRuns(heap).map((run) => slowBucket(sizes, run))),
        );
        expect(JSON.parse(histogramsText(found))).toEqual(found);
        expect(isHistograms(found)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("keep few moments, evenly apart, and the extremes exactly", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1500 }), fc.nat(), fc.nat(), (samples, a, b) => {
        const [peakAt, brokenAt] = [a % samples, b % samples];
        const heap = new Heap(platform("linux/amd64"));
        const recorder = new HistogramRecorder();
        for (let i = 0; i < samples; i++) {
          heap.statistics.heapInUseBytes = i === peakAt ? 100 : 50;
          recorder.sample(i * 10, heap, i === brokenAt ? 7 : 3);
        }
        const found = recorder.finish((samples - 1) * 10, heap);
        const times = found.moments.map((moment) => moment.time_ns);
        expect(found.at_peak_heap_inuse.time_ns).toBe(peakAt * 10);
        expect(found.at_most_free_runs).toMatchObject({ time_ns: brokenAt * 10 });
        expect(times[0]).toBe(0);
        expect(times.at(-1)).toBe((samples - 1) * 10);
        expect(times.length).toBeLessThanOrEqual(65);
        if (samples > 64) expect(times.length).toBeGreaterThanOrEqual(32);
        const gaps = times.slice(1, -1).map((time, i) => time - times[i]!);
        expect(new Set(gaps).size).toBeLessThanOrEqual(1);
        const last = times.length < 2 ? 0 : times.at(-1)! - times.at(-2)!;
        expect(last).toBeLessThanOrEqual(gaps[0] ?? last);
      }),
    );
  });

  it.each([null, {}, { moments: [] }, { page_buckets: [1], age_buckets_ns: ["0"] }])("are not %j", (json) => {
    expect(isHistograms(json)).toBe(false);
  });
});

/** How often each bucket occurs, without zeros at the end. */
function counted(buckets: readonly number[]): number[] {
  const counts = new Array<number>(buckets.length === 0 ? 0 : Math.max(...buckets) + 1).fill(0);
  for (const bucket of buckets) counts[bucket]!++;
  return counts;
}

/** Lengths of the runs of free pages, page by page. */
function freeRuns({ pages, geometry }: Heap): number[] {
  const runs: number[] = [];
  const { tree, inUse } = pages;
  for (let r = 0; r < inUse.length; r++) {
    let run = 0;
    const [base, limit] = [inUse.bases[r]! / geometry.pageBytes, inUse.limits[r]! / geometry.pageBytes];
    for (let page = base; page < limit; page++) {
      const flat = tree.flatChunk(Math.floor(page / geometry.chunkPages));
      const bit = page % geometry.chunkPages;
      const isFree = ((tree.allocBits[flat * tree.wordsPerChunk + (bit >>> 5)]! >>> (bit & 31)) & 1) === 0;
      if (isFree) run++;
      else {
        if (run > 0) runs.push(run);
        run = 0;
      }
    }
    if (run > 0) runs.push(run);
  }
  return runs;
}
