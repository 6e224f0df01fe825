/**
 * How often a comparison cries wolf.
 *
 * Where there is no difference, one row in twenty may say so before the adjustment, and one comparison in twenty may have such
 * a row at all after it. Three worlds without a difference, 1,000 comparisons in each:
 *
 *     the same policy, disjoint sets of seeds, paired at random
 *     real differences between two policies, each with a sign that is tossed
 *     the first again, with pairs of its own for each metric, so that the metrics are independent
 *
 * In the first two the metrics of a run go together (what is high on average has a high peak), and Bonferroni's rule, which
 * holds whatever goes with what, then has fewer alarms than it may. In the third it has what it may, and no fewer.
 */

import { describe, expect, test } from "vitest";
import { type RandomStream, RandomStreams } from "../../engine/random-streams.js";
import { ALPHA, compareMetrics } from "../../results/comparison.js";
import { METRICS, Series } from "../../results/metrics.js";
import { Sampler } from "../../results/sampler.js";
import { incompleteBeta } from "../../results/statistics/student-t.js";
import { resolvePolicy } from "../../studies/policies.js";
import { ScenarioRun } from "../../studies/scenario-run.js";
import { scenario } from "../../studies/scenarios.js";

const COMPARISONS = 1000;
const PAIRS = 20;
const RUNS = 400;
const POLICIES = ["go1.18", "go1.18{goal.retainExtraPercent=40}"] as const;

const TINY = scenario({
  name: "tiny",
  duration: "60ms",
  samples: 12,
  gc: { minHeap: "128KiB" },
  workloads: {
    objects: {
      kind: "objects",
      rate: "5000/s",
      size: { exponential: { mean: "1KiB" } },
      lifetime: { exponential: { mean: "8ms" } },
    },
    spans: {
      kind: "spans",
      rate: "2000/s",
      pages: { uniform: { min: 1, max: 30 } },
      lifetime: { exponential: { mean: "10ms" } },
    },
  },
});

/** Metrics of each run, by run and metric. */
function runsUnder(policyName: string): number[][] {
  const policy = resolvePolicy(policyName);
  return Array.from({ length: RUNS }, (_, seed) => {
    const sampler = new Sampler();
    const rows: Float64Array[] = [];
    const onSample = ({ sim, heap, collectorSample }: ScenarioRun): void => {
      rows.push(sampler.sample(sim.nowNs, heap, collectorSample));
    };
    new ScenarioRun({ ...TINY, seed: String(seed) }, { policy, onlooker: { onSample } }).run();
    return METRICS.map((metric) => metric.of(new Series(rows, 10e6)));
  });
}

const runs = runsUnder(POLICIES[0]);
const others = runsUnder(POLICIES[1]);

/** Metrics that nearly every run has, with a value of its own: of those a t test is near its level, not just below it. */
const continuous = METRICS.map((_, m) => m).filter(
  (m) => new Set(runs.map((run) => run[m])).size > RUNS / 4 && runs.every((run) => !Number.isNaN(run[m])),
);

