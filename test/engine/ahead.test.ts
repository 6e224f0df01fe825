import { describe, expect, it } from "vitest";
import { Ahead } from "../../engine/ahead.js";

/** Whole numbers from 0 on, and the lengths of the blocks in which they were made. */
function counting(): { ahead: Ahead; lengths: number[] } {
  const lengths: number[] = [];
  let next = 0;
  const ahead = new Ahead((block) => {
    lengths.push(block.length);
    for (let i = 0; i < block.length; i++) block[i] = next++;
  });
  return { ahead, lengths };
}

describe("numbers made ahead", () => {
  it("are made when the first is taken, at most about as many again as were taken, and in blocks of bounded size", () => {
    const { ahead, lengths } = counting();
    expect(lengths).toEqual([]);
    for (let taken = 0; taken < 2000; taken++) {
      expect(ahead.next()).toBe(taken);
      const made = lengths.reduce((sum, length) => sum + length, 0);
      expect(made).toBeLessThanOrEqual(2 * taken + 16);
    }
    expect(Math.max(...lengths)).toBe(128);
  });

  it("come in order, one by one and all at once", () => {
    const { ahead } = counting();
    const taken: number[] = [];
    for (let length = 0; length < 200; length += 7) {
      const block = new Float64Array(length);
      ahead.fill(block);
      taken.push(...block, ahead.next(), ahead.next());
    }
    expect(taken).toEqual(taken.map((_, i) => i));
  });

  it("are not made ahead of what is taken all at once", () => {
    const { ahead, lengths } = counting();
    ahead.fill(new Float64Array(1000));
    expect(lengths).toEqual([1000]);
  });
});
