/**
 * Delta debugging (Zeller and Hildebrandt, 2002): the smallest part of a list that still passes a test, in the sense that no
 * single piece can be taken out of it any more.
 *
 * Parts are tried away in pieces, halves first, then quarters, down to single items.
 */

/**
 * Reduces a list.
 * @param items all of them pass the test
 * @param test whether a list is good enough; it may look at as many as it likes
 * @returns a list that passes and of which no single item can be left out, or where the test ended the search by throwing
 */
export function ddmin<T>(items: readonly T[], test: (items: readonly T[]) => boolean): readonly T[] {
  let kept = items;
  let pieces = 2;
  while (kept.length > 1) {
    const length = Math.ceil(kept.length / pieces);
    let reduced = false;
    for (let from = 0; from < kept.length; ) {
      const rest = [...kept.slice(0, from), ...kept.slice(from + length)];
      if (rest.length > 0 && test(rest)) {
        kept = rest;
        reduced = true;
      } else from += length;
    }
    if (length === 1 && !reduced) return kept;
    pieces = reduced ? Math.max(2, Math.ceil(kept.length / length)) : Math.min(kept.length, 2 * pieces);
  }
  return kept;
}
