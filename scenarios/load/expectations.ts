/**
 * Expectations: names of columns and phases looked up, times made absolute, values read in the unit of their column.
 */

import type { ExpectSpec, MeasureSpec, MetricStatistic } from "../scenario.js";
import { byteRate, duration, number, type QuantityType, rate, readQuantity, size } from "../schema/common.js";
import type { ScenarioContent } from "../schema/root.js";
import { COMPARISONS, STATISTICS } from "../schema/sections.js";
import { nearMiss, suggestion } from "../values/near-miss.js";
import type { Vocabulary } from "../vocabulary.js";
import type { Path, Problems } from "./places.js";

type Content = ScenarioContent["expect"][number];
type MeasureContent = NonNullable<Content["of"]>;

/** What expectations refer to. */
export interface Surroundings {
  readonly vocabulary: Vocabulary;
  readonly durationNs: number;
  readonly phases: readonly { readonly name: string; readonly startNs: number; readonly stopNs: number }[];
  readonly problems: Problems;
}

/** All expectations; those with faults are reported and left out. */
export function buildExpectations(content: readonly Content[], around: Surroundings): ExpectSpec[] {
  return content.flatMap((one, i) => buildExpectation(one, ["expect", i], around) ?? []);
}

function buildExpectation(content: Content, path: Path, around: Surroundings): ExpectSpec | undefined {
  const policies = policiesOf(content, path, around);
  const whatever = { policies, about: content.about ?? "", text: textOf(content) };
  if (content.exit !== undefined) {
    const window = windowOf(content, path, around);
    return window && { kind: "exit", exit: content.exit, ...window, ...whatever };
  }
  const measure = measureOf(content, path, around);
  const of = content.of === undefined ? null : measureOf(content.of, [...path, "of"], around);
  if (measure === undefined || of === undefined) return undefined;
  const type = comparedType(measure, of, path, around);
  const comparison = COMPARISONS.find((name) => content[name] !== undefined)!;
  const given = content[comparison]!;
  const values = (Array.isArray(given) ? given : [given]).map((value, i) => {
    const read = type && readQuantity(value, type);
    if (typeof read === "object") {
      const where = Array.isArray(given) ? [...path, comparison, i] : [...path, comparison];
      around.problems.report(where, read.problem);
    }
    return typeof read === "number" ? read : undefined;
  });
  const [value, value2 = value] = values;
  if (value === undefined || value2 === undefined) return undefined;
  if (value > value2) {
    around.problems.report(
      [...path, comparison, 0],
      "the lower end is above the upper one, expected it to be at most that",
    );
  }
  return { kind: "metric", measure, of, comparison, value, value2, ...whatever };
}

/** The presets that it is about, each once, in the order of the file; null for all. */
function policiesOf(
  { policies }: Content,
  path: Path,
  { vocabulary, problems }: Surroundings,
): readonly string[] | null {
  if (policies === undefined) return null;
  const names = policies.flatMap((word, i) => {
    const chosen = vocabulary.choosePolicies(word);
    if (!("problem" in chosen)) return chosen;
    problems.report([...path, "policies", i], chosen.problem);
    return [];
  });
  return [...new Set(names)];
}

/** The type of the value that a measure is compared with. */
function comparedType(
  measure: MeasureSpec,
  of: MeasureSpec | null,
  path: Path,
  { vocabulary, problems }: Surroundings,
): QuantityType | undefined {
  const unit = unitOfMetric(measure.metric, vocabulary);
  if (of === null) return typeOfUnit(unit);
  const other = unitOfMetric(of.metric, vocabulary);
  if (typeOfUnit(unit).what !== typeOfUnit(other).what) {
    problems.report(
      [...path, "of"],
      `${measure.metric} is in ${unit} and ${of.metric} in ${other}, expected two columns of one unit`,
    );
    return undefined;
  }
  return { ...number, what: "a ratio", example: "90%" };
}

function unitOfMetric(metric: string, vocabulary: Vocabulary): string {
  return vocabulary.metrics.find(({ name }) => name === metric)!.unit;
}

