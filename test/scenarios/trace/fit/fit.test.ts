import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countNumbers, type FittedProgram, fitProgram } from "../../../../scenarios/trace/fit/fit.js";
import { mergeNeighbours } from "../../../../scenarios/trace/fit/merge.js";
import { FitObserver } from "../../../../scenarios/trace/fit/observe.js";
import { SIZE_BUCKETS, sizeBucket, sizeGroup } from "../../../../scenarios/trace/fit/sizes.js";
import type { FittedWindow } from "../../../../scenarios/trace/fit/windows.js";
import { HEAP_TRACE_HEADER, readHeapTrace } from "../../../../scenarios/trace/heap-trace.js";
import { MARK, QUIET, SWEEP } from "../../../../scenarios/trace/statistics/statistics.js";
import { TestFolder } from "../../../setup/files.js";

const folder = new TestFolder();

/** Writes a trace of cycles, in which spans are known by number and freed at the end of a sweep. */
class TraceText {
  readonly #rows = [HEAP_TRACE_HEADER, "0,-1,init,4096,2,2097152,", "0,-1,procs,0,1,,"];
  readonly #dying = new Map<number, [number, number, string][]>();
  #next = 0xc000000000;
  cycle = 0;
  now = 0;

  row(text: string): void {
    this.#rows.push(`${this.now},0,${text}`);
  }

  /** A span that dies in the sweep `age` cycles on, or never (0). */
  span(npages: number, kind: string, age: number): number {
    const address = this.#next;
    this.#next += npages * 8192;
    this.row(`span,${address.toString(16)},${npages},${kind},0`);
    const cycle = this.cycle + age;
    if (age > 0) this.#dying.set(cycle, [...(this.#dying.get(cycle) ?? []), [address, npages, kind]]);
    return address;
  }

  free(address: number, npages: number, kind: string): void {
    this.row(`spanfree,${address.toString(16)},${npages},${kind},`);
  }

