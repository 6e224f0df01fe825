/**
 * What all parts of the report look at: a moment, a stretch of time, a stretch of addresses, a chunk.
 *
 *     charts ─┐                    ┌─► charts: cursor, scale
 *     maps   ─┼─ set… ─► View ─────┼─► maps: line of the moment, chunks, pages
 *     keys   ─┘                    └─► slider, text
 *
 * Whoever changes something calls a setter, and everybody is told, once a frame.
 */

export type Change = "moment" | "range" | "chunks" | "chunk" | "theme";

export class View {
  /** The moment, ns. */
  momentNs = 0;
  /** The stretch of time that is shown, ns. */
  fromNs = 0;
  toNs: number;
  /** The stretch of chunks that is shown, chunk indices [first, limit). */
  firstChunk: number;
  limitChunk: number;
  /** The chunk whose pages are shown, −1: none. */
  chunk = -1;

  private readonly listeners: ((changes: ReadonlySet<Change>) => void)[] = [];
  private pending = new Set<Change>();

  /**
   * @param endNs end of the longest run
   * @param chunks the lowest chunk of all heap maps and the one behind the highest
   */
  constructor(
    readonly endNs: number,
    readonly chunks: readonly [first: number, limit: number],
  ) {
    this.toNs = endNs;
    this.momentNs = endNs;
    [this.firstChunk, this.limitChunk] = chunks;
  }

  /** Gets the changes of each frame. */
  listen(listener: (changes: ReadonlySet<Change>) => void): void {
    this.listeners.push(listener);
  }

  setMoment(ns: number): void {
    this.momentNs = Math.min(this.endNs, Math.max(0, ns));
    this.tell("moment");
  }

  /** Shows a stretch of time; an empty one is the whole run. */
  setRange(fromNs: number, toNs: number): void {
    const isWhole = toNs - fromNs < 2;
    this.fromNs = isWhole ? 0 : Math.max(0, fromNs);
    this.toNs = isWhole ? this.endNs : Math.min(this.endNs, toNs);
    this.tell("range");
  }

  /** Shows a stretch of chunks, at least 1 and at most all of them. */
  setChunks(first: number, limit: number): void {
    const [lowest, highest] = this.chunks;
    const length = Math.min(highest - lowest, Math.max(1, Math.round(limit - first)));
    this.firstChunk = Math.min(highest - length, Math.max(lowest, Math.round(first)));
    this.limitChunk = this.firstChunk + length;
    this.tell("chunks");
  }

  setChunk(chunk: number): void {
    this.chunk = chunk;
    this.tell("chunk");
  }

  themeChanged(): void {
    this.tell("theme");
  }

  /** Tells everybody now, without waiting for the next frame. */
  flush(): void {
    const changes = this.pending;
    if (changes.size === 0) return;
    this.pending = new Set();
    for (const listener of this.listeners) listener(changes);
  }

  private tell(change: Change): void {
    if (this.pending.size === 0) requestAnimationFrame(() => this.flush());
    this.pending.add(change);
  }
}
