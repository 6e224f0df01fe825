/**
 * What the Go releases do, oldest first. Each preset is written as its difference to the one before it, as the releases
 * were; the whole of it stands in the object that comes out, with every axis pinned.
 *
 * Only where a release changed the page heap is there a preset: 1.23 to 1.25 do what 1.22 does, and within 1.12, 1.13, 1.14
 * and 1.21 the behaviour changed between patch releases.
 */

import type { Evidence, Policy, PolicyAxes } from "./policy.js";

/** Changes to some fields of some groups. */
export type AxesChange = { readonly [G in keyof PolicyAxes]?: Partial<PolicyAxes[G]> };

/** Names and texts of a preset. */
interface PresetText {
  readonly name: string;
  readonly evidence: Evidence;
  readonly what: string;
  readonly change: string;
}

/** Axes with some fields changed. */
export function changeAxes(axes: PolicyAxes, change: AxesChange): PolicyAxes {
  return {
    fit: { ...axes.fit, ...change.fit },
    growth: { ...axes.growth, ...change.growth },
    alloc: { ...axes.alloc, ...change.alloc },
    pageCache: { ...axes.pageCache, ...change.pageCache },
    goal: { ...axes.goal, ...change.goal },
    limit: { ...axes.limit, ...change.limit },
    scavenger: { ...axes.scavenger, ...change.scavenger },
    system: { ...axes.system, ...change.system },
    lock: { ...axes.lock, ...change.lock },
    layout: { ...axes.layout, ...change.layout },
  };
}

/** A preset that changes some axes of another. */
export function preset(text: PresetText, base: PolicyAxes, change: AxesChange): Policy {
  return { ...text, preset: text.name, ...changeAxes(base, change) };
}

const MINUTE_NS = 60_000_000_000;
const MIB = 2 ** 20;

const GO_1_11: Policy = {
  name: "go1.11",
  preset: "go1.11",
  evidence: "approximate",
  what: "free lists by page count and a treap of large spans; spans unused for five minutes go back",
  change: "the oldest release here, the first with sparse arenas of 64 MiB",
  fit: { kind: "free-lists", walk: "first-enough", longLivedNs: 1_000_000_000 },
  growth: { unit: "arena", newMemory: "retained", accounts: "arena", scavenge: "none" },
  alloc: { scavenge: "none" },
  pageCache: { pages: 0, requestLimitPages: 16, flushIdle: false, refillSearchAddr: "last-page" },
  goal: { basis: "none", retainExtraPercent: 10, standsWhenMet: false, offAtStart: false },
  limit: { supported: false, goalFactor: 0.95, headroomPercent: 0, headroomBytes: MIB },
  scavenger: {
    index: "spans",
    background: "periodic",
    quantumBytes: 0,
    minWorkNs: 1_000_000,
    cpuFraction: 0.01,
    minFraction: 0,
    startSleepRatio: 0.001,
    stopsShort: false,
    controllerFails: false,
    costRatio: 0,
    reservationShards: 64,
    denseFraction: 0.96875,
    unusedNs: 5 * MINUTE_NS,
    periodNs: 2.5 * MINUTE_NS,
    decayNs: 10_000_000_000,
    horizonNs: 1_000_000_000,
  },
  system: { madvise: "DONTNEED", hugePages: "head-tail" },
  lock: { madviseHeld: true },
  layout: { base: "hint" },
};

const GO_1_12_0 = preset(
  {
    name: "go1.12.0",
    evidence: "approximate",
    what: "two treaps by size, unscavenged and scavenged; growth and allocations release the largest spans",
    change:
      "scavenged and unscavenged spans are kept apart, and the large ones go back when the heap grows, so that growth does not add to what is resident; an allocation out of scavenged memory releases as much elsewhere. Released pages stay until the system needs them (MADV_FREE)",
  },
  GO_1_11,
  {
    fit: { kind: "two-treaps" },
    growth: { scavenge: "largest" },
    alloc: { scavenge: "scavenged-span" },
    system: { madvise: "FREE" },
  },
);

