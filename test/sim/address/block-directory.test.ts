import { describe, expect, it } from "vitest";
import { BLOCK_PAGES, BlockDirectory, NO_PLACE } from "../../../sim/address/block-directory.js";

describe("the directory of blocks", () => {
  it("gives places in the order of first use, the same for all pages of a block, in any region", () => {
    const directory = new BlockDirectory();
    const firsts = [2 ** 34 + 512, 0, 2 ** 22, 2 ** 34, 2 ** 40 - 512, 2 ** 22 - 512];
    for (const first of firsts) expect(directory.find(first)).toBe(NO_PLACE);
    firsts.forEach((first, i) => {
      expect(directory.place(first + 7)).toBe(i);
    });
    expect(directory.count).toBe(firsts.length);
    firsts.forEach((first, i) => {
      expect(directory.find(first)).toBe(i);
      expect(directory.place(first + BLOCK_PAGES - 1)).toBe(i);
      expect(directory.blockNumbers[i]).toBe(first / BLOCK_PAGES);
    });
    expect(directory.find(2 ** 34 + 1024)).toBe(NO_PLACE);
    expect(directory.find(2 ** 40)).toBe(NO_PLACE);
    expect(directory.count).toBe(firsts.length);
  });
});
