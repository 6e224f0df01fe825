// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how a scenario file writes it
/** Exact numbers, quantities with units, arithmetic, and near misses of names. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExpressionError, evaluate } from "../../../scenarios/values/expression.js";
import { nearMiss, suggestion } from "../../../scenarios/values/near-miss.js";
import { dimensionName, parseQuantity, plain, quantityToValue } from "../../../scenarios/values/quantity.js";
import {
  ArithmeticError,
  add,
  compare,
  divide,
  floor,
  fromNumber,
  multiply,
  parseRational,
  rational,
  subtract,
  toNumber,
} from "../../../scenarios/values/rational.js";

const whole = fc.integer({ min: -1000, max: 1000 });
const fraction = fc.tuple(whole, fc.integer({ min: 1, max: 1000 }));

describe("rational", () => {
  it("calculates as whole numbers over a common denominator do", () => {
    fc.assert(
      fc.property(fraction, fraction, ([a, b], [c, d]) => {
        const [x, y] = [rational(BigInt(a), BigInt(b)), rational(BigInt(c), BigInt(d))];
        // Small enough that doubles hold every numerator exactly.
        const same = (got: { num: bigint; den: bigint }, num: number, den: number): void =>
          expect(Math.abs(Number(got.num) * den - num * Number(got.den))).toBe(0);
        same(add(x, y), a * d + c * b, b * d);
        same(subtract(x, y), a * d - c * b, b * d);
        same(multiply(x, y), a * c, b * d);
        if (c !== 0) same(divide(x, y), a * d, b * c);
        expect(Math.sign(compare(x, y))).toBe(Math.sign(a * d - c * b) + 0);
        expect(Number(floor(x).num)).toBe(Math.floor(a / b) + 0);
        expect(toNumber(x)).toBe(a / b + 0);
      }),
    );
  });

  it("is the nearest double of any fraction", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 1n << 53n }),
        fc.bigInt({ min: 1n, max: 1n << 53n }),
        (num, den) => {
          // A quotient of two doubles that are exact is rounded once, as it should be.
          expect(toNumber(rational(num, den))).toBe(Number(num) / Number(den));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("reads back every double", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }), (x) => {
        expect(toNumber(fromNumber(x))).toBe(x === 0 ? 0 : x);
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses what has no value or no end", () => {
    expect(() => divide(rational(1n), rational(0n))).toThrow(ArithmeticError);
    let x = rational(3n, 7n);
    expect(() => {
      for (let i = 0; i < 64; i++) x = multiply(x, x);
    }).toThrow("too large");
    for (const text of ["", ".5", "5.", "1e", "1e99999", "0x1", "1_0", "Infinity", "1 "])
      expect(parseRational(text)).toBeUndefined();
  });
});

describe("quantities", () => {
  it.each([
    ["3", 3, "a number"],
    ["-1.5e3", -1500, "a number"],
    ["25%", 0.25, "a number"],
    ["64KiB", 65536, "a size"],
    ["1.5 GiB", 1610612736, "a size"],
    ["10ms", 10e6, "a duration"],
    ["2m", 120e9, "a duration"],
    ["1µs", 1000, "a duration"],
    ["1000/s", 1e-6, "a rate"],
    ["60/m", 1e-9, "a rate"],
    ["1/ns", 1, "a rate"],
    ["1000000000B/s", 1, "a rate of bytes"],
    ["1MiB/ms", 1.048576, "a rate of bytes"],
  ])("%s", (text, value, dimension) => {
    const quantity = parseQuantity(text)!;
    expect([toNumber(quantity.value), dimensionName(quantity.dimension)]).toEqual([value, dimension]);
  });

  it.each([
    "",
    "ms",
    "10MB",
    "10 parsecs",
    "1/",
    "1//s",
    "1/s/s",
    "s/1",
    "1ms/s",
    "0x10",
    "1,000",
    "1_000",
    "١",
    "10toString",
  ])("%s is none", (text) => expect(parseQuantity(text)).toBeUndefined());

  it("come back from how they are written", () => {
    const units = fc.constantFrom(
      "",
      "%",
      "B",
      "KiB",
      "TiB",
      "ns",
      "us",
      "ms",
      "s",
      "m",
      "h",
      "/s",
      "/ms",
      "MiB/s",
    );
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), units, (n, unit) => {
        const quantity = parseQuantity(`${n}${unit}`)!;
        const value = quantityToValue(quantity);
        const again = typeof value === "number" ? plain(value) : parseQuantity(value)!;
        expect(toNumber(again.value)).toBe(toNumber(quantity.value));
        expect(again.dimension).toEqual(quantity.dimension);
      }),
    );
  });
});

describe("expressions", () => {
  const value = (text: string, names: Record<string, string> = {}): number | string =>
    quantityToValue(evaluate(text, (name) => parseQuantity(names[name]!)!));

  it.each([
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["10 - 4 - 3", 3],
    ["100 / 5 / 2", 10],
    ["-2 - -3", 1],
    ["2*-3", -6],
    ["0.1 + 0.2", 0.3],
    ["1e3 + 1E-3", 1000.001],
    ["50% * 8", 4],
    ["64KiB / 4", "16384B"],
    ["10ms * 1000/s", 10],
    ["64MiB / 10s", "6710886.4B/s"],
    ["1000/s * 64B", "64000B/s"],
    ["1 / 10ms", "100/s"],
    ["1GiB / 64KiB", 16384],
    ["1m + 30s", "90s"],
    ["min(3, 1, 2) + max(1ms, 2us) / 1ms", 2],
    ["round(2.5) + floor(2.9) + ceil(2.1)", 8],
    ["ceil(-2.5) + floor(-2.5) + round(-2.5)", -7],
    ["round(10s / 3)", "3333333333ns"],
    ["scale * 2 + scale", 9],
    ["heap/scale", "1024B"],
    ["((((1))))", 1],
  ])("%s", (text, expected) => expect(value(text, { scale: "3", heap: "3KiB" })).toBe(expected));

  it.each([
    ["", "it is empty", 0],
    ["1 +", "it ends where a number, a name or ( should be", 3],
    ["1 2", '"2" stands where an operator or the end should be', 2],
    ["(1", "it ends where an operator or ) should be", 2],
    ["1)", '")" stands where an operator or the end should be', 1],
    ["min 3", '"3" stands where ( after min should be', 4],
    ["min(1, 2s)", "a duration cannot be compared with a number, a unit is missing", 0],
    ["1s - 1B", "a size cannot be subtracted from a duration", 3],
    ["1s + 1", "a duration cannot be added to a number, a unit is missing", 3],
    ["1 / (2 - 2)", "division by zero", 2],
    ["3 parsecs", '"parsecs" stands where an operator or the end should be', 2],
    ["3kib", '"kib" is not a unit, did you mean KiB?', 1],
    ["3 ; 4", '";" has no meaning, expected numbers, names, + - * / ( ) and min, max, round, floor, ceil', 2],
    ["1e999", '"1e999" is too large or too small', 0],
  ])("%s is wrong", (text, message, offset) => {
    let caught: unknown;
    try {
      value(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ExpressionError);
    expect([(caught as ExpressionError).message, (caught as ExpressionError).offset]).toEqual([
      message,
      offset,
    ]);
  });

  it("agree with a tree that is evaluated in plain fractions", () => {
    type Tree = number | [Tree, string, Tree];
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.integer({ min: 0, max: 20 }),
        fc.tuple(tie("tree"), fc.constantFrom("+", "-", "*"), tie("tree")),
      ),
    }));
    const written = (t: Tree): string =>
      typeof t === "number" ? String(t) : `(${written(t[0])} ${t[1]} ${written(t[2])})`;
    const slow = (t: Tree): number => {
      if (typeof t === "number") return t;
      const [a, b] = [slow(t[0]), slow(t[2])];
      return t[1] === "+" ? a + b : t[1] === "-" ? a - b : a * b;
    };
    fc.assert(
      fc.property(tree, (t) => {
        fc.pre(Math.abs(slow(t)) < 2 ** 53);
        expect(value(written(t))).toBe(slow(t) + 0);
      }),
    );
  });
});

describe("near misses", () => {
  const known = ["gogc", "minHeap", "globals", "forcedPeriod", "heap_released_bytes", "heap_sys_bytes"];
  it.each([
    ["gogg", "gogc"],
    ["GOGC", "gogc"],
    ["goc", "gogc"],
    ["min_heap", "minHeap"],
    ["heapmin", undefined],
    ["forcdePeriod", "forcedPeriod"],
    ["released", "heap_released_bytes"],
    ["heap", undefined],
    ["colour", undefined],
    ["", undefined],
    ["x".repeat(1000), undefined],
  ])("%s", (name, expected) => expect(nearMiss(name, known)).toBe(expected));

  it("lists what is known when nothing is near", () => {
    expect(suggestion("zzz", ["one", "two"])).toBe("expected one of one, two");
    expect(suggestion("zzz", ["one"])).toBe("expected one");
    expect(suggestion("tow", ["one", "two"])).toBe('did you mean "two"?');
  });
});
