/**
 * Parameters: what `$name` and `${2 * name}` stand for, anywhere in the file.
 *
 *     params:
 *       scale: {about: how much of everything, default: 1, min: 0.1, max: 100}
 *       heap:  {about: live heap, default: "${64MiB * scale}"}
 *     workloads:
 *       cache: {kind: objects, initial: "${round(heap / 1KiB)}", …}
 *
 * A text that is nothing but `$name` or `${…}` becomes the value itself; within a longer text the value is written out.
 * `$$` is a dollar sign. A parameter may use others, in any order, as long as none depends on itself. All this happens
 * before the schema looks at the file, so that the schema knows no parameters: it sees `134217728B`, and a message about
 * it says so.
 */

import type { ParameterSpec } from "../scenario.js";
import { NAME_PATTERN } from "../schema/common.js";
import { isMap } from "../schema/tagged.js";
import { describe } from "../values/describe.js";
import { ExpressionError, evaluate, FUNCTION_NAMES } from "../values/expression.js";
import { suggestion } from "../values/near-miss.js";
import {
  BYTE_RATE,
  type Dimension,
  DURATION,
  dimensionName,
  isUsual,
  NUMBER,
  parseQuantity,
  plain,
  type Quantity,
  quantityToValue,
  RATE,
  SIZE,
  sameDimension,
  UNIT_NAMES,
} from "../values/quantity.js";
import { ArithmeticError, compare } from "../values/rational.js";
import { readAssignment } from "./overrides.js";
import type { Path, Problems } from "./places.js";

type Value = number | string | boolean;

/** Parameters that may depend on each other in a row. */
const MAX_CHAIN = 100;

const WHOLE_NAME = /^\$([A-Za-z_]\w*)$/;
const WHOLE_EXPRESSION = /^\$\{([^{}]*)\}$/;
const PART = /\$\$|\$\{([^{}]*)\}?/g;
const PARAMETER_NAME = /^[A-Za-z]\w*$/;

const UNITS: Readonly<Record<string, Dimension | "text" | "boolean">> = {
  number: NUMBER,
  size: SIZE,
  duration: DURATION,
  rate: RATE,
  byteRate: BYTE_RATE,
  text: "text",
  boolean: "boolean",
};

/** Thrown where a value cannot be had, after the fault was reported elsewhere. */
class Unavailable extends Error {}

/** Resolves all parameters of a tree. @returns the tree without them, and the parameters with their values */
export function resolveParameters(
  tree: unknown,
  overrides: readonly string[],
  problems: Problems,
): { tree: unknown; parameters: readonly ParameterSpec[] } {
  const resolver = new Resolver(isMap(tree) && isMap(tree["params"]) ? tree["params"] : {}, problems);
  for (const given of overrides) resolver.override(given);
  const parameters = resolver.all();
  return { tree: resolver.resolve(tree, []), parameters };
}

class Resolver {
  readonly #values = new Map<string, Value | Unavailable>();
  readonly #overrides = new Map<string, { flag: string; value: unknown }>();
  /** Parameters whose value is being computed, outermost first. */
  readonly #open: string[] = [];

  constructor(
    private readonly declared: Readonly<Record<string, unknown>>,
    private readonly problems: Problems,
  ) {}

  /** Takes a `--param name=value`. */
  override(given: string): void {
    const assignment = readAssignment("--param", given, this.problems);
    if (assignment === undefined) return;
    const { flag, name, value } = assignment;
    const known = Object.keys(this.declared);
    if (!Object.hasOwn(this.declared, name)) {
      const hint = known.length === 0 ? "the scenario has none" : suggestion(name, known);
      this.problems.reportFlag(flag, `no parameter is called ${describe(name)}, ${hint}`);
    } else if (!isValue(value)) {
      this.problems.reportFlag(
        flag,
        `${describe(value)} cannot be a parameter, expected a number, a text, true or false`,
      );
    } else this.#overrides.set(name, { flag, value });
  }

  /** All parameters that are declared well enough, with their values. */
  all(): ParameterSpec[] {
    const found: ParameterSpec[] = [];
    for (const name of Object.keys(this.declared)) {
      this.#checkName(name);
      const spec = this.#declaration(name);
      if (spec !== undefined) found.push(spec);
    }
    return found;
  }