  freeDead(): void {
    for (const [address, npages, kind] of this.#dying.get(this.cycle) ?? []) this.free(address, npages, kind);
  }

  async fit(stretches = 10): Promise<FittedProgram> {
    const path = folder.write(`${this.#next}-${this.#rows.length}.csv`, `${this.#rows.join("\n")}\n`);
    const observer = new FitObserver(path);
    await readHeapTrace(path, (row) => observer.add(row));
    observer.finish();
    return fitProgram(observer, stretches);
  }
}

/**
 * A program in two phases of 20 cycles. In the quiet part of each, 80 pages are asked for in the first quarter and 40 in
 * the last eighth, in the second phase three times as many; the first go in the next sweep, the last one cycle later. While
 * it marks, 12 spans of 2 pages that never go, and a work buffer that lives 700 us.
 */
function twoPhases(): TraceText {
  const trace = new TraceText();
  const quiet = (times: number): void => {
    const start = trace.now;
    for (let i = 0; i < 80 * times; i++) {
      trace.now = start + Math.floor((i / (80 * times)) * 200_000);
      trace.span(1, "h4", 1);
    }
    for (let i = 0; i < 40 * times; i++) {
      trace.now = start + 720_000 + Math.floor((i / (40 * times)) * 70_000);
      trace.span(1, "h6", 2);
    }
    trace.now = start + 800_000;
  };
  for (let cycle = 1; cycle <= 40; cycle++) {
    quiet(cycle <= 20 ? 1 : 3);
    trace.cycle = cycle;
    trace.row(`gcstart,${cycle},1,2,3`);
    const buffer = trace.span(4, "w", 0);
    for (let i = 0; i < 12; i++) {
      trace.now += 5_000;
      trace.span(2, "h8", 0);
    }
    trace.now += 40_000;
    trace.row("gcmarkdone,1,2,3,4");
    trace.now += 290_000;
    trace.freeDead();
    trace.now += 10_000;
    trace.row("sweepdone,2,1,,");
    trace.now += 300_000;
    trace.free(buffer, 4, "w");
  }
  return trace;
}

/** Spans that a window asks for, mean of the cycles. */
function asked({ rates }: FittedWindow): number {
  return rates.reduce((sum, { spans }) => sum + spans, 0);
}

describe("the fit of a hand-made program", () => {
  test("finds its phases, rates, sizes and lifetimes", async () => {
    const program = await twoPhases().fit();
    expect(program.stretches.reduce((sum, stretch) => sum + stretch.cycles, 0)).toBe(41);
    // The phase changes in the quiet part of cycle 20.
    let cycles = 0;
    const ends = program.stretches.map((stretch) => {
      cycles += stretch.cycles;
      return cycles;
    });
    expect(ends).toContain(20);
    const long = program.stretches.filter((stretch) => stretch.cycles > 5);
    expect(long.length).toBeGreaterThanOrEqual(2);
    for (const [stretch, times] of [
      [long[0]!, 1],
      [long.at(-1)!, 3],
    ] as const) {
      expect(stretch.partNs).toEqual([100_000, 300_000, 1_100_000]);
      expect(stretch.cycleNs).toBe(1_500_000);
      const of = (part: number) => stretch.windows.filter((window) => window.part === part);
      expect(of(SWEEP)).toEqual([]);
      expect(of(MARK).reduce((sum, window) => sum + asked(window), 0)).toBeCloseTo(12, 6);
      for (const { sorts } of of(MARK))
        expect(sorts).toEqual([
          { share: 1, pages: [[2, 12 * stretch.cycles]], age: 0, inARow: expect.any(Number) },
        ]);
      const quiet = of(QUIET);
      expect(quiet.reduce((sum, window) => sum + asked(window), 0)).toBeCloseTo(120 * times, 6);
      // Early births live one collection, those from 720 us on two; a piece is 69 us long, so one piece may have both.
      for (const { startNs, stopNs, sorts } of quiet) {
        const ages = sorts.map(({ age }) => age);
        if (stopNs <= 400_000 + 690_000) expect(ages).toEqual([1]);
        if (startNs >= 400_000 + 720_000) expect(ages).toEqual([2]);
      }
      expect(new Set(quiet.flatMap(({ sorts }) => sorts.map(({ age }) => age)))).toEqual(new Set([1, 2]));
      // One buffer a cycle, at its beginning.
      expect(stretch.manual.length).toBe(1);
      expect(stretch.manual[0]).toMatchObject({ group: 3, part: MARK, startNs: 0, stopNs: 100_000 });
      expect(stretch.manual[0]!.rates[0]).toEqual({ durationNs: 6_250, spans: 1 });
      for (const sort of stretch.manual[0]!.sorts)
        expect(sort).toEqual({ weight: 1, pages: [[4, 1]], lifetimeNs: 700_000 });
    }
    expect(program.procs).toBe(1);
    expect([program.physPageBytes, program.hugePageBytes]).toEqual([4096, 2097152]);
  });

  test("takes spans that outlive the trace for censored, not for immortal", async () => {
    const trace = new TraceText();
    for (let cycle = 1; cycle <= 10; cycle++) {
      for (let i = 0; i < 50; i++) {
        trace.now += 1000;
        trace.span(1, "h4", 5);
      }
      trace.cycle = cycle;
      trace.row(`gcstart,${cycle},1,2,3`);
      trace.now += 1000;
      trace.row("gcmarkdone,1,2,3,4");
      trace.now += 1000;
      trace.freeDead();
      trace.row("sweepdone,2,1,,");
    }
    const { stretches } = await trace.fit(2);
    expect(stretches.map(({ cycles }) => cycles)).toEqual([1, 10]);
    // Half of the spans are live at the end, but all that could be seen to be five collections old died then.
    const sorts = stretches.flatMap(({ windows }) => windows.flatMap((window) => window.sorts));
    expect(new Set(sorts.map(({ age }) => age))).toEqual(new Set([5]));
  });

  test("keeps few large spans in their order, and tells how many come in a row", async () => {
    const trace = new TraceText();
    const sizes = [100, 16, 3000, 40];
    for (let cycle = 1; cycle <= 8; cycle++) {
      trace.cycle = cycle - 1;
      if (cycle <= 4) trace.span(sizes[cycle - 1]!, "h0", cycle % 2);
      // Four that stay, one after the other, and sixteen that go.
      for (let i = 0; i < 200; i++) {
        trace.now += 1000;
        trace.span(1, "h4", i % 20 < 4 ? 0 : 1);
      }
      trace.cycle = cycle;
      trace.row(`gcstart,${cycle},1,2,3`);
      trace.now += 1000;
      trace.row("gcmarkdone,1,2,3,4");
      trace.now += 1000;
      trace.freeDead();
      trace.row("sweepdone,2,1,,");
    }
    const { stretches } = await trace.fit(2);
    const windows = stretches.flatMap((stretch) => stretch.windows);
    const large = windows.filter(({ isLarge }) => isLarge);
    expect(large.every(({ isInOrder }) => isInOrder)).toBe(true);
    expect(large.flatMap(({ sorts }) => sorts.map(({ pages, age }) => [pages[0]![0], age]))).toEqual([
      [100, 1],
      [16, 0],
      [3000, 1],
      [40, 0],
    ]);
    const small = windows.filter((window) => !window.isLarge && asked(window) > 100);
    expect(small.length).toBeGreaterThan(0);
    for (const { sorts } of small) {
      const stay = sorts.find(({ age }) => age === 0)!;
      // Of four in a row three follow another: 0.8 / 0.25.
      expect(stay.inARow).toBeCloseTo(3.2, 0);
      expect(stay.share).toBeCloseTo(0.2, 1);
      expect(sorts.find(({ age }) => age === 1)!.inARow).toBe(1);
    }
  });

  test("is short, however long the trace", async () => {
    const program = await twoPhases().fit();
    expect(program.stretches.length).toBeLessThanOrEqual(10);
    expect(countNumbers(program)).toBeLessThan(1500);
    expect(countNumbers({ a: [1, [2, 3]], b: "4", c: null })).toBe(3);
  });

  test("of a trace that does nothing is a program that does nothing", async () => {
    const trace = new TraceText();
    trace.now = 1000;
    trace.row("stat,1,1,1,0");
    const program = await trace.fit();
    expect(program.stretches).toEqual([
      { cycles: 1, cycleNs: 1000, partNs: [0, 0, 1000], windows: [], manual: [] },
    ]);
  });
});

describe("neighbours that are merged", () => {
  test("are those that lose least, found anew at each step", () => {
    const row = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 2, maxLength: 2 });
    const rows = fc.array(row, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        rows,
        fc.integer({ min: 1, max: 6 }),
        fc.nat({ max: 2 }),
        fc.constantFrom(0, 2),
        (all, most, apart, least) => {
          const weights = all.map(() => 1);
          const got = mergeNeighbours(all, weights, { most, apart, while: least });
          expect(got).toEqual(slowMerge(all, most, apart, least));
        },
      ),
    );
  });
});

