/**
 * What a case of a vector file is compared with: the Check, the place of the case, and the geometry.
 *
 * Addresses of vectors lie in the heap of the runtime's own tests. Its chunks are numbered from a first one that lies
 * 0xc000 chunks (0x100 on 32 bits) above the raw address 0:
 *
 *     raw 0x0 ······ 0x3000000000 [ chunk 0 ][ chunk 1 ] …         a page is [chunk, page of the chunk]
 */

import { InputError } from "../../scenarios/input-error.js";
import { type Geometry, GeometryError } from "../../sim/address/geometry.js";
import type { Check } from "../check.js";
import { ChunkBits } from "./chunk-bits.js";

/** The first chunk of the tests' heap, counted in chunks from the raw address 0. */
const BASE_CHUNK_64 = 0xc000;
const BASE_CHUNK_32 = 0x100;

/** What all cases of a file share. */
export class VectorContext {
  /** The first chunk of the tests' heap, in the offset address space. */
  readonly baseChunk: number;
  #chunk: ChunkBits | undefined;

  /** @throws InputError when the tests' heap lies outside the address space */
  constructor(
    readonly path: string,
    readonly geometry: Geometry,
    readonly check: Check,
  ) {
    const { chunkBytes, heapAddrBits } = geometry;
    const raw = (heapAddrBits > 32 ? BASE_CHUNK_64 : BASE_CHUNK_32) * chunkBytes;
    this.baseChunk = geometry.offOfRaw(raw) / chunkBytes;
    if (!Number.isInteger(this.baseChunk)) {
      throw new InputError(
        path,
        0,
        0,
        `vectors have their heap at 0x${raw.toString(16)}, which ${geometry.name} does not have: expected a larger address space`,
      );
    }
  }

  /** One chunk to try bitmaps on, the same for all cases since it takes memory. */
  get chunk(): ChunkBits {
    this.#chunk ??= new ChunkBits(this.geometry, this.baseChunk);
    return this.#chunk;
  }
}

/** Where a case stands in its file. */
export interface CasePlace {
  readonly line: number;
  readonly column: number;
  readonly name: string;
}

/** Compares the results of one case. */
export class CaseCheck {
  /** Describes the state around a mismatch. */
  state: () => string = () => "";
  #step = "";

  constructor(
    readonly context: VectorContext,
    readonly place: CasePlace,
  ) {}

  get geometry(): Geometry {
    return this.context.geometry;
  }

  get chunk(): ChunkBits {
    return this.context.chunk;
  }

  /** Whether a mismatch ended the comparison. */
  get stopped(): boolean {
    return this.context.check.stopped;
  }

  /** Says what is done next, such as `hits[3] alloc(5)`; "" when the steps are over. */
  step(text: string): void {
    this.#step = text;
  }

  /** Compares a recorded result with ours. */
  equal(what: string, expected: string | number | boolean, got: string | number | boolean): void {
    const { check, path } = this.context;
    const named = this.#step === "" ? what : `${this.#step}: ${what}`;
    check.equal(path, this.place.line, named, plain(expected), plain(got), () => {
      const state = this.state();
      return `case "${this.place.name}"${state === "" ? "" : `, ${state}`}`;
    });
  }

  /** Compares bitmaps word by word. */
  equalWords(what: string, expected: readonly string[], got: readonly string[]): void {
    this.equal(`${what}, number of words`, expected.length, got.length);
    for (let w = 0; w < expected.length; w++)
      this.equal(`${what}, word ${w}`, expected[w]!, got[w] ?? "none");
  }

  /** Compares an address and, where it was recorded beside it, the page there; -1 stands for none. */
  equalPage(what: string, address: string, recorded: readonly number[] | null, got: number): void {
    this.equal(what, address, this.geometry.formatPage(got));
    this.equal(`${what} as [chunk, page]`, JSON.stringify(recorded), this.#pair(got));
  }

  #pair(page: number): string {
    if (page < 0) return "null";
    const chunk = Math.floor(page / this.geometry.chunkPages);
    return `[${chunk - this.context.baseChunk},${page - chunk * this.geometry.chunkPages}]`;
  }

  /** The offset of a recorded address, in bytes. */
  off(address: string): number {
    try {
      return this.geometry.parseAddress(address);
    } catch (error) {
      if (error instanceof GeometryError) this.reject(error.message);
      throw error;
    }
  }

  /** The page at a recorded address. */
  page(address: string): number {
    const page = this.off(address) / this.geometry.pageBytes;
    if (!Number.isInteger(page)) this.reject(`${address} is not the address of a page`);
    return page;
  }

  /** Refuses a range that does not lie in a chunk. */
  requireInChunk(first: number, count: number): void {
    const { chunkPages } = this.geometry;
    if (first + count > chunkPages) {
      this.reject(
        `[${first},${count}] does not lie in a chunk: expected a first page and a count that add up to at most ${chunkPages}`,
      );
    }
  }

  /** Says that the case itself is at fault. */
  reject(problem: string): never {
    const { line, column, name } = this.place;
    throw new InputError(this.context.path, line, column, `case "${name}": ${problem}`);
  }
}

function plain(value: string | number | boolean): string | number {
  return typeof value === "boolean" ? String(value) : value;
}
