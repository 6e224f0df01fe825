/**
 * The arithmetic of scenario files: `$name` and `${2 * name + 64KiB}`.
 *
 *     sum      = product { ("+" | "-") product }
 *     product  = factor { ("*" | "/") factor }
 *     factor   = "-" factor | "(" sum ")" | function "(" sum { "," sum } ")" | name | number [unit]
 *     function = min | max | round | floor | ceil
 *
 * Values are exact and have dimensions (see quantity.ts). A unit follows its number at once: `1000/s` is a rate, and
 * `1000 / s` divides by a parameter that is called s. Parameters come from a callback, so that their order in the file
 * does not matter and a circle is found by whoever resolves them.
 */

import { nearMiss } from "./near-miss.js";
import { dimensionName, NUMBER, type Quantity, sameDimension, UNIT_NAMES, unitOf } from "./quantity.js";
import {
  ArithmeticError,
  add,
  compare,
  divide,
  floor,
  multiply,
  parseRational,
  rational,
  subtract,
} from "./rational.js";

/** What is wrong with an expression. `offset` counts characters from its beginning. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

/** Looks a parameter up; throws what it likes when there is none. */
export type Lookup = (name: string, offset: number) => Quantity;

/** Names of the functions, which parameters may not have. */
export const FUNCTION_NAMES: readonly string[] = ["min", "max", "round", "floor", "ceil"];

const MAX_DEPTH = 64;
const MAX_LENGTH = 2000;

interface Token {
  readonly kind: "number" | "name" | "sign" | "end";
  readonly text: string;
  readonly offset: number;
}

/**
 * The value of an expression.
 * @throws ExpressionError when it is none, mixes units, divides by zero, or grows beyond all bounds
 */
export function evaluate(text: string, lookup: Lookup): Quantity {
  if (text.length > MAX_LENGTH) throw new ExpressionError(`it is longer than ${MAX_LENGTH} characters`, 0);
  return new Evaluator(tokens(text), lookup).whole();
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  const pattern =
    /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?:%|[a-zA-Zµ]+(?:\/[a-zA-Zµ]+)?|\/[a-zA-Zµ]+)?)|([A-Za-z_]\w*)|([-+*/(),]))/y;
  let offset = 0;
  for (;;) {
    pattern.lastIndex = offset;
    const match = pattern.exec(text);
    if (match === null) break;
    const [all, number, name, sign] = match;
    const start = offset + all.length - (number ?? name ?? sign)!.length;
    offset += all.length;
    if (number !== undefined) found.push({ kind: "number", text: number, offset: start });
    else if (name !== undefined) found.push({ kind: "name", text: name, offset: start });
    else found.push({ kind: "sign", text: sign!, offset: start });
  }
  const rest = text.slice(offset).trimStart();
  if (rest !== "") {
    throw new ExpressionError(
      `"${rest[0]}" has no meaning, expected numbers, names, + - * / ( ) and ${FUNCTION_NAMES.join(", ")}`,
      text.length - rest.length,
    );
  }
  found.push({ kind: "end", text: "", offset: text.length });
  return found;
}

