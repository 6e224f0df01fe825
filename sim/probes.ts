/**
 * Counters of the page allocator, as Go's algorithm would count them.
 *
 * They live in one Float64Array, so that adding to one neither allocates nor overflows, and so that a recorder can copy
 * them all at once. The model adds to them where Go's code would; nothing in the model reads them.
 */

/** Calls of find, from alloc and from allocToCache. */
export const FIND_CALLS = 0;
/** Calls of find that found nothing. */
export const FIND_FAILURES = 1;
/** Levels of the radix tree that find entered. */
export const FIND_LEVELS = 2;
/** Entries that Go's loop visits in find, zero ones and the one it stops at included. */
export const FIND_ENTRIES = 3;
/** Times that alloc or allocToCache found pages in the chunk of searchAddr, without find. */
export const FAST_PATH_ALLOCS = 4;
/** How many counters there are. */
export const PAGE_COUNTERS = 5;