/** Increases and differences may be negative, so the range is open on both sides. */
function typeOfUnit(unit: string): QuantityType {
  const open = { min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, range: "below 2^53" };
  if (unit === "bytes") return { ...size, ...open };
  if (unit === "ns") return { ...duration, ...open };
  if (unit === "bytes/s") return { ...byteRate, ...open };
  if (/\/s$/.test(unit)) return { ...rate, ...open };
  return {
    ...number,
    what: unit === "ratio" ? "a ratio" : "a number",
    example: unit === "ratio" ? "25%" : "100",
  };
}

function measureOf(content: MeasureContent, path: Path, around: Surroundings): MeasureSpec | undefined {
  const statistic = STATISTICS.find((name) => content[name] !== undefined)!;
  const metric = content[statistic]!;
  const known = around.vocabulary.metrics.map(({ name }) => name);
  if (!known.includes(metric)) {
    const near = nearMiss(metric, known);
    const hint =
      near === undefined ? "expected a column of mheapsim list columns" : `did you mean "${near}"?`;
    around.problems.report([...path, statistic], `no column is called "${metric}", ${hint}`);
  }
  const window = windowOf(content, path, around);
  if (window === undefined || !known.includes(metric)) return undefined;
  return { metric, statistic: statistic as MetricStatistic, ...window };
}

/** The window that a measure is taken over; without one, the whole run. */
function windowOf(
  content: Pick<Content, "at" | "from" | "to" | "during">,
  path: Path,
  { durationNs, phases, problems }: Surroundings,
): { fromNs: number; toNs: number } | undefined {
  if (content.during !== undefined) {
    const phase = phases.find(({ name }) => name === content.during);
    if (phase !== undefined) return { fromNs: phase.startNs, toNs: phase.stopNs };
    const names = phases.map(({ name }) => name);
    const hint = names.length === 0 ? "the scenario has none" : suggestion(content.during, names);
    problems.report([...path, "during"], `no phase is called "${content.during}", ${hint}`);
    return undefined;
  }
  const inRun = (value: number, key: string): boolean => {
    if (value <= durationNs) return true;
    problems.report([...path, key], "a time after the end of the run, expected one within it");
    return false;
  };
  if (content.at !== undefined) {
    const at = content.at === "end" ? durationNs : readQuantity(content.at, duration);
    if (typeof at === "number") return inRun(at, "at") ? { fromNs: at, toNs: at } : undefined;
    problems.report(
      [...path, "at"],
      at.problem.replace("a duration such as 10ms", "a time such as 60s, or end"),
    );
    return undefined;
  }
  const [fromNs, toNs] = [content.from ?? 0, content.to ?? durationNs];
  if (!inRun(fromNs, "from") || !inRun(toNs, "to")) return undefined;
  if (fromNs < toNs || durationNs === 0) return { fromNs, toNs };
  problems.report(
    [...path, content.from === undefined ? "to" : "from"],
    "the window is empty, expected from to be before to",
  );
  return undefined;
}

/** The expectation on one line, as people would say it. */
function textOf(content: Content): string {
  const words = measureText(content);
  if (content.exit !== undefined) words.unshift("exit", content.exit);
  if (content.of !== undefined) words.push("of", ...measureText(content.of));
  for (const name of COMPARISONS) {
    const value = content[name];
    if (value !== undefined) words.push(name, Array.isArray(value) ? value.join(" and ") : String(value));
  }
  if (content.policies !== undefined) words.push("under", content.policies.join(", "));
  return words.join(" ");
}

function measureText(content: MeasureContent): string[] {
  const words: string[] = [];
  for (const name of STATISTICS)
    if (content[name] !== undefined) words.push(name === "value" ? "" : name, content[name]);
  if (content.at !== undefined) words.push("at", String(content.at));
  if (content.from !== undefined) words.push("from", `${content.from} ns`);
  if (content.to !== undefined) words.push("to", `${content.to} ns`);
  if (content.during !== undefined) words.push("during", content.during);
  return words.filter((word) => word !== "");
}
