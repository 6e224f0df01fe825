/** Pictures of heap maps show what the maps say: shares of chunks over time, and pages at keyframes. */

import { describe, expect, it } from "vitest";
import { PageState } from "../../../results/heapmap/heap-map.js";
import { heapmap } from "../../../results/plots/kinds/heapmap.js";
import { pages } from "../../../results/plots/kinds/pages.js";
import { THEMES } from "../../../results/plots/theme.js";
import { madeUpRun } from "./runs.js";

const run = madeUpRun();
const map = run.heapMap!();
const { chunk_pages: chunkPages, page_bytes: pageBytes } = map.header;
const chunkBytes = chunkPages * pageBytes;
const options = { theme: THEMES.light, atNs: [] as number[] };
const datasets = (spec: { datasets?: unknown }) => spec.datasets as Record<string, Record<string, number>[]>;

describe("the heap map", () => {
  const cells = datasets(heapmap.spec([run], options)).cells_1!;

  it("has in each row and column the shares of the chunk, to a step of the picture", () => {
    for (let column = 0; column < 160; column += 7) {
      const timeNs = Math.round((column * 4e9) / 160);
      map.seek(map.sampleAt((column * 4e9) / 160));
      for (let chunk = 0; chunk < map.chunkCounts[map.current]!; chunk++) {
        const bottom = chunk * chunkBytes;
        const shown = cells.find(
          (cell) =>
            String(cell.state) === "in use" &&
            cell.bottom === bottom &&
            cell.from_ns! <= timeNs &&
            cell.to_ns! > timeNs,
        );
        const share = ((shown?.top ?? bottom) - bottom) / chunkBytes;
        expect(Math.abs(share - map.inUse(chunk) / chunkPages)).toBeLessThanOrEqual(0.5 / 20 + 1e-9);
      }
    }
  });

  it("never shows a state twice at the same place", () => {
    for (const cell of cells) {
      const others = cells.filter(
        (other) => other !== cell && other.state === cell.state && other.bottom === cell.bottom,
      );
      for (const other of others)
        expect(other.to_ns! <= cell.from_ns! || other.from_ns! >= cell.to_ns!).toBe(true);
    }
  });

  it("has searchAddr where the allocator had it", () => {
    const [first, ...line] = datasets(heapmap.spec([run], options)).search_1!;
    expect(first!.time_ns).toBe(0);
    const last = map.searchPages.at(-1)!;
    const place = map.chunks.indexOf(Math.floor(last / chunkPages));
    expect(line.at(-1)!.bytes).toBe((place * chunkPages + (last % chunkPages)) * pageBytes);
  });
});

describe("the page grid", () => {
  it.each(map.keyframes.map((_, index) => index))("of keyframe %s has every page in its state", (index) => {
    const keyframe = map.keyframes[index]!;
    const atNs = [map.timesNs[keyframe.sample]!];
    const rects = datasets(pages.spec([run], { ...options, atNs })).pages_1!;
    const names = {
      "in use": PageState.inUse,
      "in page caches": PageState.cached,
      free: PageState.free,
      scavenged: PageState.scavenged,
    };
    const states = new Uint8Array(keyframe.states.length).fill(255);
    for (const { row, from_page: from, to_page: to, state } of rects)
      states.fill(
        names[state as unknown as keyof typeof names],
        row! * chunkPages + from!,
        row! * chunkPages + to!,
      );
    expect(Buffer.compare(states, keyframe.states)).toBe(0);
  });

  it("takes the nearest keyframe and says which; each once", () => {
    const spec = pages.spec([run], { ...options, atNs: [1.9e9, 1.9e9 + 1, 0] });
    const titles = (spec.vconcat as { title: { text: string } }[]).map(({ title }) => title.text);
    expect(titles).toEqual([
      "Keyframe 2 of 4, at 2.03 s, the nearest to 1.9 s",
      "Keyframe 1 of 4, at 1.01 s, the nearest to 0 ns",
    ]);
  });

  it("says how to get what a run does not have", () => {
    expect(() => pages.spec([madeUpRun({ heapMap: null })], options)).toThrow(
      "made-up/heapmap.bin is missing, and pages shows what is in it: run it again with --heapmap",
    );
    const empty = Object.assign(run.heapMap!(), { keyframes: [] });
    expect(() => pages.spec([madeUpRun({ heapMap: () => empty })], options)).toThrow(
      "made-up has a heap map without keyframes, and pages shows those: run it again with --heapmap --keyframes 16",
    );
  });
});
