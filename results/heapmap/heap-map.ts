/**
 * A heap map in memory, as the file's records give it. Runs in browsers too.
 *
 * Samples are changes, so a state is reached by playing them forward; every so many samples a copy of the counts is kept,
 * and going back starts there.
 */

import { ByteError, ByteReader } from "./bytes.js";
import { ChunkState, type HeapMapHeader, Record } from "./format.js";

/** What the page grid shows a page as. */
export const PageState = { free: 0, scavenged: 1, cached: 2, inUse: 3 } as const;

/** Samples between two copies of the counts. */
const COPY_EVERY = 64;
const COUNTS = 3;

/** The whole state at a keyframe. */
export interface Keyframe {
  /** Index of its sample. */
  readonly sample: number;
  /** Ordinals of the chunks that it has are below this. */
  readonly chunkCount: number;
  /** One of PageState by ordinal · chunk pages + page. */
  readonly states: Uint8Array;
  /** Live spans by first page, ascending. */
  readonly spanPages: Float64Array;
  readonly spanLengths: Int32Array;
  readonly spanKinds: Int32Array;
}

/** A copy of the counts of a sample. */
interface Copy {
  readonly at: number;
  readonly counts: Int32Array;
}

export class HeapMap {
  readonly timesNs: Float64Array;
  /** Page of searchAddr at each sample, -1 when no free page was known. */
  readonly searchPages: Float64Array;
  /** Chunk index by ordinal. */
  readonly chunks: Int32Array;
  /** Chunks in the heap at each sample. */
  readonly chunkCounts: Int32Array;
  readonly keyframes: readonly Keyframe[];

  /** Of the sample that seek went to: in use, scavenged, cached, by ordinal. */
  readonly counts: Int32Array;
  private current = -1;
  /** Where the changes of each sample begin. */
  private readonly changesAt: Float64Array;
  private readonly copies: Copy[] = [];
  /** Ordinals that the last step changed, the first changedCount of these. */
  private readonly changed: Int32Array;
  private changedCount = 0;

  /**
   * @param header of the file
   * @param body its records, inflated
   * @throws ByteError when they are damaged
   */
  constructor(
    readonly header: HeapMapHeader,
    private readonly body: Uint8Array,
  ) {
    const { samples } = header;
    this.timesNs = new Float64Array(samples);
    this.searchPages = new Float64Array(samples);
    this.chunkCounts = new Int32Array(samples);
    this.changesAt = new Float64Array(samples);
    const scan = new Scan(this, body, this.changesAt);
    this.chunks = Int32Array.from(scan.chunks);
    this.keyframes = scan.keyframes;
    this.counts = new Int32Array(this.chunks.length * COUNTS);
    this.changed = new Int32Array(this.chunks.length);
  }

  get samples(): number {
    return this.timesNs.length;
  }

  /** Goes to a sample: `counts` are those of it. */
  seek(sample: number): void {
    if (sample === this.current) return;
    if (sample < this.current || sample - this.current > COPY_EVERY) this.restore(sample);
    while (this.current < sample) this.step();
  }

  /**
   * Goes through all samples from the first one on.
   * @param visit gets each sample and the ordinals of the chunks that changed with it, the first `count` of the array
   */
  walk(visit: (sample: number, changed: Int32Array, count: number) => void): void {
    this.counts.fill(0);
    this.current = -1;
    for (let sample = 0; sample < this.samples; sample++) {
      this.step();
      visit(sample, this.changed, this.changedCount);
    }
  }

  /** Pages of a chunk at the current sample: in use, scavenged, cached. */
  inUse(ordinal: number): number {
    return this.counts[ordinal * COUNTS]!;
  }

  scavenged(ordinal: number): number {
    return this.counts[ordinal * COUNTS + 1]!;
  }

  cached(ordinal: number): number {
    return this.counts[ordinal * COUNTS + 2]!;
  }

  /** The last sample that is not later than a time, 0 when all are. */
  sampleAt(timeNs: number): number {
    let low = 0;
    let high = this.samples;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.timesNs[middle]! <= timeNs) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  /** Goes to the best place from where steps lead to a sample: here, a copy, or the very beginning. */
  private restore(sample: number): void {
    const last = Math.min(Math.floor((sample + 1) / COPY_EVERY), this.copies.length) - 1;
    const copy = this.copies[last];
    if (this.current <= sample && (copy === undefined || copy.at <= this.current)) return;
    if (copy === undefined) this.counts.fill(0);
    else this.counts.set(copy.counts);
    this.current = copy?.at ?? -1;
  }

