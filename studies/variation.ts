/**
 * What a sweep varies:
 *
 *     --vary scale=1,2,5                  these values
 *     --vary gc.gogc=50..200:50           50, 100, 150, 200
 *     --vary idle=10s..1m:10s             the same with units
 *
 * A name is that of a parameter of the scenario, or a path as --set takes it. Several variations make every combination,
 * the first one slowest; zipped, the first values go together, then the second ones, and so on.
 */

import type { ScenarioOverrides } from "../scenarios/load/load.js";
import { nearMiss } from "../scenarios/values/near-miss.js";
import { parseQuantity, type Quantity, sameDimension, unitOf } from "../scenarios/values/quantity.js";
import { add, compare, divide, toNumber } from "../scenarios/values/rational.js";
import { StudyError } from "./study-error.js";

/** More values of one variation, and more combinations, than this are refused. */
const MAX_VALUES = 1000;
const MAX_POINTS = 10_000;

/** One thing that is varied. */
export interface Variation {
  readonly name: string;
  /** As a scenario would write them. */
  readonly values: readonly string[];
}

/** One value for each variation, in their order. */
export type Point = readonly string[];

/** Reads `name=value,value,…` or `name=from..to:step`. @throws StudyError when it is something else */
export function parseVariation(text: string): Variation {
  const equals = text.indexOf("=");
  const name = text.slice(0, Math.max(0, equals)).trim();
  const values = splitValues(text.slice(equals + 1)).flatMap((value) => valuesOf(text, value));
  if (name === "" || values.length === 0 || values.includes("")) {
    throw fault(
      text,
      "expected name=value,value,… or name=from..to:step, such as scale=1,2,5 or scale=1..8:1",
    );
  }
  const twice = values.find((value, i) => values.indexOf(value) < i);
  if (twice !== undefined) throw fault(text, `${twice} is there twice, expected each value once`);
  if (values.length > MAX_VALUES)
    throw fault(text, `these are ${values.length} values, expected ${MAX_VALUES} at most`);
  return { name, values };
}