class Evaluator {
  private position = 0;
  private depth = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly lookup: Lookup,
  ) {}

  whole(): Quantity {
    if (this.tokens.length === 1) throw new ExpressionError("it is empty", 0);
    const value = this.sum();
    if (this.current.kind !== "end") this.unexpected("an operator or the end");
    return value;
  }

  private get current(): Token {
    return this.tokens[this.position]!;
  }

  private take(text: string): boolean {
    if (this.current.kind !== "sign" || this.current.text !== text) return false;
    this.position++;
    return true;
  }

  private unexpected(expected: string): never {
    const { kind, text, offset } = this.current;
    throw new ExpressionError(
      `${kind === "end" ? "it ends" : `"${text}" stands`} where ${expected} should be`,
      offset,
    );
  }

  private sum(): Quantity {
    if (++this.depth > MAX_DEPTH)
      throw new ExpressionError("its parentheses are too deep", this.current.offset);
    let value = this.product();
    for (;;) {
      const { text, offset } = this.current;
      if (!this.take("+") && !this.take("-")) break;
      const right = this.product();
      requireSame(value, right, text === "+" ? "added to" : "subtracted from", offset, text === "-");
      value = this.exact(offset, () => ({
        value: text === "+" ? add(value.value, right.value) : subtract(value.value, right.value),
        dimension: value.dimension,
      }));
    }
    this.depth--;
    return value;
  }

  private product(): Quantity {
    let value = this.factor();
    for (;;) {
      const { text, offset } = this.current;
      if (!this.take("*") && !this.take("/")) return value;
      const right = this.factor();
      const sign = text === "*" ? 1 : -1;
      value = this.exact(offset, () => ({
        value: text === "*" ? multiply(value.value, right.value) : divide(value.value, right.value),
        dimension: {
          bytes: value.dimension.bytes + sign * right.dimension.bytes,
          time: value.dimension.time + sign * right.dimension.time,
        },
      }));
    }
  }

  private factor(): Quantity {
    const token = this.current;
    if (this.take("-")) {
      if (++this.depth > MAX_DEPTH) throw new ExpressionError("it has too many signs", token.offset);
      const { value, dimension } = this.factor();
      this.depth--;
      return { value: rational(-value.num, value.den), dimension };
    }
    if (this.take("(")) {
      const value = this.sum();
      if (!this.take(")")) this.unexpected("an operator or )");
      return value;
    }
    if (token.kind === "number") {
      this.position++;
      return this.exact(token.offset, () => literal(token));
    }
    if (token.kind !== "name") this.unexpected("a number, a name or (");
    this.position++;
    if (FUNCTION_NAMES.includes(token.text)) return this.call(token);
    return this.lookup(token.text, token.offset);
  }

  private call({ text, offset }: Token): Quantity {
    if (!this.take("(")) this.unexpected(`( after ${text}`);
    const given = [this.sum()];
    while (this.take(",")) given.push(this.sum());
    if (!this.take(")")) this.unexpected("a comma or )");
    const first = given[0]!;
    if (text === "min" || text === "max") {
      const sign = text === "min" ? 1 : -1;
      return given.reduce((best, next) => {
        requireSame(next, best, "compared with", offset, false);
        return sign * compare(next.value, best.value) < 0 ? next : best;
      });
    }
    if (given.length > 1) throw new ExpressionError(`${text} takes one value, not ${given.length}`, offset);
    return { value: rounded(text, first), dimension: first.dimension };
  }

  private exact(offset: number, compute: () => Quantity): Quantity {
    try {
      return compute();
    } catch (error) {
      if (error instanceof ArithmeticError) throw new ExpressionError(error.message, offset);
      throw error;
    }
  }
}

/** Whole numbers of base units: bytes, nanoseconds. */
function rounded(how: string, { value }: Quantity): Quantity["value"] {
  if (how === "floor") return floor(value);
  if (how === "round") return floor(add(value, rational(1n, 2n)));
  const negative = floor(rational(-value.num, value.den));
  return rational(-negative.num);
}

function literal({ text, offset }: Token): Quantity {
  const [, digits, suffix] = /^(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(.*)$/.exec(text)!;
  const number = parseRational(digits!);
  if (number === undefined) throw new ExpressionError(`"${digits}" is too large or too small`, offset);
  const unit = unitOf(suffix!);
  if (unit === undefined) throw new ExpressionError(unknownUnit(suffix!), offset + digits!.length);
  return { value: multiply(number, unit.value), dimension: unit.dimension };
}

function unknownUnit(suffix: string): string {
  const near = nearMiss(suffix, UNIT_NAMES);
  return `"${suffix}" is not a unit${near === undefined ? "" : `, did you mean ${near}?`}`;
}

function requireSame(a: Quantity, b: Quantity, what: string, offset: number, swapped: boolean): void {
  if (sameDimension(a.dimension, b.dimension)) return;
  const [first, second] = swapped ? [b, a] : [a, b];
  const hint = [a, b].some(({ dimension }) => sameDimension(dimension, NUMBER)) ? ", a unit is missing" : "";
  throw new ExpressionError(
    `${dimensionName(first.dimension)} cannot be ${what} ${dimensionName(second.dimension)}${hint}`,
    offset,
  );
}
