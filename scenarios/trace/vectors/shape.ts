/**
 * Shapes: what a value of a JSON file must look like, said once, for the check at run time and for the compiler.
 *
 * A shape reads a value of any kind and returns it typed, or throws a ShapeError that names the place in the value
 * (`hits[3].base`), what stands there and what would be right. Objects are strict: a key that the shape does not know
 * is an error too, since what is not known is not compared, and would pass for right.
 */

/** A value that does not have its shape; the message is a sentence without the file and the line. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

export interface Shape<T> {
  /** Returns the value as a T. `at` is its place, for the message. */
  read(value: unknown, at: string): T;
  /** Whether an object may lack it. */
  readonly mayLack?: boolean;
}

/** The type that a shape reads. */
export type Of<S> = S extends Shape<infer T> ? T : never;

/** An object shape also tells its keys, by which a case is recognised. */
export interface ObjectShape<T> extends Shape<T> {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

function fail(value: unknown, at: string, expected: string): never {
  const shown = value === undefined ? "missing" : JSON.stringify(value);
  throw new ShapeError(
    `${at} is ${shown.length > 60 ? `${shown.slice(0, 57)}...` : shown}: expected ${expected}`,
  );
}

/** A string of a form; `expected` describes it. */
function pattern(form: RegExp, expected: string): Shape<string> {
  return {
    read: (value, at) => (typeof value === "string" && form.test(value) ? value : fail(value, at, expected)),
  };
}

/** Free text. */
export const text: Shape<string> = pattern(/^/, "a string");
/** A raw address, or a number of bytes too large for a JSON number. */
export const address = pattern(
  /^0x(?:0|[1-9a-f][0-9a-f]{0,15})$/,
  "a hexadecimal number such as 0x3000000000, without leading zeros",
);
/** A cursor of the scavenge index: an address, and an m when it is marked. */
export const cursor = pattern(
  /^0x(?:0|[1-9a-f][0-9a-f]{0,15})m?$/,
  "a hexadecimal number such as 0x3000000000, and an m behind it when it is marked",
);
/** 64 bits. */
export const word = pattern(/^[0-9a-f]{16}$/, "16 hexadecimal digits, lower case");

export const flag: Shape<boolean> = {
  read: (value, at) => (typeof value === "boolean" ? value : fail(value, at, "true or false")),
};

/** A whole number from low to high, by default from 0 to the largest that a double counts to. */
export function count(low = 0, high = Number.MAX_SAFE_INTEGER): Shape<number> {
  const range = high === Number.MAX_SAFE_INTEGER ? `of at least ${low}` : `from ${low} to ${high}`;
  return {
    read(value, at) {
      const fits = typeof value === "number" && Number.isInteger(value) && value >= low && value <= high;
      return fits ? value : fail(value, at, `a whole number ${range}`);
    },
  };
}

/** Any finite number. */
export const number: Shape<number> = {
  read: (value, at) =>
    typeof value === "number" && Number.isFinite(value) ? value : fail(value, at, "a number"),
};

/** A power of two from 1 to high. */
export function powerOfTwo(high: number): Shape<number> {
  return {
    read(value, at) {
      const n = typeof value === "number" ? value : 0;
      return n >= 1 && n <= high && Number.isInteger(Math.log2(n))
        ? n
        : fail(value, at, `a power of two from 1 to ${high}`);
    },
  };
}

/** One of the given values. */
export function literal<const T extends string>(only: T): Shape<T> {
  return { read: (value, at) => (value === only ? only : fail(value, at, JSON.stringify(only))) };
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return { read: (value, at) => (value === null ? null : shape.read(value, at)) };
}

/** A value that an object may lack. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return { mayLack: true, read: (value, at) => (value === undefined ? undefined : shape.read(value, at)) };
}

export function list<T>(shape: Shape<T>): Shape<T[]> {
  return {
    read(value, at) {
      if (!Array.isArray(value)) fail(value, at, "a list");
      return (value as unknown[]).map((item, i) => shape.read(item, `${at}[${i}]`));
    },
  };
}

/** A list of a fixed number of items, each with its shape. */
export function tuple<const S extends readonly Shape<unknown>[]>(
  ...shapes: S
): Shape<{ -readonly [I in keyof S]: Of<S[I]> }> {
  type T = { -readonly [I in keyof S]: Of<S[I]> };
  return {
    read(value, at) {
      if (!Array.isArray(value) || value.length !== shapes.length)
        fail(value, at, `a list of ${shapes.length}`);
      return shapes.map((shape, i) => shape.read((value as unknown[])[i], `${at}[${i}]`)) as T;
    },
  };
}

/** An object with whole numbers for keys, in ascending order of them. */
export function numbered<T>(shape: Shape<T>): Shape<Map<number, T>> {
  return {
    read(value, at) {
      const numbers = Object.entries(asObject(value, at)).map(([key, item]): [number, T] => {
        if (!/^(?:0|[1-9]\d{0,14})$/.test(key)) fail(key, `a key of ${at}`, "a whole number, decimal");
        return [Number(key), shape.read(item, `${at}[${key}]`)];
      });
      return new Map(numbers.sort((a, b) => a[0] - b[0]));
    },
  };
}

export function object<S extends Record<string, Shape<unknown>>>(
  fields: S,
): ObjectShape<{ [K in keyof S]: Of<S[K]> }> {
  const keys = Object.keys(fields);
  return {
    required: keys.filter((key) => fields[key]!.mayLack !== true),
    optional: keys.filter((key) => fields[key]!.mayLack === true),
    read(value, at) {
      const from = asObject(value, at);
      const path = at === "" ? "" : `${at}.`;
      const where = at === "" ? "" : `${at}: `;
      for (const key of Object.keys(from)) {
        if (!keys.includes(key))
          throw new ShapeError(`${where}unknown key "${key}": expected ${keys.join(", ")}`);
      }
      const result: Record<string, unknown> = {};
      for (const key of keys) {
        const shape = fields[key]!;
        if (!Object.hasOwn(from, key) && shape.mayLack !== true)
          throw new ShapeError(`${where}the key "${key}" is missing`);
        result[key] = shape.read(from[key], `${path}${key}`);
      }
      return result as { [K in keyof S]: Of<S[K]> };
    },
  };
}

/** One shape for objects that have the key, another for those that lack it. */
export function byKey<A, B>(key: string, having: Shape<A>, lacking: Shape<B>): Shape<A | B> {
  return {
    read: (value, at) => (key in asObject(value, at) ? having.read(value, at) : lacking.read(value, at)),
  };
}

/** Objects whose shape follows from the value of one key. */
export function byValue<S extends Record<string, Shape<unknown>>>(
  key: string,
  shapes: S,
): Shape<Of<S[keyof S]>> {
  return {
    read(value, at) {
      const choice = asObject(value, at)[key];
      const known = typeof choice === "string" && Object.hasOwn(shapes, choice);
      if (!known) fail(choice, at === "" ? key : `${at}.${key}`, Object.keys(shapes).join(", "));
      return shapes[choice]!.read(value, at) as Of<S[keyof S]>;
    },
  };
}

function asObject(value: unknown, at: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  return fail(value, at === "" ? "the case" : at, "an object");
}
