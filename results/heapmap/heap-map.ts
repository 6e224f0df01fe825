/**
 * A heap map in memory, as the file's records give it. Runs in browsers too.
 *
 * Samples are changes, so a state is reached by playing them forward; every so many samples a copy of the counts is kept,
 * and going back starts there. Keyframes are unpacked when they are looked at.
 */

import { ByteError, ByteReader } from "./bytes.js";
import { type HeapMapHeader, Record } from "./format.js";
import { Keyframe, KeyframeReader } from "./keyframe.js";

export { Keyframe, PageState } from "./keyframe.js";

/** Memory for copies of the counts, bytes: the more of them, the shorter the way to any sample. */
const COPY_BYTES = 32 * 2 ** 20;
/** Copies closer than this would not be noticed. */
const CLOSEST_COPIES = 4;
const COUNTS = 3;

/** A copy of the counts of a sample. */
interface Copy {
  readonly at: number;
  readonly counts: Uint16Array | Int32Array;
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
  /** The sample that seek went to; -1 before the first time. */
  current = -1;
  /** Where the changes of each sample begin. */
  private readonly changesAt: Float64Array;
  private readonly copies: Copy[] = [];
  /** Samples between two copies. */
  private readonly copyEvery: number;
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
    const copyBytes = this.chunks.length * COUNTS * (this.isNarrow ? 2 : 4);
    this.copyEvery = Math.max(CLOSEST_COPIES, Math.ceil((samples * copyBytes) / COPY_BYTES));
  }

  /** Whether counts fit into 16 bits, as they do with chunks of usual sizes. */
  private get isNarrow(): boolean {
    return this.header.chunk_pages < 2 ** 16;
  }

  get samples(): number {
    return this.timesNs.length;
  }

  /** Goes to a sample: `counts` are those of it. */
  seek(sample: number): void {
    if (sample === this.current) return;
    if (sample < this.current || sample - this.current > this.copyEvery) this.restore(sample);
    while (this.current < sample) this.step();
  }

  /** The last keyframe that is not later than a sample, else the first. */
  keyframeAt(sample: number): Keyframe | undefined {
    const { keyframes } = this;
    let found = keyframes[0];
    for (const one of keyframes) if (one.sample <= sample) found = one;
    return found;
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
    const last = Math.min(Math.floor((sample + 1) / this.copyEvery), this.copies.length) - 1;
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
    if ((next + 1) % this.copyEvery === 0 && this.copies.length === (next + 1) / this.copyEvery - 1) {
      const counts = this.isNarrow ? Uint16Array.from(this.counts) : this.counts.slice();
      this.copies.push({ at: next, counts });
    }
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
    private readonly body: Uint8Array,
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
    if (this.samples === 0) throw new ByteError("a keyframe comes before the first sample");
    const reader = new KeyframeReader(this.chunks, this.chunks.length, this.map.header.chunk_pages);
    const { body } = this;
    const at = this.reader.at;
    reader.check(this.reader);
    return new Keyframe(this.samples - 1, this.chunks.length, () => {
      const again = new ByteReader(body);
      again.at = at;
      return reader.read(again);
    });
  }
}
