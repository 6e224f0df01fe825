/**
 * A comparison for people: what differs beyond noise, what does not, and what is the same in every run, in words.
 */

import { ALPHA, type ComparisonRow, type Verdict } from "./comparison.js";
import { textTable } from "./text-table.js";

/** How quantities with a unit of their own are written. */
export interface QuantityFormats {
  /** Whole bytes, 0 or more. */
  readonly bytes: (bytes: number) => string;
  /** Whole ns, 0 or more. */
  readonly ns: (ns: number) => string;
}

/** Letters in a line, when names are listed. */
const LIST_WIDTH = 110;

/** Policies with longer names are called by their role above a column. */
const LONGEST_HEADER = 20;

/** The table of one candidate. @param rows all of the same candidate */
export function comparisonTable(rows: readonly ComparisonRow[], formats: QuantityFormats): string {
  const { candidate, baseline } = rows[0]!;
  const of = (...verdicts: Verdict[]): ComparisonRow[] =>
    rows.filter(({ verdict }) => verdicts.includes(verdict));
  const differing = of("higher", "lower").sort((a, b) => relative(b) - relative(a));
  const unclear = of("no difference shown");
  const undefinedRows = of("undefined");
  const identical = of("identical");
  if (identical.length > 0 && identical.length + undefinedRows.length === rows.length) {
    return `${candidate} and ${baseline} are identical: every metric is the same in every run`;
  }
  const intervals = `${100 * (1 - ALPHA)} % interval`;
  const short = (name: string, role: string): string => (name.length > LONGEST_HEADER ? role : name);
  const names = [short(baseline, "baseline"), short(candidate, "candidate")];
  const header = (title: string): string[] => [title, ...names, "difference", intervals, ""];
  const lineOf = (row: ComparisonRow): string[] => {
    const [name, ...rest] = comparisonCells(row, formats);
    return [`  ${name}`, ...rest];
  };
  const sections = [
    differing.length > 0
      ? tableOf([header(`${candidate} differs beyond noise in`), ...differing.map(lineOf)])
      : `${candidate} does not differ from ${baseline} beyond noise in any metric`,
    unclear.length === 0 ? "" : tableOf([header("no difference shown in"), ...unclear.map(lineOf)]),
    namesOf("identical in every run:", identical),
    namesOf("undefined, or in one pair of runs only:", undefinedRows),
  ];
  return sections.filter((text) => text !== "").join("\n\n");
}

function tableOf(rows: readonly string[][]): string {
  // The words at the end are flush left, unlike the numbers.
  const words = rows.map((row) => row.at(-1)!);
  const numbers = textTable(
    rows.map((row) => row.slice(0, -1)),
    true,
  );
  const width = Math.max(...numbers.map((line) => line.length));
  return numbers.map((line, i) => `${line.padEnd(width)}  ${words[i]}`.trimEnd()).join("\n");
}

/** A row as text: the metric, both means, their difference and its interval, and what is to be said of it. */
export function comparisonCells(row: ComparisonRow, formats: QuantityFormats): string[] {
  const { metric, meanBaseline, meanCandidate, diff, ciLow, ciHigh } = row;
  const show = (value: number): string => quantity(value, metric.unit, formats);
  const signed = (value: number): string => withSign(value, show);
  return [
    metric.name,
    show(meanBaseline),
    show(meanCandidate),
    signed(diff),
    `${signed(ciLow)} to ${signed(ciHigh)}`,
    wordsOf(row),
  ];
}

/** What a row says. */
function wordsOf(row: ComparisonRow): string {
  const { verdict, diff, ciLow, ciHigh, meanBaseline, unpaired } = row;
  const percent = (value: number): string => `${percentText((100 * value) / Math.abs(meanBaseline))} %`;
  const rest =
    unpaired === 0
      ? ""
      : ` (under ${unpaired} ${unpaired === 1 ? "seed" : "seeds"} defined for one of the two only)`;
  if (verdict === "no difference shown") {
    if (meanBaseline === 0) return rest.trim();
    return `between ${withSign(ciLow, percent)} and ${withSign(ciHigh, percent)}${rest}`;
  }
  if (meanBaseline === 0) return `${verdict}, from nothing${rest}`;
  return `${verdict} by ${percent(Math.abs(diff))}${rest}`;
}

function relative({ diff, meanBaseline }: ComparisonRow): number {
  return meanBaseline === 0 ? Number.POSITIVE_INFINITY : Math.abs(diff / meanBaseline);
}

function withSign(value: number, show: (value: number) => string): string {
  const text = show(Math.abs(value));
  return value < 0 ? `−${text}` : `+${text}`;
}

/** A number of a unit for people. */
export function quantity(value: number, unit: string, formats: QuantityFormats): string {
  if (Number.isNaN(value)) return "-";
  if (unit === "bytes") return formats.bytes(Math.round(value));
  if (unit === "ns") return formats.ns(Math.round(value));
  return shortNumber(value);
}

/** Four digits that count, without an exponent; all digits before the point. */
function shortNumber(value: number): string {
  if (Math.abs(value) >= 1000) return String(Math.round(value));
  const short = Number(value.toPrecision(value !== 0 && Math.abs(value) < 1 ? 3 : 4));
  return Math.abs(short) < 1e-6 ? (short === 0 ? "0" : short.toExponential(1)) : String(short);
}

/** Three digits that count, all before the point. */
function percentText(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : shortNumber(Number(value.toPrecision(3)));
}

/** A title and names, broken into lines. */
function namesOf(title: string, rows: readonly ComparisonRow[]): string {
  if (rows.length === 0) return "";
  const lines = [title];
  for (const { metric } of rows) {
    const last = lines.at(-1)!;
    const word = metric === rows.at(-1)!.metric ? metric.name : `${metric.name},`;
    if (lines.length > 1 && last.length + word.length < LIST_WIDTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines.join("\n");
}
