/**
 * What a program does to its heap, as far as the model wants to know: the one seam between workloads and the runtime.
 *
 *     workload ── object, span, kill, goroutine … ──►  Demands  (sim/runtime.ts)
 *
 * A workload says what is made, on which P, and when it is dead; where it lies and when its memory is free again is the
 * runtime's business. Times are whole ns of virtual time; a death at FOREVER is none that is known.
 *
 * Types only: scenarios import nothing else of the model.
 */

/** What collected things are known by, for kill. */
export type Handle = number;

export interface Demands {
  /** GOMAXPROCS now. */
  readonly procs: number;

  /** Makes somebody known who will do something in the program's name. @returns for `works` */
  worker(): number;

  /** A worker is at work now, so that the program is not idle. Called before demands, once for many of them. */
  works(worker: number): void;

  /**
   * Allocates an object, which the collector frees some time after its death.
   * @param p the P that asks
   * @param bytes whole, from 0
   * @param noscan whether it holds no pointers
   * @param deathNs from when on it is unreachable, Infinity: until it is killed
   */
  object(p: number, bytes: number, noscan: boolean, deathNs: number): Handle;

  /**
   * Allocates a span that the collector frees some time after its death.
   * @param kind see heap/kinds.ts, a heap kind; odd ones hold no pointers
   */
  span(p: number, npages: number, kind: number, deathNs: number): Handle;

  /**
   * As span, but what is known of its death is which collection finds it dead.
   * @param collections whole, from 1: of the collections that begin after now, the how-manieth
   */
  agedSpan(p: number, npages: number, kind: number, collections: number): Handle;

  /** What was allocated with a death at Infinity dies now. Objects below 16 bytes without pointers cannot be killed. */
  kill(handle: Handle): void;

  /**
   * Allocates a span that the program frees itself, with freePages.
   * @param p the P that asks, −1 for a thread without one
   * @param deathNs when it will free it, as far as it knows; Infinity: it does not, or never will
   * @returns its first page
   */
  pages(p: number, npages: number, kind: number, deathNs: number): number;

  /** Frees a span of `pages` now. */
  freePages(page: number): void;

  /**
   * Spans of `pages` will be freed soon: pages[from], … pages[to - 1]. Nothing comes of it, but that what is known of them may
   * be at hand then.
   */
  soonFreed(pages: Float64Array, from: number, to: number): void;

  /** Asks for a collection (runtime.GC). */
  collect(): void;

  /** Starts a goroutine that uses so many bytes of stack. @returns its number */
  startGoroutine(p: number, stackBytes: number): number;

  /** A goroutine uses so many bytes of stack from now on. */
  useStack(p: number, goroutine: number, stackBytes: number): void;

  /** A goroutine ends. */
  endGoroutine(p: number, goroutine: number): void;
}