/** So many different numbers below a limit, in random order. */
function draw(stream: RandomStream, count: number, limit: number): number[] {
  const all = Array.from({ length: limit }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = stream.integer(i, limit - 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all.slice(0, count);
}

type World = (stream: RandomStream) => { readonly a: number[][]; readonly b: number[][] };

const disjointSeeds: World = (stream) => {
  const seeds = draw(stream, 2 * PAIRS, RUNS);
  const take = (part: readonly number[]): number[][] =>
    METRICS.map((_, m) => part.map((seed) => runs[seed]![m]!));
  return { a: take(seeds.slice(0, PAIRS)), b: take(seeds.slice(PAIRS)) };
};

const tossedSigns: World = (stream) => {
  const pairs = draw(stream, PAIRS, RUNS).map((seed) =>
    (stream.chance(0.5) ? [runs, others] : [others, runs]).map((of) => of[seed]!),
  );
  const take = (side: number): number[][] => METRICS.map((_, m) => pairs.map((pair) => pair[side]![m]!));
  return { a: take(0), b: take(1) };
};

const independentMetrics: World = (stream) => {
  const sides = continuous.map((m) => {
    const seeds = draw(stream, 2 * PAIRS, RUNS);
    return [seeds.slice(0, PAIRS), seeds.slice(PAIRS)].map((part) => part.map((seed) => runs[seed]![m]!));
  });
  return { a: sides.map(([a]) => a!), b: sides.map(([, b]) => b!) };
};

/** Alarms in many comparisons: of each row by itself, and comparisons with any after the adjustment. */
function alarmsIn(name: string, world: World, metrics = METRICS): { rows: number[]; comparisons: number } {
  const stream = new RandomStreams("false-alarms").get(name);
  const rows = metrics.map(() => 0);
  let comparisons = 0;
  for (let i = 0; i < COMPARISONS; i++) {
    const { a, b } = world(stream);
    const found = compareMetrics({
      metrics,
      baseline: "a",
      candidates: ["b"],
      values: new Map([
        ["a", a],
        ["b", b],
      ]),
    });
    found.forEach(({ p }, m) => {
      if (p < ALPHA) rows[m]!++;
    });
    if (found.some(({ verdict }) => verdict === "higher" || verdict === "lower")) comparisons++;
  }
  return { rows, comparisons };
}

/** The counts, out of COMPARISONS with probability p, of which the chance to be outside is at most alpha. */
function binomialInterval(p: number, alpha: number): [low: number, high: number] {
  // P(X ≤ k) is an incomplete beta function (Abramowitz and Stegun 26.5.24).
  const upTo = (k: number): number => incompleteBeta(1 - p, COMPARISONS - k, k + 1);
  let low = 0;
  while (upTo(low) <= alpha / 2) low++;
  let high = low;
  while (1 - upTo(high) > alpha / 2) high++;
  return [low, high];
}

test("the binomial interval is the known one", () => {
  // qbinom(c(0.025, 0.975), 1000, 0.05) of R.
  expect(binomialInterval(0.05, 0.05)).toEqual([37, 64]);
});

test("there is something to be wrong about", () => {
  expect(continuous.length).toBeGreaterThanOrEqual(12);
  // The two policies do differ, or tossing signs would toss zeros.
  const differing = METRICS.filter((_, m) => runs.some((run, seed) => run[m]! !== others[seed]![m]!));
  expect(differing.length).toBeGreaterThanOrEqual(8);
});

describe.each([
  ["the same policy under disjoint seeds", disjointSeeds],
  ["real differences with tossed signs", tossedSigns],
])("%s", (name, world) => {
  const { rows, comparisons } = alarmsIn(name, world);

  test("before the adjustment each row alarms as often as it may", () => {
    // So many rows are looked at that the interval of each is made for all of them.
    const [low, high] = binomialInterval(ALPHA, 0.05 / METRICS.length);
    for (const [m, { name: metric }] of METRICS.entries()) {
      // A metric of two or three values has sums that jump from one side of the level to the other: there t is a rough guide.
      expect(rows[m], metric).toBeLessThanOrEqual(continuous.includes(m) ? high : 2 * ALPHA * COMPARISONS);
      const differs = world === disjointSeeds || runs.every((run, seed) => run[m] !== others[seed]![m]);
      if (continuous.includes(m) && differs) expect(rows[m], metric).toBeGreaterThanOrEqual(low);
    }
  });

  test("after it a comparison has an alarm no more often than it may", () => {
    expect(comparisons).toBeLessThanOrEqual(binomialInterval(ALPHA, 0.05)[1]);
    expect(comparisons).toBeGreaterThan(0);
  });
});

test("of independent metrics a comparison has an alarm as often as it may, before and after", () => {
  const metrics = continuous.map((m) => METRICS[m]!);
  const { rows, comparisons } = alarmsIn("independent", independentMetrics, metrics);
  const level = 1 - (1 - ALPHA / metrics.length) ** metrics.length;
  const [low, high] = binomialInterval(level, 0.05);
  expect(comparisons).toBeGreaterThanOrEqual(low);
  expect(comparisons).toBeLessThanOrEqual(high);
  const [lowRow, highRow] = binomialInterval(ALPHA, 0.05 / metrics.length);
  for (const count of rows) {
    expect(count).toBeGreaterThanOrEqual(lowRow);
    expect(count).toBeLessThanOrEqual(highRow);
  }
});
