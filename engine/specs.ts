/**
 * What distributions and curves have in common: each is described by plain data, a spec, whose `kind` picks a row of a
 * table, and whose other members are that row's parameters.
 *
 *     { kind: "exponential", mean: 20 }      →   KINDS.exponential = { parameters: { mean: … }, make: … }
 *
 * The table says of each parameter what it may be and what it means. From that a spec is checked here, the manual is
 * checked by a test, and a reader of scenarios can tell which parameters carry the unit of what is drawn.
 */

/** What a parameter may be. Values are in the unit of what is drawn or of the curve, times in ns; all else has no unit. */
export type ParameterType =
  | "value"
  | "positive value"
  | "value from 0"
  | "positive number"
  | "number from 0"
  | "number"
  | "probability"
  | "count"
  | "time"
  | "duration"
  | "values"
  | "weights"
  | "points"
  | "spec"
  | "specs"
  | "parts";

export interface Parameter {
  readonly type: ParameterType;
  readonly meaning: string;
  /** What it is when it is left out; without this it may not be. */
  readonly otherwise?: string;
}

/** The parameters of a spec: one entry for each of its members but the kind. */
export type Parameters<Spec> = { readonly [P in Exclude<keyof Spec, "kind">]-?: Parameter };

/** Where something is in a spec: names of members and indices of lists, from the outside in. */
export type Path = readonly (string | number)[];

/** A spec that describes nothing. The message has the path in front; `problem` is the sentence without it. */
export class SpecError extends RangeError {
  override readonly name = "SpecError";
  constructor(
    readonly path: Path,
    readonly problem: string,
  ) {
    super(path.length === 0 ? problem : `${path.join(".")}: ${problem}`);
  }
}

const isNumber = (x: unknown): x is number => typeof x === "number" && Number.isFinite(x);
const isNumbers = (x: unknown): boolean => Array.isArray(x) && x.length > 0 && x.every(isNumber);
const isTime = (x: unknown): boolean => isNumber(x) && Number.isSafeInteger(x) && x >= 0;
const isObject = (x: unknown): boolean => typeof x === "object" && x !== null && !Array.isArray(x);

/** What a value of each type is, in words, and how to know. Specs within specs are checked when they are made. */
const TYPES: Readonly<Record<ParameterType, readonly [string, (x: unknown) => boolean]>> = {
  value: ["a number", isNumber],
  "positive value": ["a number above 0", (x) => isNumber(x) && x > 0],
  "value from 0": ["a number from 0", (x) => isNumber(x) && x >= 0],
  number: ["a number", isNumber],
  "positive number": ["a number above 0", (x) => isNumber(x) && x > 0],
  "number from 0": ["a number from 0", (x) => isNumber(x) && x >= 0],
  probability: ["a number above 0, up to 1", (x) => isNumber(x) && x > 0 && x <= 1],
  count: [
    "a whole number from 1 to 1000000",
    (x) => Number.isInteger(x) && Number(x) >= 1 && Number(x) <= 1e6,
  ],
  time: ["a whole number of ns from 0", isTime],
  duration: ["a whole number of ns from 1", (x) => isTime(x) && x !== 0],
  values: ["a list of one or more numbers", isNumbers],
  weights: [
    "a list of numbers from 0, some of them above",
    (x) => isNumbers(x) && (x as number[]).every((w) => w >= 0) && (x as number[]).some((w) => w > 0),
  ],
  points: [
    "a list of one or more pairs of numbers",
    (x) => Array.isArray(x) && x.length > 0 && x.every((pair) => isNumbers(pair) && pair.length === 2),
  ],
  spec: ["an object with a kind", isObject],
  specs: ["a list of one or more objects with kinds", (x) => Array.isArray(x) && x.length > 0],
  parts: [
    "a list of one or more {weight, of}",
    (x) => Array.isArray(x) && x.length > 0 && x.every((part) => isObject(part) && isObject(part.of)),
  ],
};

/**
 * The row of a table that a spec asks for.
 * @param what "distribution" or "curve", for messages
 * @throws SpecError when the kind is unknown, or a parameter is missing, unknown or of another type
 */
export function rowOf<Row extends { readonly parameters: Readonly<Record<string, Parameter>> }>(
  what: string,
  table: Readonly<Record<string, Row>>,
  spec: { readonly kind: string },
  path: Path,
): Row {
  const kind = (spec as { kind?: unknown } | null)?.kind;
  if (typeof kind !== "string" || !Object.hasOwn(table, kind)) {
    const names = Object.keys(table).join(", ");
    throw new SpecError([...path, "kind"], `there is no ${what} ${JSON.stringify(kind)}; there are ${names}`);
  }
  const row = table[kind]!;
  const given = spec as unknown as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if (name === "kind" || Object.hasOwn(row.parameters, name)) continue;
    const names = Object.keys(row.parameters).join(", ");
    throw new SpecError([...path, name], `${kind} has no parameter ${name}; it has ${names}`);
  }
  for (const [name, parameter] of Object.entries(row.parameters)) {
    const value = given[name];
    if (value === undefined && parameter.otherwise !== undefined) continue;
    const [words, isRight] = TYPES[parameter.type];
    if (value === undefined) throw new SpecError([...path, name], `${kind} needs ${name}: ${words}`);
    if (!isRight(value))
      throw new SpecError([...path, name], `${name} is ${words}, not ${JSON.stringify(value)}`);
  }
  return row;
}
