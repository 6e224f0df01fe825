/**
 * A policy: one choice on each axis on which Go releases differ, and the constants of those choices.
 *
 *     demands ─► pageCache ─► fit ─► growth ─► alloc          where memory comes from
 *                                      │         │
 *     collector ─► goal, limit ────────┴────┬────┘            how much is kept
 *                                           ▼
 *                     scavenger: index, background            what goes back, and when
 *                                           ▼
 *                     system: madvise, huge pages             what the system makes of it
 *                     lock                                    what others wait for
 *
 * A policy is plain data. The presets in go.ts pin every axis, so that two of them can be laid side by side; whoever acts
 * on an axis (a fit, a scavenger, the heap) is chosen by these names where the heap is put together, and reads its
 * constants here. fields.ts says of each axis what it may be and what it means.
 */

/** How we know that a policy is what the release does. */
export type Evidence = "recorded" | "from source" | "approximate" | "contrast";

/** How free memory is kept, and which of it an allocation gets. */
export interface FitAxis {
  /**
   * free-lists: by exact page count, and a treap of the large ones (1.11). two-treaps: one of unscavenged and one of
   * scavenged spans, by size (1.12). address-treap: first fit by address over spans (1.13). radix: first fit by address
   * over the bitmap (1.14 on). The others no release has: radix-best and radix-next on the same bitmap, hugepage-filler
   * (the fullest huge page first), lifetime-split (long-lived spans apart from short-lived ones).
   */
  readonly kind:
    | "free-lists"
    | "two-treaps"
    | "address-treap"
    | "radix"
    | "radix-best"
    | "radix-next"
    | "hugepage-filler"
    | "lifetime-split";
  /** Of treaps by size: the first span that is large enough on the way down (up to 1.12.4), or the smallest. */
  readonly walk: "first-enough" | "best";
  /** What lives so long is long-lived (lifetime-split), ns. */
  readonly longLivedNs: number;
}

/** How the heap grows. */
export interface GrowthAxis {
  /** What growth is rounded up to. */
  readonly unit: "arena" | "phys-page" | "chunk";
  /** Whether new memory counts as returned to the system, which it is in truth, or as retained. */
  readonly newMemory: "retained" | "released";
  /** Whether a whole arena enters the books when it is reserved, or only what the heap grew by. */
  readonly accounts: "arena" | "growth";
  /** What is released on growth: the largest spans up to the growth, or what exceeds the goal, under the lock or after it. */
  readonly scavenge: "none" | "largest" | "under-lock" | "after-unlock";
}

/** What an allocation itself releases. */
export interface AllocAxis {
  /** As much as it took out of scavenged memory (up to 1.12.4), or what exceeds the memory limit (from 1.19). */
  readonly scavenge: "none" | "scavenged-span" | "limit";
}

/** The page cache of each P. */
export interface PageCacheAxis {
  /** Pages of a cache, one word of the bitmap; 0 for no caches. */
  readonly pages: 0 | 64;
  /** Requests of so many pages and more pass by the cache. */
  readonly requestLimitPages: number;
  /** Whether idle Ps lose theirs after a mark (from 1.21). */
  readonly flushIdle: boolean;
  /**
   * Where searchAddr goes after a refill: the last page of the block, or, as up to 1.14.2, one page further, which may be
   * outside of the heap (golang/go#38605).
   */
  readonly refillSearchAddr: "last-page" | "behind-block";
}

/** How much memory the scavenger leaves. */
export interface GoalAxis {
  /** The collector's heap goal in object bytes (1.13.0), or heap in use scaled by how that goal moves (1.13.3 on). */
  readonly basis: "none" | "next-gc" | "in-use-ratio";
  /** Percent kept beyond that. */
  readonly retainExtraPercent: number;
  /**
   * Whether the goal stands when it is met, and is 0 until there is one, so that growth always releases what exceeds it
   * (1.13); else there is none then, and growth releases nothing.
   */
  readonly standsWhenMet: boolean;
  /**
   * Whether there is no goal before the first collection, so that nothing is released (1.14 to 1.17). Else it is 0 until then, so
   * that growth releases as much as it grows by, if there is as much.
   */
  readonly offAtStart: boolean;
}

