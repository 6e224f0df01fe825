/**
 * Recognises what the cases of a vector file are about, by their keys.
 */

import { KINDS, type VectorKind } from "./kinds.js";
import { ShapeError } from "./shape.js";

const KIND_NAMES = Object.keys(KINDS) as VectorKind[];

/** Cases about the scavengers that replaced the one of Go 1.18: what they are of, and the keys that only they have. */
const LATER: readonly { what: string; keys: readonly string[]; release?: string }[] = [
  { what: "the scavenge index", keys: ["chunks", "force", "steps"], release: "1.23" },
  { what: "the scavenge index", keys: ["chunks", "steps"], release: "1.19" },
  { what: "scavenging by index", keys: ["afterScav", "initial", "steps"] },
  { what: "the pacing controller", keys: ["calls", "kp", "ti", "tt"], release: "1.23" },
  { what: "an entry of the scavenge index", keys: ["initialGen", "initialPacked"], release: "1.23" },
  { what: "the background scavenger's pacing", keys: ["gomaxprocs", "steps"], release: "1.23" },
];

/**
 * The kind of the cases of a file, from their keys: the one whose shape is nearest to all of them together, so that a
 * key that one case lacks, or has too many, can be named when that case is read.
 * @throws ShapeError when they are of a later Go release's scavenger, or like no kind at all
 */
export function kindOf(values: readonly unknown[]): VectorKind {
  const cases = values.filter(
    (value): value is Record<string, unknown> =>
      typeof value === "object" && value !== null && !Array.isArray(value),
  );
  const first = cases[0];
  if (first === undefined) throw new ShapeError("expected an array of cases, each a JSON object");
  const keys = Object.keys(first);
  refuseLater(first, keys);
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

function refuseLater(value: Record<string, unknown>, keys: readonly string[]): void {
  const later = LATER.find((l) => l.keys.every((key) => keys.includes(key)));
  if (later === undefined) return;
  // Both later releases test scavenging in the same form, but only the newer one can force it.
  const release =
    later.release ?? (JSON.stringify(value.steps)?.includes('"force"') === true ? "1.23" : "1.19");
  throw new ShapeError(
    `these are vectors of Go ${release}'s scavenger (${later.what}): this version models the scavenger of go1.18 only`,
  );
}
