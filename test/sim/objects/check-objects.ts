/**
 * What must be true of objects at any moment: every span is in exactly one place, counts fit, and the books agree with the
 * heap's. Complaints are sentences.
 */

import type { Heap } from "../../../sim/heap/heap.js";
import { NO_SPAN, ObjectSpans } from "../../../sim/objects/object-spans.js";
import type { Objects } from "../../../sim/objects/objects.js";
import { SPAN_CLASSES } from "../../../sim/objects/size-classes.js";
import { StateError } from "../../checkers/state-checkers.js";

/**
 * Checks.
 * @param otherPages pages of heap spans that are not the objects'
 * @returns the slots free in the spans by first page, those that Ps hold included
 */
export function checkObjects(
  objects: Objects,
  heap: Heap,
  procs: number,
  otherPages = 0,
): Map<number, number> {
  const { spans } = objects;
  const places = new Map<number, string>();
  const place = (s: number, where: string): void => {
    const before = places.get(s);
    if (before !== undefined) throw new StateError(`span ${s} is in ${before} and in ${where}`);
    places.set(s, where);
  };
  const free = new Map<number, number>();
  let unswept = 0;
  for (let c = 0; c < SPAN_CLASSES; c++) {
    for (const full of [true, false]) {
      for (const swept of [true, false]) {
        const set = ObjectSpans.set(objects.generation - (swept ? 0 : 1), full, c);
        for (let s = spans.first(set); s !== NO_SPAN; s = spans.after(s)) {
          if (spans.pages[s]! < 0) {
            if (swept) throw new StateError(`a swept set of class ${c} has a span without pages`);
            continue;
          }
          place(s, `the ${swept ? "swept" : "unswept"} ${full ? "full" : "partial"} set of class ${c}`);
          checkMember(spans, s, c, full, swept, objects.generation);
          if (!swept) unswept++;
          free.set(spans.pages[s]!, spans.free[s]!);
        }
      }
    }
    for (let p = 0; p < procs; p++) {
      const s = objects.heldSpan(p, c);
      if (s === NO_SPAN) continue;
      place(s, `P ${p}`);
      const stale = spans.sweptAt[s] !== objects.generation;
      if (stale && objects.heldSlots(p, c) > 0)
        throw new StateError(`P ${p} can use a stale span of class ${c}`);
      if (stale) unswept++;
      free.set(spans.pages[s]!, stale ? spans.free[s]! : objects.heldSlots(p, c));
    }
  }
  checkBooks(objects, heap, places.size, unswept, otherPages);
  return free;
}

function checkMember(
  spans: ObjectSpans,
  s: number,
  c: number,
  full: boolean,
  swept: boolean,
  generation: number,
): void {
  if (spans.classes[s] !== c)
    throw new StateError(`span ${s} of class ${spans.classes[s]} is in a set of ${c}`);
  if (full !== (spans.free[s] === 0)) {
    throw new StateError(
      `span ${s} with ${spans.free[s]} free slots is in a ${full ? "full" : "partial"} set`,
    );
  }
  if (swept && spans.dead[s] !== 0) throw new StateError(`span ${s} is swept and has dead objects`);
  if (swept !== (spans.sweptAt[s] === generation))
    throw new StateError(`span ${s}: wrong generation for its set`);
  if (swept && spans.free[s]! >= spans.slots(s)) throw new StateError(`span ${s} is empty and was not freed`);
  if (spans.free[s]! + spans.dead[s]! > spans.slots(s)) throw new StateError(`span ${s} has too few slots`);
}

function checkBooks(objects: Objects, heap: Heap, placed: number, unswept: number, otherPages: number): void {
  const { spans } = objects;
  if (placed !== spans.count) throw new StateError(`${placed} spans are somewhere, of ${spans.count}`);
  if (unswept !== objects.unsweptSpans) {
    throw new StateError(`${unswept} spans are unswept, ${objects.unsweptSpans} counted`);
  }
  let pages = 0;
  for (let s = 0; s < spans.rows; s++) {
    if (spans.pages[s]! < 0) continue;
    pages += spans.npages[s]!;
    // A span that was asked for as a whole has the kind that was asked for, and the class of large objects.
    const kind = heap.spans.kindAt(spans.pages[s]!);
    const spanClass = spans.classes[s]! < 2 ? kind & 1 : kind;
    if (heap.spans.npagesAt(spans.pages[s]!) !== spans.npages[s] || spanClass !== spans.classes[s]) {
      throw new StateError(`the heap knows another span where span ${s} begins`);
    }
  }
  if (
    pages !== objects.inUsePages ||
    (pages + otherPages) * heap.geometry.pageBytes !== heap.statistics.heapInUseBytes
  ) {
    throw new StateError(`spans have ${pages} pages, ${objects.inUsePages} counted`);
  }
}
