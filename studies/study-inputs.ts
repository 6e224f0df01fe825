/** What users write for seeds, warm-up, metrics and widths of intervals. */

import { METRICS, type Metric } from "../results/metrics.js";
import { DURATION_UNITS, parseDuration } from "../scenarios/units.js";
import { nearMiss } from "../scenarios/values/near-miss.js";
import { StudyError } from "./study-error.js";

/** More seeds than this in one study are refused. */
const MAX_SEEDS = 10_000;

/** What of the beginning of each run does not count. */
export type WarmUp =
  | { readonly kind: "none" }
  | { readonly kind: "time"; readonly ns: number }
  /** As long as MSER-5 says. */
  | { readonly kind: "mser5" };

/**
 * Reads seeds: `1..30`, `1,5,9`, `1..10,21..30`.
 * @returns them in rising order, each once
 * @throws StudyError when it is something else
 */
export function parseSeeds(text: string): number[] {
  const seeds = new Set<number>();
  for (const part of text.split(",")) {
    const [, first, last] = /^\s*(\d+)(?:\s*\.\.\s*(\d+))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last ?? first)];
    if (first === undefined || !(from <= to && Number.isSafeInteger(to))) {
      throw new StudyError(
        `--seeds ${JSON.stringify(text)}: ${JSON.stringify(part.trim())} is no seed and no range of seeds, expected whole numbers such as 1..30 or 1,5,9`,
      );
    }
    if (to - from >= MAX_SEEDS || seeds.size + to - from >= MAX_SEEDS)
      throw new StudyError(
        `--seeds ${JSON.stringify(text)} are more than ${MAX_SEEDS} seeds, expected fewer`,
      );
    for (let seed = from; seed <= to; seed++) seeds.add(seed);
  }
  return [...seeds].sort((a, b) => a - b);
}

/** Seeds for people: 1..30, 40. */
export function seedsText(seeds: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < seeds.length; ) {
    let j = i;
    while (seeds[j + 1] === seeds[j]! + 1) j++;
    parts.push(i === j ? `${seeds[i]}` : `${seeds[i]}..${seeds[j]}`);
    i = j + 1;
  }
  return parts.join(", ");
}

/** Reads `none`, `mser5` or a duration. @throws StudyError for something else */
export function parseWarmUp(text: string): WarmUp {
  if (text === "none" || text === "mser5") return { kind: text };
  const unit = /^[\d.]+\s*([a-zµ]+)$/.exec(text.trim())?.[1];
  if (unit === undefined || !Object.hasOwn(DURATION_UNITS, unit)) {
    throw new StudyError(
      `--warmup ${JSON.stringify(text)}: expected a duration such as 5s, or mser5, or none`,
    );
  }
  return { kind: "time", ns: parseDuration(text) };
}

/** Reads names of metrics with commas between. @returns them in the order of the table @throws StudyError for unknown ones */
export function parseMetrics(text: string): readonly Metric[] {
  const names = text.split(",").map((name) => name.trim());
  const known = METRICS.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearMiss(name, known);
    const hint = near === undefined ? "expected names of mheapsim list metrics" : `did you mean "${near}"?`;
    throw new StudyError(`--metrics: no metric is called ${JSON.stringify(name)}, ${hint}`);
  }
  return METRICS.filter(({ name }) => names.includes(name));
}

/** Reads a percentage above 0 % and up to 100 %, as a share. @throws StudyError for something else */
export function parsePercent(option: string, text: string): number {
  const [, digits] = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text) ?? [];
  const share = Number(digits) / 100;
  if (share > 0 && share <= 1) return share;
  throw new StudyError(
    `${option} ${JSON.stringify(text)}: expected a percentage above 0% and up to 100%, such as 2%`,
  );
}
