/** Pages of the scavenge index as recordings write them: none is the lowest address of the line. */

import type { Geometry } from "../sim/address/geometry.js";
import type { SearchCursor } from "../sim/scavenge/search-cursor.js";

/** The address of a page, or of none. */
export function markText(geometry: Geometry, page: number): string {
  return geometry.formatAddress(Math.max(0, page) * geometry.pageBytes);
}

/** A cursor: its address, and an m behind it when it is marked. */
export function cursorText(
  geometry: Geometry,
  { page, isMarked }: Pick<SearchCursor, "page" | "isMarked">,
): string {
  return `${markText(geometry, page)}${isMarked ? "m" : ""}`;
}

/** The page of a recorded address, as an offset in bytes; −1 for none. */
export function markedPage(geometry: Geometry, off: number): number {
  return off === 0 ? -1 : off / geometry.pageBytes;
}