/** Merging with everything computed anew at each step, by the logarithm of the likelihood of Poisson counts. */
function slowMerge(
  rows: number[][],
  most: number,
  apart: number,
  least: number,
): (readonly [number, number])[] {
  const runs = rows.map((_, i) => [i, i + 1] as [number, number]);
  const likelihood = ([from, to]: readonly [number, number]): number =>
    [0, 1].reduce((sum, column) => {
      const count = rows.slice(from, to).reduce((all, row) => all + row[column]!, 0);
      return sum + (count > 0 ? count * Math.log(count / (to - from)) : 0);
    }, 0);
  for (;;) {
    let best = -1;
    let loss = Number.POSITIVE_INFINITY;
    for (let i = apart; i + 1 < runs.length; i++) {
      const [a, b] = [runs[i]!, runs[i + 1]!];
      const lost = likelihood(a) + likelihood(b) - likelihood([a[0], b[1]]);
      if (lost < loss - 1e-9) [best, loss] = [i, lost];
    }
    if (best < 0 || (runs.length <= most && loss >= least - 1e-9)) return runs;
    runs.splice(best, 2, [runs[best]![0], runs[best + 1]![1]]);
  }
}

test("size buckets are in order, and groups do not cut them", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), (npages) => {
      const bucket = sizeBucket(npages);
      expect(bucket).toBeGreaterThanOrEqual(0);
      expect(bucket).toBeLessThan(SIZE_BUCKETS);
      expect(sizeBucket(npages + 1)).toBeGreaterThanOrEqual(bucket);
      if (npages >= 4 && bucket < SIZE_BUCKETS - 1) expect(bucket).toBe(Math.floor(Math.log2(npages)) + 1);
      if (sizeBucket(npages + 1) === bucket) expect(sizeGroup(npages + 1)).toBe(sizeGroup(npages));
    }),
  );
});
