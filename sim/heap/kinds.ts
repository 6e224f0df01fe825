/**
 * What a span is for. The page heap places all spans alike; the kinds differ in the statistics.
 *
 * A kind is one small integer: the span class for heap spans (size class · 2 + noscan, 0..255), and a number above
 * those for memory that the runtime manages by hand.
 */

/** Goroutine stacks. */
export const KIND_STACK = 256;
/** Pointer and scalar bitmaps for the garbage collector. */
export const KIND_BITS = 257;
/** Work buffers of the garbage collector. */
export const KIND_WORKBUF = 258;

/** Whether the kind is a heap span: the others do not count toward heap_sys. */
export function isHeapKind(kind: number): boolean {
  return kind < KIND_STACK;
}

/** The kind as traces write it: `h<spanclass>`, `s`, `b` or `w`. */
export function kindName(kind: number): string {
  if (kind < KIND_STACK) return `h${kind}`;
  return kind === KIND_STACK ? "s" : kind === KIND_BITS ? "b" : "w";
}