/** What GOMEMLIMIT does. */
export interface LimitAxis {
  readonly supported: boolean;
  /** The background scavenger aims at so many times the limit: 0.95, and 95 up to 1.21 (golang/go#62449). */
  readonly goalFactor: number;
  /** Room that the heap goal leaves below the limit: percent of it, and at least so many bytes. */
  readonly headroomPercent: number;
  readonly headroomBytes: number;
}

/** Which free memory goes back, and when. */
export interface ScavengerAxis {
  /** How it is found. */
  readonly index: "none" | "spans" | "address" | "ranges" | "bitmap" | "density";
  /** How the background scavenger is paced. */
  readonly background: "none" | "periodic" | "linear" | "ewma" | "pi" | "decay" | "oracle";
  /** Bytes asked for at a time; 0 for one physical page. */
  readonly quantumBytes: number;
  /** A round works at least so long, ns. */
  readonly minWorkNs: number;
  /** Part of the time it may take: of one P (ewma), or of all Ps (pi). */
  readonly cpuFraction: number;
  /** Least part of the time that the averaging controller lets it fall to (ewma). */
  readonly minFraction: number;
  /** Work divided by sleep, at the start and after a failure of the controller (pi). */
  readonly startSleepRatio: number;
  /** Whether a request that got less than it asked for ends the round (from 1.19). */
  readonly stopsShort: boolean;
  /** Whether a failure of the controller is noticed (from 1.19). */
  readonly controllerFails: boolean;
  /** Work is counted 1 + so many times (0.7 on darwin and ios). */
  readonly costRatio: number;
  /** Parts that the heap is divided into for reservations (ranges). */
  readonly reservationShards: number;
  /** Chunks that have at least this part of their pages in use are left alone (density). */
  readonly denseFraction: number;
  /** Time that a span must have been free for, and time between two looks, ns (periodic). */
  readonly unusedNs: number;
  readonly periodNs: number;
  /** Time in which free memory decays (decay), ns. */
  readonly decayNs: number;
  /** Memory that is used again within this time is kept (oracle), ns. */
  readonly horizonNs: number;
}

/** What the system is told, and what it does with huge pages. */
export interface SystemAxis {
  /** Released pages go at once, or when the system needs them. */
  readonly madvise: "DONTNEED" | "FREE";
  /**
   * head-tail: releases mark the huge pages at both ends of a range as not to be made huge (up to 1.20). dense: chunks that
   * become dense ask for huge pages, sparse ones refuse them (1.21.0). collapse: dense chunks are collapsed at once
   * (1.21.1 to 1.21.3). none: nothing is said.
   */
  readonly hugePages: "head-tail" | "dense" | "collapse" | "none";
}

/** What happens under the heap lock. */
export interface LockAxis {
  /** Whether memory goes back to the system while the lock is held (up to 1.17). */
  readonly madviseHeld: boolean;
}

/** Where the heap lies. */
export interface LayoutAxis {
  /** Whether its first arena begins where the first hint says, or at a random place (from 1.26). */
  readonly base: "hint" | "random";
}

/** The groups of a policy that can be varied. */
export interface PolicyAxes {
  readonly fit: FitAxis;
  readonly growth: GrowthAxis;
  readonly alloc: AllocAxis;
  readonly pageCache: PageCacheAxis;
  readonly goal: GoalAxis;
  readonly limit: LimitAxis;
  readonly scavenger: ScavengerAxis;
  readonly system: SystemAxis;
  readonly lock: LockAxis;
  readonly layout: LayoutAxis;
}

/** A policy with all its axes. */
export interface Policy extends PolicyAxes {
  /** Unique among policies that are used together. */
  readonly name: string;
  /** The preset that it is, or that it varies. */
  readonly preset: string;
  readonly evidence: Evidence;
  /** In a line: what it does. */
  readonly what: string;
  /** What it changes against the preset before it, and why. */
  readonly change: string;
  /** The module that its fit or scavenger comes from: the path, and a digest of its text. */
  readonly module?: { readonly path: string; readonly sha256: string };
}
