/**
 * The figures in the manual that compare releases, made of what the commands above them wrote:
 *
 *     npx mheapsim compare … --out releases/idle
 *
 *     <!-- releases: idle -->
 *     | metric | go1.20 | go1.22 |
 *     <!-- end -->
 *
 * The baseline is the first column; the others have their difference from it, with the interval of that difference, or how many
 * times as much they are.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { quantity } from "../../results/comparison-table.js";
import { formatDuration, formatSize } from "../../scenarios/units.js";

/** A row of comparison.json; null for what is undefined. */
interface Row {
  readonly metric: string;
  readonly unit: string;
  readonly candidate: string;
  readonly mean_baseline: number | null;
  readonly mean_candidate: number | null;
  readonly diff: number | null;
  readonly ci_low: number | null;
  readonly ci_high: number | null;
  readonly verdict: string;
}

interface Comparison {
  readonly baseline: string;
  readonly candidates: readonly string[];
  readonly rows: readonly Row[];
}

/** A document with its tables made anew. @param folder where its commands ran */
export function withReleaseTables(document: string, folder: string): string {
  return document.replace(
    /(<!-- releases: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => {
      const text = readFileSync(join(folder, "releases", name, "comparison.json"), "utf8");
      return `${begin}${tableOf(JSON.parse(text) as Comparison)}\n${end}`;
    },
  );
}

function tableOf({ baseline, candidates, rows }: Comparison): string {
  const metrics = [...new Set(rows.map(({ metric }) => metric))];
  const lines = metrics.map((metric) => {
    const own = candidates.map(
      (name) => rows.find((row) => row.metric === metric && row.candidate === name)!,
    );
    const first = own[0]!;
    return [`\`${metric}\``, shown(first.mean_baseline, first.unit), ...own.map(cell)];
  });
  const header = ["metric", baseline, ...candidates];
  return [header, header.map((_, i) => (i === 0 ? "---" : "---:")), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** The mean of a candidate, and how far from the baseline that is. */
function cell({ verdict, unit, mean_candidate, mean_baseline, diff, ci_low, ci_high }: Row): string {
  const mean = shown(mean_candidate, unit);
  if (verdict === "identical") return `${mean} (the same)`;
  if (verdict === "no difference shown") return `${mean} (no difference shown)`;
  if (diff === null || ci_low === null || ci_high === null || mean_baseline === null) return mean;
  if (mean_baseline === 0) return mean;
  const ratio = (mean_candidate ?? 0) / mean_baseline;
  if (ratio >= 3) return `${mean} (${Number(ratio.toPrecision(2))} times)`;
  const percent = (value: number): string =>
    `${Number(((100 * value) / Math.abs(mean_baseline)).toPrecision(2))}`;
  const sign = diff < 0 ? "−" : "+";
  return `${mean} (${sign}${percent(Math.abs(diff))} % ± ${percent((ci_high - ci_low) / 2)})`;
}

function shown(value: number | null, unit: string): string {
  return value === null ? "–" : quantity(value, unit, { bytes: formatSize, ns: shortDuration });
}

/** A time with three digits that count. */
function shortDuration(ns: number): string {
  return ns === 0 ? "0" : formatDuration(Number(ns.toPrecision(3)));
}
