/**
 * What each field of a policy may be, in which unit, and what it means: for variations, files, `mheapsim show` and the
 * manual. The table is complete, which a test holds against the presets.
 */

import type { PolicyAxes } from "./policy.js";

/** What a field may be. */
export type FieldValues =
  | { readonly kind: "choice"; readonly choices: readonly (string | number)[] }
  | { readonly kind: "switch" }
  | { readonly kind: "number"; readonly min: number; readonly max: number; readonly whole: boolean };

/** One field of a policy. */
export interface PolicyField {
  /** group.field */
  readonly path: string;
  readonly unit: "" | "bytes" | "ns" | "pages" | "percent" | "ratio" | "times";
  readonly values: FieldValues;
  readonly meaning: string;
}

/** A value that a field may have. */
export type FieldValue = string | number | boolean;

const choice = (path: string, choices: readonly (string | number)[], meaning: string): PolicyField => ({
  path,
  unit: "",
  values: { kind: "choice", choices },
  meaning,
});

const flag = (path: string, meaning: string): PolicyField => ({
  path,
  unit: "",
  values: { kind: "switch" },
  meaning,
});

const number = (
  path: string,
  unit: PolicyField["unit"],
  min: number,
  max: number,
  meaning: string,
): PolicyField => ({
  path,
  unit,
  values: { kind: "number", min, max, whole: unit === "bytes" || unit === "ns" || unit === "pages" },
  meaning,
});

const DAY_NS = 86_400_000_000_000;
const GIB = 2 ** 30;

/** All fields, in the order in which they are shown. */
export const POLICY_FIELDS: readonly PolicyField[] = [
  choice(
    "fit.kind",
    [
      "free-lists",
      "two-treaps",
      "address-treap",
      "radix",
      "radix-best",
      "radix-next",
      "hugepage-filler",
      "lifetime-split",
    ],
    "how free memory is kept, and which of it an allocation gets",
  ),
  choice("fit.walk", ["first-enough", "best"], "which span a treap by size answers with"),
  number("fit.longLivedNs", "ns", 1, 10 * DAY_NS, "what lives so long is long-lived (lifetime-split)"),
  choice("growth.unit", ["arena", "phys-page", "chunk"], "what growth is rounded up to"),
  choice(
    "growth.newMemory",
    ["retained", "released"],
    "whether memory that was never used counts as retained or as released",
  ),
  choice(
    "growth.accounts",
    ["arena", "growth"],
    "whether an arena enters the books as a whole, or as the heap grows into it",
  ),
  choice("growth.scavenge", ["none", "largest", "under-lock", "after-unlock"], "what is released on growth"),
  choice("alloc.scavenge", ["none", "scavenged-span", "limit"], "what an allocation releases"),
  choice("pageCache.pages", [0, 64], "pages of the cache of a P"),
  number("pageCache.requestLimitPages", "pages", 1, 64, "requests from here on pass by the cache"),
  flag("pageCache.flushIdle", "whether idle Ps lose their caches after a mark"),
  choice("pageCache.refillSearchAddr", ["last-page", "behind-block"], "where searchAddr goes after a refill"),
  choice("goal.basis", ["none", "next-gc", "in-use-ratio"], "what the scavenger leaves"),
  number("goal.retainExtraPercent", "percent", 0, 1000, "percent that it leaves beyond that"),
  flag(
    "goal.standsWhenMet",
    "whether growth releases what exceeds a goal that was met, or that there is not yet",
  ),
  flag(
    "goal.offAtStart",
    "whether nothing is released before the first collection, else growth releases all it can",
  ),
  flag("limit.supported", "whether there is a memory limit"),
  number("limit.goalFactor", "times", 0.01, 1000, "part of the limit that the background scavenger aims at"),
  number("limit.headroomPercent", "percent", 0, 90, "part of the limit that the heap goal leaves free"),
  number("limit.headroomBytes", "bytes", 0, 64 * GIB, "and how much of it at least"),
  choice(
    "scavenger.index",
    ["none", "spans", "address", "ranges", "bitmap", "density"],
    "how memory to release is found",
  ),
  choice(
    "scavenger.background",
    ["none", "periodic", "linear", "ewma", "pi", "decay", "oracle"],
    "how the background scavenger is paced",
  ),
  number(
    "scavenger.quantumBytes",
    "bytes",
    0,
    GIB,
    "bytes asked for at a time; 0 stands for one physical page",
  ),
  number("scavenger.minWorkNs", "ns", 1, DAY_NS, "a round works at least so long"),
  number("scavenger.cpuFraction", "ratio", 0.0001, 1, "part of the time that it may take"),
  number("scavenger.minFraction", "ratio", 0, 1, "part of the time that it takes at least (ewma)"),
  number("scavenger.startSleepRatio", "ratio", 0.000001, 1000, "work divided by sleep at the start (pi)"),
  flag("scavenger.stopsShort", "whether a request that got less than it asked for ends the round (pi)"),
  flag("scavenger.controllerFails", "whether a failure of the controller is noticed (pi)"),
  number(
    "scavenger.costRatio",
    "ratio",
    0,
    100,
    "cost of using released memory again, by that of releasing it",
  ),
  number(
    "scavenger.reservationShards",
    "times",
    1,
    65_536,
    "parts of the heap that are reserved at a time (ranges)",
  ),
  number(
    "scavenger.denseFraction",
    "ratio",
    0,
    1,
    "chunks with at least this part in use are left alone (density)",
  ),
  number("scavenger.unusedNs", "ns", 0, 10 * DAY_NS, "time that a span must have been free for (periodic)"),
  number("scavenger.periodNs", "ns", 1, 10 * DAY_NS, "time between two looks (periodic)"),
  number("scavenger.decayNs", "ns", 1, 10 * DAY_NS, "time in which free memory decays (decay)"),
  number("scavenger.horizonNs", "ns", 0, 10 * DAY_NS, "memory used again within this time is kept (oracle)"),
  choice(
    "system.madvise",
    ["DONTNEED", "FREE"],
    "whether released pages go at once, or when they are needed",
  ),
  choice(
    "system.hugePages",
    ["head-tail", "dense", "collapse", "none"],
    "what the system is told about huge pages",
  ),
  flag("lock.madviseHeld", "whether memory goes back while the heap lock is held"),
  choice("layout.base", ["hint", "random"], "where the heap begins"),
];

/** The field of a path, undefined when there is none. */
export function policyField(path: string): PolicyField | undefined {
  return POLICY_FIELDS.find((field) => field.path === path);
}

/** The value of a field in a policy. */
export function fieldValue(axes: PolicyAxes, path: string): FieldValue {
  const [group, name] = path.split(".") as [keyof PolicyAxes, string];
  return (axes[group] as unknown as Record<string, FieldValue>)[name]!;
}

/** What a field may be, in words. */
export function fieldRange({ values, unit }: PolicyField): string {
  switch (values.kind) {
    case "choice":
      return values.choices.join(" | ");
    case "switch":
      return "true | false";
    case "number":
      return `${values.min}..${values.max}${unit === "" ? "" : ` ${unit}`}`;
  }
}
