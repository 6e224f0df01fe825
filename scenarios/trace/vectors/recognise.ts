/**
 * Recognises what the cases of a vector file are about, by their keys.
 */

import { KINDS, type VectorKind } from "./kinds.js";
import { ShapeError } from "./shape.js";

const KIND_NAMES = Object.keys(KINDS) as VectorKind[];

/**
 * The kind of the cases of a file, from their keys: the one whose shape is nearest to all of them together, so that a
 * key that one case lacks, or has too many, can be named when that case is read.
 * @throws ShapeError when they are like no kind at all
 */
export function kindOf(values: readonly unknown[]): VectorKind {
  const cases = values.filter(
    (value): value is Record<string, unknown> =>
      typeof value === "object" && value !== null && !Array.isArray(value),
  );
  const first = cases[0];
  if (first === undefined) throw new ShapeError("expected an array of cases, each a JSON object");
  const keys = Object.keys(first);
  const sets = keySets(cases);
  const far = KIND_NAMES.map((kind) =>
    sets.reduce((sum, set) => sum + set.times * distance(kind, set.keys), 0),
  );
  const nearest = KIND_NAMES[far.indexOf(Math.min(...far))]!;
  const { required } = KINDS[nearest];
  const common = sets.some(
    (set) => required.filter((key) => set.keys.includes(key)).length * 2 > required.length,
  );
  if (common) return nearest;
  throw new ShapeError(
    `a case with the keys ${keys.join(", ") || "(none)"} is of no known kind: expected the keys of one of ${KIND_NAMES.join(", ")}`,
  );
}

/** The different sets of keys that cases have, most often one, and how many have each. */
function keySets(cases: readonly object[]): { keys: string[]; times: number }[] {
  const sets = new Map<string, { keys: string[]; times: number }>();
  for (const value of cases) {
    const keys = Object.keys(value);
    const set = sets.get(keys.join("\n")) ?? { keys, times: 0 };
    set.times++;
    sets.set(keys.join("\n"), set);
  }
  return [...sets.values()];
}

/** How many keys would have to be added to a case or taken from it to make it one of a kind. */
function distance(kind: VectorKind, keys: readonly string[]): number {
  const shape = KINDS[kind];
  const missing = shape.required.filter((key) => !keys.includes(key)).length;
  const unknown = keys.filter((key) => !shape.required.includes(key) && !shape.optional.includes(key)).length;
  return missing + unknown;
}