  #checkName(name: string): void {
    // The schema refuses what is no name at all.
    if (!NAME_PATTERN.test(name)) return;
    const taken = [...FUNCTION_NAMES, ...UNIT_NAMES].includes(name);
    if (taken || !PARAMETER_NAME.test(name)) {
      const fault = taken ? "is a function or a unit" : "cannot be written as $name";
      this.problems.report(
        ["params", name],
        `${describe(name)} ${fault}, expected another name of letters and digits`,
        "key",
      );
    }
  }

  #declaration(name: string): ParameterSpec | undefined {
    const declared = this.declared[name];
    if (!isMap(declared) || !isValue(declared["default"])) return undefined;
    const path = ["params", name];
    try {
      const value = this.#valueOf(name);
      const own = this.#constant(declared["default"], [...path, "default"]);
      const [min, max] = [this.#bound(declared, "min", path), this.#bound(declared, "max", path)];
      const choices = this.#choices(declared["choices"], path);
      const about = typeof declared["about"] === "string" ? declared["about"] : "";
      const spec: ParameterSpec = { name, about, default: own, value, min, max, choices };
      this.#check(spec, declared["unit"]);
      return spec;
    } catch (error) {
      if (error instanceof Unavailable) return undefined;
      throw error;
    }
  }

  #constant(value: Value, path: Path): Value {
    const resolved = this.#resolveText(value, path);
    if (resolved instanceof Unavailable) throw resolved;
    return resolved;
  }

  #bound(
    declared: Readonly<Record<string, unknown>>,
    key: "min" | "max",
    path: Path,
  ): number | string | null {
    const value = declared[key];
    if (!isValue(value)) return null;
    const resolved = this.#constant(value, [...path, key]);
    if (quantityOf(resolved) !== undefined) return resolved as number | string;
    this.problems.report(
      [...path, key],
      `${describe(resolved)} is not a number or a quantity, expected a bound such as 10ms`,
    );
    return null;
  }

  #choices(choices: unknown, path: Path): Value[] | null {
    if (!Array.isArray(choices)) return null;
    return choices.filter(isValue).map((value, i) => this.#constant(value, [...path, "choices", i]));
  }

  /** Checks the value, wherever it came from, against type, range and choices. */
  #check(spec: ParameterSpec, unit: unknown): void {
    const { name, min, max, choices } = spec;
    const path = ["params", name, "default"];
    const override = this.#overrides.get(name);
    const wanted = typeof unit === "string" ? UNITS[unit] : undefined;
    if (wanted !== undefined && !isOf(wanted, spec.default)) {
      this.problems.report(
        path,
        `${describe(spec.default)} is ${kindOf(spec.default)}, but the parameter's unit is ${unit}`,
      );
    }
    const complain = (problem: string): void => {
      if (override !== undefined) this.problems.reportFlag(override.flag, problem);
      else this.problems.report(path, problem);
    };
    for (const [bound, key] of [
      [min, "min"],
      [max, "max"],
    ] as const) {
      if (bound === null || kindOf(bound) === kindOf(spec.default)) continue;
      this.problems.report(
        ["params", name, key],
        `${bound} is ${kindOf(bound)}, but the default is ${kindOf(spec.default)}, expected the same unit`,
      );
      return;
    }
    const [low, value, high] = [min, spec.value, max].map((v) => (v === null ? undefined : quantityOf(v)));
    if (kindOf(spec.value) !== kindOf(spec.default)) {
      complain(
        `${describe(spec.value)} is ${kindOf(spec.value)}, expected ${kindOf(spec.default)} such as ${spec.default}`,
      );
    } else if (low !== undefined && high !== undefined && compare(low.value, high.value) > 0) {
      this.problems.report(["params", name, "min"], `min is above max, expected min to be at most max`);
    } else if (choices !== null && !choices.some((choice) => sameValue(choice, spec.value))) {
      complain(`${spec.value} is none of the choices for ${name}, expected one of ${choices.join(", ")}`);
    } else if (value !== undefined && low !== undefined && compare(value.value, low.value) < 0) {
      complain(`${spec.value} is below the smallest value of ${name}, expected ${min} or more`);
    } else if (value !== undefined && high !== undefined && compare(value.value, high.value) > 0) {
      complain(`${spec.value} is above the largest value of ${name}, expected ${max} or less`);
    }
  }

  /** The value of a parameter. @throws Unavailable when it has none, which has been reported */
  #valueOf(name: string): Value {
    const known = this.#values.get(name);
    if (known instanceof Unavailable) throw known;
    if (known !== undefined) return known;
    const override = this.#overrides.get(name);
    const declared = this.declared[name];
    const given = override?.value ?? (isMap(declared) ? declared["default"] : undefined);
    let value: Value | Unavailable = new Unavailable();
    if (isValue(given)) {
      this.#open.push(name);
      value = this.#resolveText(given, ["params", name, "default"], override?.flag);
      this.#open.pop();
    }
    this.#values.set(name, value);
    if (value instanceof Unavailable) throw value;
    return value;
  }

  /** Any value of the file without parameters. Keys may be parameters too, since choices have quantities as keys. */
  resolve(value: unknown, path: Path): unknown {
    if (Array.isArray(value)) return value.map((item, i) => this.resolve(item, [...path, i]));
    if (isMap(value)) {
      const result: Record<string, unknown> = Object.create(null);
      for (const [key, below] of Object.entries(value)) {
        result[this.#resolveKey(key, path)] = this.resolve(below, [...path, key]);
      }
      return result;
    }
    if (typeof value !== "string") return value;
    const resolved = this.#resolveText(value, path);
    return resolved instanceof Unavailable ? value : resolved;
  }

  #resolveKey(key: string, path: Path): string {
    if (!key.includes("$")) return key;
    const resolved = this.#resolveText(key, [...path, key]);
    return resolved instanceof Unavailable ? key : String(resolved);
  }

  #resolveText(value: Value, path: Path, flag?: string): Value | Unavailable {
    if (typeof value !== "string" || !value.includes("$")) return value;
    try {
      const name = WHOLE_NAME.exec(value)?.[1];
      if (name !== undefined) return this.#lookup(name);
      const whole = WHOLE_EXPRESSION.exec(value)?.[1];
      if (whole !== undefined) return this.#evaluate(whole);
      return value.replace(PART, (all: string, inner: string | undefined) => {
        if (all === "$$") return "$";
        if (!all.endsWith("}")) throw new ExpressionError("a brace is not closed, expected }", 0);
        return String(this.#evaluate(inner ?? ""));
      });
    } catch (error) {
      this.problems.spoil(path);
      if (error instanceof ExpressionError) {
        const problem = `${describe(value)} cannot be computed: ${error.message}`;
        if (flag === undefined) this.problems.report(path, problem);
        else this.problems.reportFlag(flag, problem);
        return new Unavailable();
      }
      if (error instanceof Unavailable) return error;
      throw error;
    }
  }

  /** A lone name within an expression may be a text or a truth value; arithmetic takes quantities only. */
  #evaluate(expression: string): Value {
    const name = expression.trim();
    if (PARAMETER_NAME.test(name)) return this.#lookup(name);
    const result = evaluate(expression, (parameter) => {
      const value = this.#lookup(parameter);
      const quantity = quantityOf(value);
      if (quantity === undefined)
        throw new ExpressionError(`${parameter} is ${describe(value)}, expected a number or a quantity`, 0);
      return quantity;
    });
    if (isUsual(result.dimension)) return quantityToValue(result);
    throw new ExpressionError(
      `the result is ${dimensionName(result.dimension)}, expected a number, a size, a duration or a rate`,
      0,
    );
  }

  #lookup(name: string): Value {
    if (!Object.hasOwn(this.declared, name)) {
      const known = Object.keys(this.declared);
      const hint = known.length === 0 ? "expected it under params" : suggestion(name, known);
      throw new ExpressionError(`no parameter is called ${describe(name)}, ${hint}`, 0);
    }
    const start = this.#open.indexOf(name);
    if (start >= 0) {
      const circle = [...this.#open.slice(start), name].join(" → ");
      throw new ExpressionError(
        `${describe(name)} depends on itself (${circle}), expected parameters without a circle`,
        0,
      );
    }
    if (this.#open.length >= MAX_CHAIN) {
      throw new ExpressionError(
        `more than ${MAX_CHAIN} parameters depend on each other in a row, expected fewer`,
        0,
      );
    }
    return this.#valueOf(name);
  }
}

