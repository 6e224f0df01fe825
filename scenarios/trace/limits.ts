/**
 * How much memory a recording may map.
 *
 * The tool keeps 128 bytes of bitmaps and some summaries for every 4 MiB that a recorded program mapped, as the runtime
 * does. One wrong digit in a damaged recording could thus ask for more than the machine has, so there is an end to it, far
 * above what real heaps map.
 */
export const MAX_MAPPED_BYTES = 4 * 1024 ** 4;

/** The limit in words, for messages. */
export const MAX_MAPPED_TEXT = "4 TiB";
