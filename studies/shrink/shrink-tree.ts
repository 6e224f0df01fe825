/**
 * Makes a scenario smaller: parts are left out, numbers are halved or rounded, as long as it stays valid and good enough.
 *
 * Each pass goes through the whole scenario, largest parts first, and passes are repeated until one of them changes nothing.
 */

import type { ScenarioInput } from "../../scenarios/schema/root.js";

type Tree = Record<string, unknown>;
/** A change that may make a scenario smaller. */
type Change = (tree: Tree) => Tree | undefined;

/**
 * Shrinks a scenario.
 * @param test whether a scenario is valid and good enough
 */
export function shrinkTree(tree: ScenarioInput, test: (tree: ScenarioInput) => boolean): ScenarioInput {
  let smallest = tree as unknown as Tree;
  for (let changed = true; changed; ) {
    changed = false;
    for (const change of changesOf(smallest)) {
      const smaller = change(smallest);
      if (smaller === undefined || !test(smaller as unknown as ScenarioInput)) continue;
      smallest = smaller;
      changed = true;
    }
  }
  return smallest as unknown as ScenarioInput;
}

function changesOf(tree: Tree): Change[] {
  return [...removals(tree), ...numbers(tree)];
}

/** Leaving out phases, workloads, actions, and sections that have defaults. */
function removals(tree: Tree): Change[] {
  const changes: Change[] = [];
  for (const section of ["phases", "workloads"]) {
    for (const key of Object.keys((tree[section] as Tree | undefined) ?? {}))
      changes.push((now) => without(now, [section, key]));
  }
  for (const phase of Object.keys((tree["phases"] as Tree | undefined) ?? {}))
    for (const section of ["workloads", "actions"])
      changes.push((now) => without(now, ["phases", phase, section]));
  const actions = (tree["actions"] as unknown[] | undefined) ?? [];
  for (let i = actions.length - 1; i >= 0; i--) changes.push((now) => without(now, ["actions", i]));
  for (const section of [
    "actions",
    "gc",
    "machine",
    "costs",
    "scavenger",
    "limits",
    "samples",
    "about",
    "issue",
  ])
    changes.push((now) => without(now, [section]));
  return changes;
}

/** Halving and rounding every number with or without a unit. */
function numbers(tree: Tree): Change[] {
  const changes: Change[] = [];
  for (const path of leaves(tree, [])) {
    changes.push((now) => smaller(now, path, (value) => value / 2));
    changes.push((now) => smaller(now, path, (value) => Number(value.toPrecision(1))));
  }
  return changes;
}

type Path = readonly (string | number)[];

function leaves(value: unknown, path: Path): Path[] {
  if (path.length === 1 && ["name", "seed", "platform", "policy", "about"].includes(String(path[0])))
    return [];
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, item]) =>
      leaves(item, [...path, Array.isArray(value) ? Number(key) : key]),
    );
  return typeof value === "number" || (typeof value === "string" && QUANTITY.test(value)) ? [path] : [];
}

const QUANTITY = /^([\d.]+)(e[+-]?\d+)?\s*([a-zA-Zµ%/]*)$/;

/** The tree with another number at a path; undefined when it would be the same. */
function smaller(tree: Tree, path: Path, change: (value: number) => number): Tree | undefined {
  const value = path.reduce<unknown>((at, key) => (at as Tree | undefined)?.[key as string], tree);
  if (value === undefined) return undefined;
  const [, digits, exponent = "", unit = ""] = QUANTITY.exec(String(value)) ?? [];
  if (digits === undefined) return undefined;
  const before = Number(digits + exponent);
  const after = Number(change(before).toPrecision(6));
  // Numbers of units are halved down to one of them, shares down to a hundredth: smaller is no simpler.
  if (after === before || !(after >= (before >= 1 ? 1 : 0.01))) return undefined;
  return replaced(tree, path, typeof value === "number" ? after : `${after}${unit}`) as Tree;
}

function replaced(value: unknown, [key, ...rest]: Path, leaf: unknown): unknown {
  if (key === undefined) return leaf;
  const copy = Array.isArray(value) ? [...value] : { ...(value as Tree) };
  (copy as Tree)[key as string] = replaced((value as Tree)[key as string], rest, leaf);
  return copy;
}

/** The tree without what is at a path; undefined when nothing is. */
function without(tree: Tree, path: Path): Tree | undefined {
  const parents = path.slice(0, -1);
  const parent = parents.reduce<unknown>((at, key) => (at as Tree | undefined)?.[key as string], tree);
  const last = path.at(-1)!;
  if (typeof parent !== "object" || parent === null || (parent as Tree)[last as string] === undefined)
    return undefined;
  const copy = Array.isArray(parent)
    ? parent.filter((_, i) => i !== last)
    : Object.fromEntries(Object.entries(parent).filter(([key]) => key !== last));
  return replaced(tree, parents, copy) as Tree;
}
