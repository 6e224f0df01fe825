/**
 * A heap map says what the heap was: at each sample its counts are those of the bitmaps, and at its keyframes its pages are
 * those of a run that was stopped there.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../../results/heapmap/bytes.js";
import { HeapMap } from "../../../results/heapmap/heap-map.js";
import { HeapMapError, readHeapMap, readHeapMapParts } from "../../../results/heapmap/read.js";
import { HeapMapRecorder, keyframeTimes } from "../../../results/heapmap/recorder.js";
import { scenarioPath } from "../../../scenarios/library.js";
import { ScenarioRun } from "../../../studies/scenario-run.js";
import { readScenario } from "../../../studies/scenarios.js";
import { countsOf, pagesOf } from "./pages.js";

const folder = mkdtempSync(join(tmpdir(), "mheapsim-heapmap-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SEED = Number(process.env.FC_SEED ?? 118);

/** What the map says of each page at a keyframe. */
function pagesOfKeyframe(map: HeapMap, index: number): Map<number, number> {
  const { states, chunkCount } = map.keyframes[index]!;
  const { chunk_pages: chunkPages } = map.header;
  const pages = new Map<number, number>();
  for (let c = 0; c < chunkCount; c++)
    for (let p = 0; p < chunkPages; p++)
      pages.set(map.chunks[c]! * chunkPages + p, states[c * chunkPages + p]!);
  return pages;
}

function sorted(map: Map<number, number>): [number, number][] {
  return [...map].sort(([a], [b]) => a - b);
}

/** A run with a heap map, and at each sample the counts by a look at every page. */
function record(name: string, sets: readonly string[], keyframes: number) {
  const scenario = readScenario(scenarioPath(name), { params: [], sets });
  const expected: { timeNs: number; search: number; counts: Map<number, number[]> }[] = [];
  const probe = new ScenarioRun(scenario);
  const recorder = new HeapMapRecorder(keyframeTimes(keyframes, probe.durationNs));
  const run = new ScenarioRun(scenario, {
    onlooker: {
      onSample: ({ sim, heap }) => {
        recorder.sample(sim.nowNs, heap);
        const counts = countsOf(heap);
        const { searchPage, maxSearchPage } = heap.pages;
        expected.push({ timeNs: sim.nowNs, search: searchPage === maxSearchPage ? -1 : searchPage, counts });
      },
    },
  });
  run.run();
  const path = join(folder, `${name}-${sets.join("-").replace(/\W+/g, "_")}.bin`);
  writeFileSync(path, recorder.finish(run.heap));
  return { path, expected, run, scenario };
}

const RUNS: readonly [string, readonly string[]][] = [
  ["steady", ["samples=150"]],
  ["burst-of-goroutines", ["samples=140"]],
  ["free-os-memory-under-load", ["samples=70"]],
];

describe.each(RUNS)("the heap map of %s", (name, sets) => {
  const { path, expected, run, scenario } = record(name, sets, 5);
  const map = readHeapMap(path);

  it("has the counts of every chunk at every sample, in any order of looking", () => {
    expect(map.samples).toBe(expected.length);
    // Forward, backward and to and fro: states must not depend on where one came from.
    const order = expected.map((_, i) => i);
    const toAndFro = order.map((i) => (i * 37) % expected.length);
    for (const sample of [...order, ...[...order].reverse(), ...toAndFro]) {
      const { timeNs, search, counts } = expected[sample]!;
      map.seek(sample);
      expect([map.timesNs[sample], map.searchPages[sample]]).toEqual([timeNs, search]);
      const got = Array.from({ length: map.chunkCounts[sample]! }, (_, c) => [
        map.chunks[c]!,
        [map.inUse(c), map.scavenged(c), map.cached(c)],
      ]);
      expect(new Map(got as [number, number[]][])).toEqual(counts);
    }
  });

  it("has the pages and spans of a run that is stopped at a keyframe", () => {
    expect(map.keyframes.length).toBe(5);
    for (const [index, keyframe] of map.keyframes.entries()) {
      const stopped = new ScenarioRun(scenario);
      stopped.sim.run(map.timesNs[keyframe.sample]!);
      expect(sorted(pagesOfKeyframe(map, index))).toEqual(sorted(pagesOf(stopped.heap)));
      const { pages, npages, kinds } = stopped.heap.spans.sorted();
      expect([keyframe.spanPages, keyframe.spanLengths, keyframe.spanKinds]).toEqual([pages, npages, kinds]);
    }
    expect(map.keyframes.at(-1)!.sample).toBe(map.samples - 1);
    expect(run.heap.spans.count).toBe(map.keyframes.at(-1)!.spanPages.length);
  });

  it("finds the sample of a time", () => {
    for (const [i, { timeNs }] of expected.entries()) {
      expect(map.sampleAt(timeNs)).toBe(i);
      if (i > 0) expect(map.sampleAt(timeNs - 1)).toBe(i - 1);
    }
    expect(map.sampleAt(-1)).toBe(0);
  });
});

describe("a heap map that cannot be read", () => {
  const { path } = record("burst-of-goroutines", ["samples=20"], 2);
  const whole = new Uint8Array(readFileSync(path));
  const damaged = (bytes: Uint8Array): string => {
    const file = join(folder, "damaged.bin");
    writeFileSync(file, bytes);
    return file;
  };

  it("is said to be missing, foreign, of another version, or cut off", () => {
    expect(() => readHeapMap(join(folder, "nowhere.bin"))).toThrow(
      /there is no heap map; run with --heapmap/,
    );
    expect(() => readHeapMap(damaged(new TextEncoder().encode("time_ns,heap")))).toThrow(
      /this is no heap map/,
    );
    const newer = whole.slice();
    newer[8] = 9;
    expect(() => readHeapMap(damaged(newer))).toThrow(/of version 9, expected 1/);
    for (const length of [9, 30, whole.length - 1]) {
      expect(() => readHeapMap(damaged(whole.subarray(0, length)))).toThrow(/is damaged/);
    }
  });

  it("never leads to anything but a sentence, whatever is damaged in its records", () => {
    const { header, deflated } = readHeapMapParts(path);
    const body = inflateRawSync(deflated);
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(255), (at, byte) => {
        const copy = body.slice();
        copy[at] = byte;
        try {
          const map = new HeapMap(header, copy);
          map.seek(map.samples - 1);
          // What is looked at later must not fail then.
          for (const keyframe of map.keyframes) expect(keyframe.states.length).toBeGreaterThan(0);
        } catch (error) {
          expect((error as Error).name).toBe("ByteError");
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const copy = whole.slice();
        copy[at] = byte;
        try {
          readHeapMap(damaged(copy));
        } catch (error) {
          expect(error).toBeInstanceOf(HeapMapError);
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});

describe("numbers as bytes", () => {
  it("come back", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            whole: fc.nat(2 ** 31 - 1),
            big: fc.maxSafeNat(),
            signed: fc.integer(),
            word: fc.integer(),
          }),
        ),
        (numbers) => {
          const out = new ByteWriter();
          for (const { whole, big, signed, word } of numbers) {
            out.whole(whole);
            out.whole(big);
            out.signed(signed);
            out.word(word);
          }
          const reader = new ByteReader(out.bytes);
          for (const { whole, big, signed, word } of numbers) {
            expect([reader.whole(), reader.whole(), reader.signed(), reader.word()]).toEqual([
              whole,
              big,
              signed,
              word,
            ]);
          }
          expect(reader.done).toBe(true);
        },
      ),
      { seed: SEED },
    );
  });
});