/** Splits at commas outside of brackets and quotes. */
function splitValues(text: string): string[] {
  const parts = text.match(/(?:"[^"]*"|'[^']*'|\[[^\]]*\]|\{[^}]*\}|[^,])+/g) ?? [];
  return parts.map((part) => part.trim());
}

function valuesOf(text: string, value: string): string[] {
  const [, from, to, step] = /^([^.]+(?:\.\d[^.]*)?)\.\.([^:]+)(?::(.*))?$/.exec(value) ?? [];
  return from === undefined ? [value] : rangeOf(text, from.trim(), to!.trim(), step?.trim());
}

/** The values from one to another. */
function rangeOf(text: string, from: string, to: string, step: string | undefined): string[] {
  const isCounting = /^[+-]?\d+$/.test(from) && /^[+-]?\d+$/.test(to);
  if (step === undefined && !isCounting)
    throw fault(text, `the range ${from}..${to} has no step, expected ${from}..${to}:step`);
  const by = step ?? "1";
  const [first, last, width] = [from, to, by].map((part) => quantityOf(text, part)) as [
    Quantity,
    Quantity,
    Quantity,
  ];
  if (!sameDimension(first.dimension, last.dimension) || !sameDimension(first.dimension, width.dimension)) {
    throw fault(text, `${from}, ${to} and ${by} are not of one sort, expected the same sort of unit on each`);
  }
  const zero = parseQuantity("0")!.value;
  if (compare(width.value, zero) <= 0)
    throw fault(text, `the step ${by} leads nowhere, expected one above 0`);
  if (compare(first.value, last.value) > 0)
    throw fault(text, `the range begins above its end, expected ${to}..${from}:${by}`);
  const unit = unitOfRange(first, width, from, by);
  const values: string[] = [];
  for (let at = first.value; compare(at, last.value) <= 0; at = add(at, width.value)) {
    if (values.length > MAX_VALUES)
      throw fault(text, `the range has more than ${MAX_VALUES} values, expected fewer`);
    values.push(`${toNumber(divide(at, unitOf(unit)!.value))}${unit}`);
  }
  return values;
}

/** The unit of the step, unless only that of the beginning makes whole numbers: 1s..5m:1m is 1s, 61s, … */
function unitOfRange(first: Quantity, width: Quantity, from: string, by: string): string {
  const units = [by, from].map((part) => /[a-zA-Zµ%/]*$/.exec(part.replace(/[eE][+-]?\d+/, ""))![0]);
  const isWhole = (unit: string): boolean =>
    [first, width].every(({ value }) => Number.isInteger(toNumber(divide(value, unitOf(unit)!.value))));
  return units.find(isWhole) ?? units[0]!;
}

function quantityOf(text: string, part: string): Quantity {
  const quantity = parseQuantity(part);
  if (quantity !== undefined) return quantity;
  throw fault(text, `"${part}" is no number, expected one with or without a unit, such as 8, 64MiB or 10ms`);
}

/**
 * All combinations of values.
 * @param zip whether the values go together instead
 * @throws StudyError when there are too many, when a name is there twice, or when what is zipped is not equally long
 */
export function pointsOf(variations: readonly Variation[], zip: boolean): Point[] {
  const names = variations.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new StudyError(`--vary ${twice} is there twice, expected all its values in one`);
  if (zip) return zipped(variations);
  const count = variations.reduce((product, { values }) => product * values.length, 1);
  if (count > MAX_POINTS)
    throw new StudyError(`these variations have ${count} combinations, expected ${MAX_POINTS} at most`);
  return variations.reduce<Point[]>(
    (points, { values }) => points.flatMap((point) => values.map((value) => [...point, value])),
    [[]],
  );
}

function zipped(variations: readonly Variation[]): Point[] {
  const [first, ...rest] = variations;
  const other = rest.find(({ values }) => values.length !== first!.values.length);
  if (other !== undefined) {
    throw new StudyError(
      `--zip: ${first!.name} has ${first!.values.length} values and ${other.name} has ${other.values.length}, expected as many of each`,
    );
  }
  return first!.values.map((_, i) => variations.map(({ values }) => values[i]!));
}

/**
 * What a point changes about a scenario.
 * @param params names of its parameters
 * @param given what is changed besides
 * @throws StudyError for a name that cannot be varied
 */
export function pointOverrides(
  variations: readonly Variation[],
  point: Point,
  params: readonly string[],
  given: ScenarioOverrides,
): ScenarioOverrides {
  const flags = variations.map(({ name }, i) => ({ name, flag: `${name}=${point[i]}` }));
  for (const { name } of flags) checkName(name, params, given);
  const isParam = ({ name }: { name: string }): boolean => params.includes(name);
  return {
    params: [...(given.params ?? []), ...flags.filter(isParam).map(({ flag }) => flag)],
    sets: [...(given.sets ?? []), ...flags.filter((one) => !isParam(one)).map(({ flag }) => flag)],
  };
}

function checkName(
  name: string,
  params: readonly string[],
  { params: fixed = [], sets = [] }: ScenarioOverrides,
): void {
  if (name === "policy")
    throw new StudyError("--vary policy: expected --policies, such as --policies go1.17,go1.18");
  if (name === "seed") throw new StudyError("--vary seed: expected --seeds, such as --seeds 1..30");
  if ([...fixed, ...sets].some((flag) => flag.slice(0, flag.indexOf("=")).trim() === name))
    throw new StudyError(`${name} is both fixed and varied, expected one of the two`);
  if (params.includes(name) || name.includes(".")) return;
  const near = nearMiss(name, params);
  if (near !== undefined)
    throw new StudyError(`--vary ${name}: the scenario has no such parameter, did you mean "${near}"?`);
}

function fault(text: string, problem: string): StudyError {
  return new StudyError(`--vary ${text}: ${problem}`);
}