  private step(): void {
    const next = this.current + 1;
    const reader = new ByteReader(this.body);
    reader.at = this.changesAt[next]!;
    this.changedCount = 0;
    let ordinal = -1;
    for (let left = reader.whole(); left > 0; left--) {
      ordinal += reader.whole() + 1;
      for (let k = 0; k < COUNTS; k++) this.counts[ordinal * COUNTS + k] = reader.whole();
      this.changed[this.changedCount++] = ordinal;
    }
    this.current = next;
    if ((next + 1) % COPY_EVERY === 0 && this.copies.length === (next + 1) / COPY_EVERY - 1)
      this.copies.push({ at: next, counts: this.counts.slice() });
  }
}

/** The one pass over all records that finds out what there is. */
class Scan {
  readonly chunks: number[] = [];
  readonly keyframes: Keyframe[] = [];
  private samples = 0;
  private readonly reader: ByteReader;

  constructor(
    private readonly map: HeapMap,
    body: Uint8Array,
    private readonly changesAt: Float64Array,
  ) {
    this.reader = new ByteReader(body);
    for (;;) {
      const record = this.reader.byte();
      if (record === Record.end) break;
      if (record === Record.sample) this.sample();
      else if (record === Record.keyframe) this.keyframes.push(this.keyframe());
      else throw new ByteError(`there is no record ${record}`);
    }
    if (!this.reader.done) throw new ByteError("there is something behind the end");
    if (this.samples !== map.header.samples)
      throw new ByteError(`there are ${this.samples} samples, but the header says ${map.header.samples}`);
  }

  private sample(): void {
    const { reader, map } = this;
    const i = this.samples++;
    if (i >= map.header.samples) throw new ByteError("there are more samples than the header says");
    map.timesNs[i] = (i === 0 ? 0 : map.timesNs[i - 1]!) + reader.whole();
    map.searchPages[i] = reader.whole() - 1;
    for (let left = reader.whole(); left > 0; left--)
      this.chunks.push((this.chunks.at(-1) ?? 0) + reader.signed());
    map.chunkCounts[i] = this.chunks.length;
    this.changesAt[i] = reader.at;
    let ordinal = -1;
    for (let left = reader.whole(); left > 0; left--) {
      ordinal += reader.whole() + 1;
      if (ordinal >= this.chunks.length) throw new ByteError("a chunk changes that is not there");
      let sum = 0;
      for (let k = 0; k < COUNTS; k++) sum += reader.whole();
      if (sum > map.header.chunk_pages) throw new ByteError("a chunk has more pages than there are in one");
    }
  }

  private keyframe(): Keyframe {
    const { reader } = this;
    if (this.samples === 0) throw new ByteError("a keyframe comes before the first sample");
    const chunkPages = this.map.header.chunk_pages;
    const states = new Uint8Array(this.chunks.length * chunkPages);
    const places = new Map<number, number>();
    this.chunks.forEach((chunk, ordinal) => {
      places.set(chunk, ordinal);
      this.chunkStates(states, ordinal * chunkPages, chunkPages);
    });
    for (let left = reader.whole(); left > 0; left--) {
      const page = reader.whole();
      const ordinal = places.get(Math.floor(page / chunkPages));
      if (ordinal === undefined) throw new ByteError("a page cache lies outside of the heap");
      const first = ordinal * chunkPages + (page % chunkPages);
      for (let half = 0; half < 64; half += 32) {
        const bits = reader.word();
        for (let b = 0; b < 32; b++) if ((bits & (1 << b)) !== 0) states[first + half + b] = PageState.cached;
      }
    }
    return { sample: this.samples - 1, chunkCount: this.chunks.length, states, ...this.spans() };
  }

  private chunkStates(states: Uint8Array, first: number, chunkPages: number): void {
    const { reader } = this;
    const state = reader.byte();
    if (state === ChunkState.scavenged) states.fill(PageState.scavenged, first, first + chunkPages);
    else if (state === ChunkState.inUse) states.fill(PageState.inUse, first, first + chunkPages);
    else if (state === ChunkState.mixed) {
      for (const mark of [PageState.inUse, PageState.scavenged]) {
        for (let p = 0; p < chunkPages; p += 32) {
          const bits = reader.word();
          for (let b = 0; b < 32; b++) if ((bits & (1 << b)) !== 0) states[first + p + b] = mark;
        }
      }
    } else if (state !== ChunkState.free) throw new ByteError(`there is no chunk state ${state}`);
  }

  private spans(): Pick<Keyframe, "spanPages" | "spanLengths" | "spanKinds"> {
    const { reader } = this;
    const count = reader.whole();
    // Each span takes three bytes at least, so a damaged count is noticed before memory is taken for it.
    if (count * 3 > reader.left) throw new ByteError("the data ends too early");
    const spanPages = new Float64Array(count);
    const spanLengths = new Int32Array(count);
    const spanKinds = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      spanPages[i] = (i === 0 ? 0 : spanPages[i - 1]!) + reader.whole();
      spanLengths[i] = reader.whole();
      spanKinds[i] = reader.whole();
    }
    return { spanPages, spanLengths, spanKinds };
  }
}