const GO_1_12_5 = preset(
  {
    name: "go1.12.5",
    evidence: "approximate",
    what: "as 1.12.0 with true best fit, and no release on allocation",
    change:
      "the walk down a treap returned the first span that was large enough (golang/go#31616), and releasing on allocation cost latency (golang/go#31678)",
  },
  GO_1_12_0,
  { fit: { walk: "best" }, alloc: { scavenge: "none" } },
);

const GO_1_13_0 = preset(
  {
    name: "go1.13.0",
    evidence: "approximate",
    what: "first fit by address over one treap; a background scavenger paced by each collection",
    change:
      "one treap in address order for all spans, growth in what was asked for instead of whole arenas, new memory counts as released, and a background scavenger works towards 1.1 times the heap goal (golang/go#30333)",
  },
  GO_1_12_5,
  {
    fit: { kind: "address-treap" },
    growth: { unit: "phys-page", newMemory: "released", scavenge: "under-lock" },
    goal: { basis: "next-gc", standsWhenMet: true },
    scavenger: { background: "linear" },
  },
);

const GO_1_13_3 = preset(
  {
    name: "go1.13.3",
    evidence: "approximate",
    what: "as 1.13.0, with a goal that knows of fragmentation inside spans",
    change:
      "the goal was in object bytes, so a heap with more than a tenth of waste in its spans was scavenged and faulted in for ever (golang/go#34048)",
  },
  GO_1_13_0,
  { goal: { basis: "in-use-ratio" } },
);

const GO_1_14_0 = preset(
  {
    name: "go1.14.0",
    evidence: "from source",
    what: "bitmap and radix tree, page caches; the scavenger descends from the top address, page by page",
    change:
      "the treap and its lock did not scale (golang/go#35112): chunks of bitmaps, summaries above them, and a cache of 64 pages a P. searchAddr is set wrongly after a refill (golang/go#38605)",
  },
  GO_1_13_3,
  {
    fit: { kind: "radix" },
    growth: { unit: "chunk" },
    goal: { standsWhenMet: false, offAtStart: true },
    pageCache: { pages: 64, refillSearchAddr: "behind-block" },
    scavenger: { index: "address", background: "ewma" },
  },
);

const GO_1_14_3 = preset(
  {
    name: "go1.14.3",
    evidence: "from source",
    what: "as 1.14.0, with searchAddr inside the heap",
    change: "searchAddr stays on the last page of the block that a refill took (golang/go#38605)",
  },
  GO_1_14_0,
  { pageCache: { refillSearchAddr: "last-page" } },
);

const GO_1_15 = preset(
  {
    name: "go1.15",
    evidence: "from source",
    what: "as 1.14.3, with scavenge generations and reservations",
    change:
      "each end of a sweep starts a generation, scavengers reserve pieces from the top, and sysmon wakes the background one",
  },
  GO_1_14_3,
  { scavenger: { index: "ranges" } },
);

const GO_1_16 = preset(
  {
    name: "go1.16",
    evidence: "from source",
    what: "as 1.15, with MADV_DONTNEED",
    change:
      "what the system reports falls when memory is released, at the cost of a fault when it is used again (golang/go#42330)",
  },
  GO_1_15,
  { system: { madvise: "DONTNEED" } },
);

const GO_1_17 = preset(
  {
    name: "go1.17",
    evidence: "from source",
    what: "as 1.16, with memory mapped as the heap grows, and a scavenger that does not starve",
    change:
      "only what the heap grew by is mapped and counted (golang/go#42612), and the least fraction of time of the scavenger, an integer division that gave 0, is a thousandth",
  },
  GO_1_16,
  { growth: { accounts: "growth" }, scavenger: { minFraction: 0.001 } },
);

