import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { SpanTable } from "../../../sim/heap/span-table.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);

/** Pages at both ends of neighbouring blocks, and at the same place of blocks far apart, in other leaves of the directory. */
const NEIGHBOURS = [0, 2 ** 22, 2 ** 34, 2 ** 40 - 1024].flatMap((first) =>
  [0, 1, 510, 511, 512, 513, 1022, 1023].map((offset) => first + offset),
);

const page = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NEIGHBOURS) },
  { weight: 1, arbitrary: fc.nat(200) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 ** 40 }) },
);

describe("the span table", () => {
  it("does as a Map does, also in neighbouring blocks and far apart", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.constantFrom("add", "add", "add", "remove", "remove", "look"), page, fc.nat(258)),
          {
            maxLength: 300,
            size: "max",
          },
        ),
        (steps) => {
          const table = new SpanTable();
          const map = new Map<number, { npages: number; kind: number; birth: number }>();
          const touched = new Set<number>();
          for (const [what, at, kind] of steps) {
            touched.add(at);
            if (what === "look") table.fetch(Float64Array.from(touched), 0, touched.size);
            if (what === "add") {
              const npages = (at % 97) + kind + 1;
              const birth = touched.size * 1e12 + at;
              expect(table.add(at, npages, kind, birth)).toBe(!map.has(at));
              if (!map.has(at)) map.set(at, { npages, kind, birth });
            } else if (what === "remove") {
              const removed = map.get(at);
              expect(table.remove(at)).toBe(map.delete(at));
              if (removed !== undefined) {
                expect(table.removedPages).toBe(removed.npages);
                expect(table.removedKind).toBe(removed.kind);
              }
            }
            expect(table.npagesAt(at)).toBe(map.get(at)?.npages ?? 0);
            expect(table.kindAt(at)).toBe(map.get(at)?.kind ?? -1);
            expect(table.count).toBe(map.size);
          }
          for (const at of touched) {
            expect(table.npagesAt(at)).toBe(map.get(at)?.npages ?? 0);
            expect(table.kindAt(at)).toBe(map.get(at)?.kind ?? -1);
            expect(table.birthAt(at)).toBe(map.get(at)?.birth ?? Number.NaN);
          }
          const inOrder = [...map.keys()].sort((a, b) => a - b);
          const { pages, npages, kinds } = table.sorted();
          expect([...pages]).toEqual(inOrder);
          expect([...npages]).toEqual(inOrder.map((at) => map.get(at)!.npages));
          expect([...kinds]).toEqual(inOrder.map((at) => map.get(at)!.kind));
          const all: string[] = [];
          table.forEach((npages, kind, birth) => {
            all.push(JSON.stringify({ npages, kind, birth }));
          });
          expect(all.sort()).toEqual([...map.values()].map((span) => JSON.stringify(span)).sort());
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
  });

  it("grows, and empties again", () => {
    const table = new SpanTable();
    const map = new Map<number, number>();
    let wrong = 0;
    for (let i = 0; i < 20000; i++) {
      const at = 2 ** 33 + i * 512 + (i % 7);
      if (!table.add(at, (i % 100) + 1, i % 259, i)) wrong++;
      map.set(at, i);
    }
    expect(table.count).toBe(20000);
    for (const [at, i] of map) {
      if (table.npagesAt(at) !== (i % 100) + 1 || table.kindAt(at) !== i % 259) wrong++;
      if (table.birthAt(at) !== i) wrong++;
      if (i % 3 !== 0 && !table.remove(at)) wrong++;
    }
    for (const [at, i] of map) if (table.npagesAt(at) !== (i % 3 === 0 ? (i % 100) + 1 : 0)) wrong++;
    for (const [at, i] of map) if (table.remove(at) !== (i % 3 === 0)) wrong++;
    expect(wrong).toBe(0);
    expect(table.count).toBe(0);
  });
});
