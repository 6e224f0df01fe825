/**
 * What reports say of two releases, each by a comparison of them: which side is worse, and about how much. The numbers of the
 * reports stand beside what is asserted; docs/policies.md has the same comparisons with more seeds.
 */

import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { ComparisonRow } from "../../results/comparison.js";
import { METRICS } from "../../results/metrics.js";
import { scenarioPath } from "../../scenarios/library.js";
import { compare } from "../../studies/compare.js";
import { readScenario } from "../../studies/scenarios.js";
import { TestFolder } from "../setup/files.js";

vi.setConfig({ testTimeout: 120_000 });

const folder = new TestFolder();
const MIB = 2 ** 20;
const SECOND = 1e9;

interface Case {
  readonly scenario: string;
  readonly params?: readonly string[];
  /** The baseline first. */
  readonly policies: readonly [string, string, ...string[]];
  readonly metrics: readonly string[];
  /** How many seeds. Default: 3, for differences that are the same under all. */
  readonly seeds?: number;
}

/** Rows by metric and candidate. */
async function compared({ scenario, params = [], policies, metrics, seeds = 3 }: Case) {
  const path = scenarioPath(scenario);
  const { rows, baseline } = await compare({
    scenario: readScenario(path, { params }),
    path,
    policies,
    seeds: Array.from({ length: seeds }, (_, i) => i + 1),
    metrics: METRICS.filter(({ name }) => metrics.includes(name)),
    workers: 1,
    out: join(folder.fresh(), "out"),
  });
  expect(baseline).not.toBe("");
  return (metric: string, candidate = rows.at(-1)!.candidate): ComparisonRow =>
    rows.find((row) => row.metric.name === metric && row.candidate === candidate)!;
}

/** How many times as much the candidate has. */
const ratio = ({ meanCandidate, meanBaseline }: ComparisonRow): number => meanCandidate / meanBaseline;

describe("up to 1.13", () => {
  test("1.12.4 cuts up what 1.12.5 and 1.11 leave whole (golang/go#31616)", async () => {
    const row = await compared({
      scenario: "not-best-fit",
      policies: ["go1.12.5", "go1.12.4", "go1.11"],
      metrics: ["peak_heap_inuse_bytes", "peak_heap_sys_bytes", "mean_external_fragmentation"],
      seeds: 6,
    });
    // The report has no figures of a program: a span of 5,000 pages goes to a request of 5. The demand is the same.
    expect(row("peak_heap_inuse_bytes", "go1.12.0").verdict).toBe("identical");
    expect(ratio(row("peak_heap_sys_bytes", "go1.12.0"))).toBeGreaterThan(1.1);
    expect(row("mean_external_fragmentation", "go1.12.0").verdict).toBe("higher");
    // Nobody had seen it before 1.12, it says, for lists by size did the work.
    expect(ratio(row("peak_heap_sys_bytes", "go1.11"))).toBeLessThan(1.05);
  });

  test("1.12 and 1.13 let allocations wait for madvise, 1.11 and 1.18 do not (golang/go#31678, #32828)", async () => {
    const row = await compared({
      scenario: "madvise-under-lock",
      params: ["scale=0.1"],
      policies: ["go1.12.4", "go1.11", "go1.12.5", "go1.13.3", "go1.18"],
      metrics: ["peak_lock_wait_max_ns", "scavenged_bytes"],
    });
    // Kubernetes: latencies rose by milliseconds with 1.12, where 1.11 had been fine.
    const wait = (policy: string): number => row("peak_lock_wait_max_ns", policy).meanCandidate;
    expect(row("peak_lock_wait_max_ns", "go1.11").meanBaseline).toBeGreaterThan(1e6);
    expect(wait("go1.11")).toBeLessThan(50e3);
    expect(wait("go1.18")).toBeLessThan(250e3);
    expect(wait("go1.13.3")).toBeGreaterThan(4 * wait("go1.18"));
    // 1.12.5 does without releases in allocations, and has those of growth left.
    expect(ratio(row("scavenged_bytes", "go1.12.5"))).toBeLessThan(0.3);
    expect(wait("go1.12.5")).toBeGreaterThan(4 * wait("go1.18"));
  });

  test("new memory that counts as retained is released for nothing (golang/go#32012)", async () => {
    const developing = "go1.13.0{growth.unit=arena,growth.newMemory=retained}";
    const row = await compared({
      scenario: "untouched-memory",
      policies: ["go1.13.0", developing],
      metrics: ["scavenged_bytes", "peak_heap_inuse_bytes"],
    });
    // A heap of 24 MiB in an arena of 64: 40 MiB are released.
    const { meanBaseline, meanCandidate } = row("scavenged_bytes");
    const expected = 64 * MIB - row("peak_heap_inuse_bytes").meanCandidate;
    expect(Math.abs(meanCandidate / expected - 1)).toBeLessThan(0.05);
    expect(meanBaseline).toBeLessThan(5 * MIB);
  });

  test("1.13.2 releases what is needed at once, 1.13.3 nothing (golang/go#34048)", async () => {
    const row = await compared({
      scenario: "waste-in-spans",
      params: ["scale=0.2"],
      policies: ["go1.13.2", "go1.13.3"],
      metrics: ["scavenged_bytes", "refaulted_bytes"],
    });
    // Every new page is a fault, only to be released again; no figures.
    expect(ratio(row("refaulted_bytes"))).toBeLessThan(0.1);
    expect(row("refaulted_bytes").verdict).toBe("lower");
    expect(row("refaulted_bytes").meanBaseline / row("scavenged_bytes").meanBaseline).toBeGreaterThan(0.9);
  });
});

