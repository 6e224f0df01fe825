/**
 * A keyframe of a heap map: the state of every page, and the spans.
 *
 * It is looked through when the map is read, so that damage shows then, and unpacked when somebody wants to see it: those of a
 * large heap take a byte a page.
 */

import { ByteError, type ByteReader } from "./bytes.js";
import { ChunkState } from "./format.js";

/** What the page grid shows a page as. */
export const PageState = { free: 0, scavenged: 1, cached: 2, inUse: 3 } as const;

/** What a keyframe holds. */
interface Content {
  /** One of PageState by ordinal · chunk pages + page. */
  readonly states: Uint8Array;
  /** Live spans by first page, ascending. */
  readonly spanPages: Float64Array;
  readonly spanLengths: Int32Array;
  readonly spanKinds: Int32Array;
}

export class Keyframe implements Content {
  private content: Content | undefined;

  /**
   * @param sample index of its sample
   * @param chunkCount ordinals of the chunks that it has are below this
   * @param unpack reads its content
   */
  constructor(
    readonly sample: number,
    readonly chunkCount: number,
    private readonly unpack: () => Content,
  ) {}

  get states(): Uint8Array {
    return this.unpacked.states;
  }

  get spanPages(): Float64Array {
    return this.unpacked.spanPages;
  }

  get spanLengths(): Int32Array {
    return this.unpacked.spanLengths;
  }

  get spanKinds(): Int32Array {
    return this.unpacked.spanKinds;
  }

  private get unpacked(): Content {
    this.content ??= this.unpack();
    return this.content;
  }
}

/** Reads keyframes of a heap map. */
export class KeyframeReader {
  /**
   * @param chunks indices by ordinal, of which only the first `count` are of this keyframe
   * @param chunkPages pages of a chunk
   */
  constructor(
    private readonly chunks: readonly number[],
    private readonly count: number,
    private readonly chunkPages: number,
  ) {}

  /** Passes over a keyframe. @throws ByteError when it is damaged */
  check(reader: ByteReader): void {
    for (let ordinal = 0; ordinal < this.count; ordinal++) {
      const state = reader.byte();
      if (state > ChunkState.mixed) throw new ByteError(`there is no chunk state ${state}`);
      // Two bitmaps, a bit a page.
      if (state === ChunkState.mixed) reader.skip(2 * 4 * Math.ceil(this.chunkPages / 32));
    }
    const caches = reader.whole();
    const ordinals = caches === 0 ? null : this.ordinals();
    for (let left = caches; left > 0; left--) {
      if (!ordinals!.has(Math.floor(reader.whole() / this.chunkPages)))
        throw new ByteError("a page cache lies outside of the heap");
      reader.skip(8);
    }
    for (let left = spanCount(reader); left > 0; left--) for (let k = 0; k < 3; k++) reader.whole();
  }

  /** Reads a keyframe that was checked. */
  read(reader: ByteReader): Content {
    const { chunkPages } = this;
    const states = new Uint8Array(this.count * chunkPages);
    for (let ordinal = 0; ordinal < this.count; ordinal++)
      this.chunkStates(reader, states, ordinal * chunkPages);
    const ordinals = this.ordinals();
    for (let left = reader.whole(); left > 0; left--) {
      const page = reader.whole();
      const first = ordinals.get(Math.floor(page / chunkPages))! * chunkPages + (page % chunkPages);
      for (let half = 0; half < 64; half += 32) mark(states, first + half, reader.word(), PageState.cached);
    }
    return { states, ...spansOf(reader) };
  }

  private ordinals(): ReadonlyMap<number, number> {
    return new Map(this.chunks.slice(0, this.count).map((chunk, ordinal) => [chunk, ordinal]));
  }

  private chunkStates(reader: ByteReader, states: Uint8Array, first: number): void {
    const { chunkPages } = this;
    const state = reader.byte();
    if (state === ChunkState.scavenged) states.fill(PageState.scavenged, first, first + chunkPages);
    else if (state === ChunkState.inUse) states.fill(PageState.inUse, first, first + chunkPages);
    else if (state === ChunkState.mixed) {
      for (const shown of [PageState.inUse, PageState.scavenged])
        for (let p = 0; p < chunkPages; p += 32) mark(states, first + p, reader.word(), shown);
    }
  }
}

/** Sets the state of those of 32 pages whose bit is set. */
function mark(states: Uint8Array, first: number, bits: number, state: number): void {
  for (let b = 0; b < 32; b++) if ((bits & (1 << b)) !== 0) states[first + b] = state;
}

/** Each span takes three bytes at least, so a damaged count is noticed before memory is taken for it. */
function spanCount(reader: ByteReader): number {
  const count = reader.whole();
  if (count * 3 > reader.left) throw new ByteError("the data ends too early");
  return count;
}

function spansOf(reader: ByteReader): Omit<Content, "states"> {
  const count = spanCount(reader);
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
