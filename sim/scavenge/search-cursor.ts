/**
 * Where a search for memory to release goes on (atomicOffAddr in malloc.go, from Go 1.19 on).
 *
 *     line   0 ──────────────────── page ──────────────────── max
 *                 searched next ◄────┤
 *
 * Searches go from high addresses to low ones, and each moves the cursor down to what it found. Whoever frees memory above
 * it raises it. In the runtime several threads do so at once, so a raised cursor is *marked* until a search lowers it: a
 * search that found nothing clears the cursor, but not a marked one, since that may have been raised behind its back. With
 * one thread the rule shows too: a search in vain from a marked cursor leaves it where it is.
 */

/** No page. The runtime writes the lowest address of the line for it, which no heap of its own has. */
export const NOWHERE = -1;

export class SearchCursor {
  /** A page of the offset address space, or NOWHERE. */
  page = NOWHERE;
  /** Whether it was raised, and not lowered since. */
  isMarked = false;

  /** Raises it to a page, if it is below. */
  raise(page: number): void {
    if (this.page >= page) return;
    this.page = page;
    this.isMarked = true;
  }

  /** Lowers it to what a search found. */
  lower(page: number): void {
    this.page = page;
    this.isMarked = false;
  }

  /** A search found nothing at it or below. */
  clear(): void {
    if (!this.isMarked) this.page = NOWHERE;
  }

  /** Sets it outright. */
  set(page: number, isMarked: boolean): void {
    this.page = page;
    this.isMarked = isMarked;
  }
}