describe("from 1.14 to 1.20", () => {
  test("1.14.2 does not search where 1.14.3 searches in vain, and has the same heap (golang/go#38605)", async () => {
    const row = await compared({
      scenario: "refill-at-chunk-end",
      params: ["scale=0.3"],
      policies: ["go1.14.3", "go1.14.2"],
      metrics: ["find_calls_per_span", "heap_growths", "peak_heap_sys_bytes", "mean_heap_retained_bytes"],
    });
    // The report is of a crash: searchAddr points behind the heap.
    expect(row("find_calls_per_span")).toMatchObject({ verdict: "lower", meanCandidate: 0 });
    for (const metric of ["heap_growths", "peak_heap_sys_bytes", "mean_heap_retained_bytes"])
      expect(row(metric).verdict, metric).toBe("identical");
  });

  test("a page cache of 1.14 spares nearly all waits for the heap lock (golang/go#35112)", async () => {
    const row = await compared({
      scenario: "lock-per-span",
      params: ["scale=0.5"],
      policies: ["go1.13.3", "go1.14.3"],
      metrics: ["lock_wait_per_acquisition_ns", "peak_lock_wait_max_ns"],
    });
    expect(ratio(row("lock_wait_per_acquisition_ns"))).toBeLessThan(0.2);
    expect(ratio(row("peak_lock_wait_max_ns"))).toBeLessThan(0.5);
  });

  test("what 1.15 releases stays in memory, with 1.16 it goes (golang/go#42330)", async () => {
    const row = await compared({
      scenario: "madvise-free",
      params: ["scale=0.5"],
      policies: ["go1.15", "go1.16"],
      metrics: ["mean_heap_released_bytes", "mean_resident_bytes"],
    });
    expect(row("mean_heap_released_bytes").verdict).toBe("identical");
    expect(ratio(row("mean_resident_bytes"))).toBeLessThan(0.5);
  });

  test("1.16 maps an arena of 64 MiB, 1.17 what it needs (golang/go#42612)", async () => {
    const row = await compared({
      scenario: "arena-size",
      policies: ["go1.16", "go1.17"],
      metrics: ["peak_heap_sys_bytes", "mean_heap_retained_bytes"],
    });
    expect(row("peak_heap_sys_bytes")).toMatchObject({ meanBaseline: 64 * MIB, meanCandidate: 4 * MIB });
    expect(row("mean_heap_retained_bytes").verdict).toBe("identical");
  });
});

describe("idle programs", () => {
  test("give a spike back after two minutes, from 1.21 on after four, before 1.13 after seven (golang/go#30333)", async () => {
    const row = await compared({
      scenario: "spike-then-idle",
      params: ["idle=600s", "scale=0.5"],
      policies: ["go1.18", "go1.11", "go1.12.5", "go1.15", "go1.20", "go1.22"],
      metrics: ["release_90_ns"],
    });
    const seconds = (policy: string): number => row("release_90_ns", policy).meanCandidate / SECOND;
    expect(row("release_90_ns").meanBaseline / SECOND).toBeGreaterThan(118);
    for (const policy of ["go1.15", "go1.20"]) {
      expect(seconds(policy), policy).toBeGreaterThan(118);
      expect(seconds(policy), policy).toBeLessThan(126);
    }
    expect(seconds("go1.22")).toBeGreaterThan(236);
    expect(seconds("go1.22")).toBeLessThan(250);
    // Two minutes until it is found dead, five until it is old enough, two and a half until somebody looks.
    for (const policy of ["go1.11", "go1.12.5"]) {
      expect(seconds(policy), policy).toBeGreaterThan(7 * 60 - 5);
      expect(seconds(policy), policy).toBeLessThan(9.5 * 60);
    }
  });

  test("give back within seconds what a last collection frees, up to 1.20, and then two minutes later (golang/go#69996)", async () => {
    const row = await compared({
      scenario: "idle-after-shrink",
      params: ["scale=0.1"],
      policies: ["go1.18", "go1.19", "go1.20", "go1.21.4", "go1.22"],
      metrics: ["release_90_ns", "mean_heap_retained_bytes"],
    });
    // Native runs: within 5 s, and after the collection that is forced after 2 minutes.
    expect(row("release_90_ns").meanBaseline).toBeLessThan(5 * SECOND);
    for (const policy of ["go1.19", "go1.20"])
      expect(row("release_90_ns", policy).meanCandidate, policy).toBeLessThan(5 * SECOND);
    for (const policy of ["go1.21.4", "go1.22"]) {
      expect(row("release_90_ns", policy).meanCandidate, policy).toBeGreaterThan(119 * SECOND);
      expect(ratio(row("mean_heap_retained_bytes", policy)), policy).toBeGreaterThan(2);
    }
  });
});