function isValue(value: unknown): value is Value {
  return typeof value === "number" || typeof value === "string" || typeof value === "boolean";
}

/** A number or a text such as `10ms` as a quantity. */
function quantityOf(value: Value): Quantity | undefined {
  if (typeof value === "boolean" || value === "") return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? plain(value) : undefined;
  try {
    return parseQuantity(value);
  } catch (error) {
    if (error instanceof ArithmeticError) return undefined;
    throw error;
  }
}

/** What sort of value it is, with article. */
function kindOf(value: Value): string {
  if (typeof value === "boolean") return "a truth value";
  const quantity = quantityOf(value);
  return quantity === undefined ? "a text" : dimensionName(quantity.dimension);
}

function isOf(wanted: Dimension | "text" | "boolean", value: Value): boolean {
  if (wanted === "text") return typeof value === "string";
  if (wanted === "boolean") return typeof value === "boolean";
  const quantity = quantityOf(value);
  return quantity !== undefined && sameDimension(quantity.dimension, wanted);
}

/** 64KiB and 65536B are the same choice. */
function sameValue(a: Value, b: Value): boolean {
  if (a === b) return true;
  const [left, right] = [quantityOf(a), quantityOf(b)];
  if (left === undefined || right === undefined || !sameDimension(left.dimension, right.dimension))
    return false;
  return compare(left.value, right.value) === 0;
}