/** The release whose page heap is recorded whole. */
export const GO_1_18 = preset(
  {
    name: "go1.18",
    evidence: "recorded",
    what: "radix tree first fit, 64-page caches, scavenger with generations, heap-growth scavenging",
    change:
      "memory goes back without the heap lock, in pieces of 64 KiB, paced by a PI controller at 1 % of all Ps; growth releases after the allocation; the start of the program sets no goal any more, so it is 0 until the first collection",
  },
  GO_1_17,
  {
    growth: { scavenge: "after-unlock" },
    goal: { offAtStart: false },
    scavenger: { background: "pi", quantumBytes: 65_536 },
    lock: { madviseHeld: false },
  },
);

const GO_1_19 = preset(
  {
    name: "go1.19",
    evidence: "recorded",
    what: "as 1.18, with a memory limit, and one bit a chunk instead of generations",
    change:
      "GOMEMLIMIT: allocations release what exceeds it. Freed memory is seen by the scavenger at once; the goal of the background scavenger under a limit is a hundred times too large (golang/go#62449)",
  },
  GO_1_18,
  {
    alloc: { scavenge: "limit" },
    limit: { supported: true, goalFactor: 95 },
    scavenger: { index: "bitmap", stopsShort: true, controllerFails: true },
  },
);

const GO_1_20 = preset(
  {
    name: "go1.20",
    evidence: "from source",
    what: "as 1.19",
    change: "nothing in the page heap but the page tracer",
  },
  GO_1_19,
  {},
);

const GO_1_21_0 = preset(
  {
    name: "go1.21.0",
    evidence: "from source",
    what: "generation and density per chunk; huge pages asked for and refused; idle caches flushed",
    change:
      "dense chunks are left alone, so that huge pages survive (golang/go#55328), and become huge by MADV_HUGEPAGE; caches of idle Ps are flushed after a mark; the heap goal leaves 3 % below the limit (golang/go#57069)",
  },
  GO_1_20,
  {
    pageCache: { flushIdle: true },
    limit: { headroomPercent: 3 },
    scavenger: { index: "density" },
    system: { hugePages: "dense" },
  },
);

const GO_1_21_1 = preset(
  {
    name: "go1.21.1",
    evidence: "from source",
    what: "as 1.21.0, with dense chunks collapsed at once",
    change: "MADV_HUGEPAGE made the system stall (golang/go#61718), so MADV_COLLAPSE takes its place",
  },
  GO_1_21_0,
  { system: { hugePages: "collapse" } },
);

const GO_1_21_4 = preset(
  {
    name: "go1.21.4",
    evidence: "from source",
    what: "as 1.21.1, with nothing said about huge pages",
    change: "MADV_COLLAPSE stalls too (golang/go#63334), so huge pages are left to the system",
  },
  GO_1_21_1,
  { system: { hugePages: "none" } },
);

const GO_1_22 = preset(
  {
    name: "go1.22",
    evidence: "recorded",
    what: "as 1.21.4, with a background scavenger that works for the memory limit",
    change: "the goal under a limit is 0.95 of it, and not 95 times (golang/go#62449)",
  },
  GO_1_21_4,
  { limit: { goalFactor: 0.95 } },
);

const GO_1_26 = preset(
  {
    name: "go1.26",
    evidence: "from source",
    what: "as 1.22, with the heap at a random base",
    change:
      "the first arena begins at a random multiple of 4 MiB, and up to 511 pages of its first chunk are never used",
  },
  GO_1_22,
  { layout: { base: "random" } },
);

/** The presets, oldest first. */
export const GO_PRESETS: readonly Policy[] = [
  GO_1_11,
  GO_1_12_0,
  GO_1_12_5,
  GO_1_13_0,
  GO_1_13_3,
  GO_1_14_0,
  GO_1_14_3,
  GO_1_15,
  GO_1_16,
  GO_1_17,
  GO_1_18,
  GO_1_19,
  GO_1_20,
  GO_1_21_0,
  GO_1_21_1,
  GO_1_21_4,
  GO_1_22,
  GO_1_26,
];