describe("memory limits", () => {
  test("1.18 has none, 1.19 keeps it (golang/go#48409)", async () => {
    const row = await compared({
      scenario: "near-the-limit",
      params: ["scale=0.5"],
      policies: ["go1.18", "go1.19"],
      metrics: ["peak_heap_retained_bytes", "gc_cycles"],
      seeds: 6,
    });
    expect(row("peak_heap_retained_bytes").meanCandidate).toBeLessThan(65 * MIB);
    expect(row("peak_heap_retained_bytes").meanBaseline).toBeGreaterThan(250 * MIB);
    expect(row("gc_cycles")).toMatchObject({ meanBaseline: 0, verdict: "higher" });
  });

  test("up to 1.21 allocations release all, from 1.22 on the background does; 1.21's 3 % spare some (golang/go#62449, #57069)", async () => {
    const row = await compared({
      scenario: "near-the-limit",
      policies: ["go1.21.4", "go1.20", "go1.22"],
      metrics: ["assist_released_bytes", "assist_ns", "scavenged_bytes"],
      seeds: 6,
    });
    expect(row("assist_released_bytes", "go1.22").verdict).toBe("lower");
    expect(ratio(row("assist_released_bytes", "go1.22"))).toBeLessThan(0.1);
    expect(ratio(row("scavenged_bytes", "go1.22"))).toBeGreaterThan(1.3);
    const { meanBaseline } = row("scavenged_bytes", "go1.22");
    expect(row("assist_released_bytes").meanBaseline / meanBaseline).toBeGreaterThan(0.8);
    // A headroom of 3 % instead of 1 MiB of 128.
    expect(ratio(row("assist_ns", "go1.20"))).toBeGreaterThan(1.15);
  });

  test("a burst after a forced collection is spared by 1.22 what it had to do alone (golang/go#57069)", async () => {
    const row = await compared({
      scenario: "burst-at-the-limit",
      policies: ["go1.20", "go1.21.0", "go1.22"],
      metrics: ["assist_ns", "assist_released_bytes"],
    });
    expect(ratio(row("assist_ns", "go1.21.0"))).toBeLessThan(1);
    expect(ratio(row("assist_ns", "go1.22"))).toBeLessThan(0.75);
    expect(row("assist_ns", "go1.22").verdict).toBe("lower");
  });
});

describe("huge pages", () => {
  test("1.21.0 waits in faults, 1.21.1 with the heap lock held, 1.21.4 and 1.20 not at all (golang/go#61718, #63334)", async () => {
    const row = await compared({
      scenario: "huge-page-stalls",
      params: ["stall=100ms"],
      policies: ["go1.21.4", "go1.20", "go1.21.0", "go1.21.1"],
      metrics: ["fault_ns", "advice_ns", "peak_lock_wait_max_ns", "mean_huge_coverage"],
    });
    // Stalls of hundreds of milliseconds: here two huge pages of 100 ms in a chunk.
    const stall = row("peak_lock_wait_max_ns", "go1.21.1").meanCandidate;
    expect(stall).toBeGreaterThan(150e6);
    expect(stall).toBeLessThan(500e6);
    for (const policy of ["go1.20", "go1.21.0"])
      expect(row("peak_lock_wait_max_ns", policy).meanCandidate, policy).toBeLessThan(1e6);
    expect(row("peak_lock_wait_max_ns").meanBaseline).toBeLessThan(1e6);
    expect(ratio(row("fault_ns", "go1.21.0"))).toBeGreaterThan(20);
    expect(row("advice_ns").meanBaseline).toBe(0);
    for (const policy of ["go1.21.0", "go1.21.1"])
      expect(row("mean_huge_coverage", policy).meanCandidate, policy).toBeGreaterThan(0.9);
  });

  test("khugepaged brings back what 1.21.1 and 1.21.4 release, and not what 1.20 and 1.21.0 do (golang/go#64332)", async () => {
    const row = await compared({
      scenario: "khugepaged-refills",
      params: ["scale=0.1"],
      policies: ["go1.21.0", "go1.20", "go1.21.1", "go1.21.4"],
      metrics: ["end_heap_retained_bytes", "end_resident_bytes"],
    });
    for (const policy of ["go1.21.1", "go1.21.4"]) {
      expect(row("end_heap_retained_bytes", policy).verdict, policy).toBe("identical");
      expect(ratio(row("end_resident_bytes", policy)), policy).toBeGreaterThan(3);
    }
    expect(ratio(row("end_resident_bytes", "go1.20"))).toBeLessThan(1.2);
  });
});
