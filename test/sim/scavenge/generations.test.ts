/** What a reservation is, and what becomes of its rest, in a few chunks. */

import { describe, expect, it } from "vitest";
import { platform } from "../../../sim/address/platforms.js";
import { PageAllocator } from "../../../sim/pages/page-allocator.js";
import { GenerationScavenger } from "../../../sim/scavenge/generations.js";
import { ReleaseRequest } from "../../../sim/scavenge/scavenger.js";

const CHUNK = 2 ** 22;
const CHUNKS = 100;

/** A heap of 100 free chunks, none of them released, in its first generation: a reservation is of 1.56 chunks, and so of two. */
function scavenger(): GenerationScavenger {
  const pages = new PageAllocator(platform("linux/amd64"));
  const { chunkPages, arenaHintOffs, pageBytes } = pages.geometry;
  const base = arenaHintOffs[0]! / pageBytes;
  pages.grow(base, CHUNKS * chunkPages);
  pages.reclaim(base, CHUNKS * chunkPages);
  const scavenger = new GenerationScavenger(pages);
  scavenger.startGeneration();
  return scavenger;
}

const left = ({ inUse }: GenerationScavenger): number => inUse.totalBytes / CHUNK;

describe("a reservation", () => {
  it("is a 64th of the heap, in whole chunks from the top, and nobody else gets it", () => {
    const all = scavenger();
    const [one, other] = [new ReleaseRequest(), new ReleaseRequest()];
    all.reserve(one);
    all.reserve(other);
    expect([one.size / CHUNK, other.size / CHUNK, left(all)]).toEqual([2, 2, CHUNKS - 4]);
    expect(other.limit).toBe(one.base);
  });

  it("gives back what was not searched", () => {
    const all = scavenger();
    const request = new ReleaseRequest();
    all.begin(request, false);
    expect(all.next(request, 8192)).toBe(true);
    all.beginRelease(request.page, request.npages);
    all.endRelease(request.page, request.npages);
    all.end(request);
    // Not the page that was released, and what is above it.
    expect(left(all)).toBe(CHUNKS - (request.npages * 8192) / CHUNK);
  });

  it("gives nothing back to a later generation, which looks at all of it anew", () => {
    const all = scavenger();
    const request = new ReleaseRequest();
    all.reserve(request);
    all.startGeneration();
    expect(left(all)).toBe(CHUNKS);
    all.unreserve(request);
    expect(left(all)).toBe(CHUNKS);
  });
});
