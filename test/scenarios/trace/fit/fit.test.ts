import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countNumbers, type FittedProgram, fitProgram } from "../../../../scenarios/trace/fit/fit.js";
import { FitObserver, SIZE_BUCKETS, sizeBucket, sizeGroup } from "../../../../scenarios/trace/fit/observe.js";
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

  async fit(): Promise<FittedProgram> {
    const path = folder.write(`${this.#next}-${this.#rows.length}.csv`, `${this.#rows.join("\n")}\n`);
    const observer = new FitObserver(path);
    await readHeapTrace(path, (row) => observer.add(row));
    observer.finish();
    return fitProgram(observer);
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
      const quiet = stretch.parts[QUIET]!;
      expect(quiet.durationNs).toBe(1_100_000);
      expect(quiet.arrivals.reduce((sum, n) => sum + n, 0)).toBeCloseTo(120 * times, 6);
      expect(stretch.parts[MARK]!.durationNs).toBe(100_000);
      expect(stretch.parts[MARK]!.arrivals.reduce((sum, n) => sum + n, 0)).toBeCloseTo(12, 6);
      expect(stretch.parts[SWEEP]).toMatchObject({ durationNs: 300_000, arrivals: [0] });
      expect(stretch.medium).toEqual([]);
      const all = 120 * times + 12;
      expect(stretch.sizes[0]).toBeCloseTo((120 * times) / all, 3);
      expect(stretch.sizes[1]).toBeCloseTo(12 / all, 3);
    }
    // Early and late births live one and two cycles.
    expect(long[0]!.parts[QUIET]!.early).toEqual([[1, 1]]);
    expect(long[0]!.parts[QUIET]!.late).toEqual([[2, 1]]);
    expect(program.sizes.slice(0, 3)).toEqual([[1], [2], []]);
    // All frees come 290 of 300 us into the sweep.
    expect(program.sweepFrees).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
    expect(program.manual).toEqual([
      expect.objectContaining({
        group: 3,
        sizes: [[4, 1]],
        freedShare: 1,
        lifetimesNs: Array(8).fill(700_000),
      }),
    ]);
    expect(program.procs).toBe(1);
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
    const { stretches } = await trace.fit();
    // Half of the spans are live at the end, but whoever could be seen to be five cycles old died then.
    const early = stretches.slice(0, 5).map((stretch) => stretch.parts[QUIET]!.early);
    expect(early).toEqual(Array(5).fill([[5, 1]]));
  });

  test("is short, however long the trace", async () => {
    const program = await twoPhases().fit();
    expect(program.stretches.length).toBeLessThanOrEqual(10);
    expect(countNumbers(program)).toBeLessThan(400);
    expect(countNumbers({ a: [1, [2, 3]], b: "4", c: null })).toBe(3);
  });

  test("of a trace that does nothing is a program that does nothing", async () => {
    const program = await new TraceText().fit();
    expect(program.stretches.length).toBe(1);
    expect(program.stretches[0]!.parts.map((part) => part.arrivals)).toEqual([[0], [0], [0]]);
    expect(program.manual).toEqual([]);
  });
});

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
