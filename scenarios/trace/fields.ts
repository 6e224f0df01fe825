/**
 * Reads the comma-separated fields of one line, without making strings of them.
 *
 * Numbers are doubles: exact below 2^53, which covers every address, size and time of a recording. The value 2^64-1,
 * which the recordings write as `max`, becomes Infinity. 64-bit bitmaps become two 32-bit halves.
 */

import { InputError } from "../input-error.js";

const COMMA = 44;
const MINUS = 45;
const CARRIAGE_RETURN = 13;
const LETTER_M = 109;
const MAX_INT64 = "9223372036854775807";
/** The lowest address of linux/amd64's line. */
const NO_ADDRESS = 2 ** 64 - 2 ** 47;

export class Fields {
  /** High and low half of the last bitmap read. */
  hi = 0;
  lo = 0;
  /** Whether the last cursor read was marked. */
  isMarked = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #from = 0;
  #end = 0;
  #line = 0;

  /** @param path named in errors */
  constructor(readonly path: string) {}

  /** Starts on a line: bytes[from, to). */
  begin(bytes: Uint8Array, from: number, to: number, line: number): void {
    this.#bytes = bytes;
    this.#from = from;
    this.#at = from;
    this.#end = to > from && bytes[to - 1] === CARRIAGE_RETURN ? to - 1 : to;
    this.#line = line;
  }

  get line(): number {
    return this.#line;
  }

  /** 1-based column of the next byte. */
  get column(): number {
    return this.#at - this.#from + 1;
  }

  /** A whole number, decimal, possibly negative, or `max`. */
  decimal(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    const negative = bytes[at] === MINUS && at < this.#end;
    if (negative) at++;
    let value = 0;
    const first = at;
    for (; at < this.#end; at++) {
      const digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === first) {
      if (!negative && this.#isMax()) return Number.POSITIVE_INFINITY;
      this.#failField("expected a whole number");
    }
    if (value > Number.MAX_SAFE_INTEGER) {
      if (!this.#isMaxInt64(first, at)) this.fail("expected a number below 2^53, or `max`");
      value = Number.POSITIVE_INFINITY;
    }
    this.#closeField(at, "expected a whole number");
    return negative ? -value : value;
  }

  /** A hexadecimal number below 2^53, without 0x. */
  hex(): number {
    let at = this.#at;
    let value = 0;
    for (; at < this.#end; at++) {
      const digit = hexDigit(this.#bytes[at]!);
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    if (at === this.#at || value > Number.MAX_SAFE_INTEGER)
      this.#failField("expected an address in hexadecimal, without 0x");
    this.#closeField(at, "expected an address in hexadecimal, without 0x");
    return value;
  }

  /**
   * A cursor of the scavenge index: an address, with an m behind it when it is marked, which then stands in isMarked.
   * The lowest address of a 48-bit line, which stands for none, is ffff800000000000.
   */
  cursor(): number {
    const expected = "expected an address in hexadecimal, without 0x, and an m when it is marked";
    let at = this.#at;
    let value = 0;
    for (; at < this.#end; at++) {
      const digit = hexDigit(this.#bytes[at]!);
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    if (at === this.#at || (value > Number.MAX_SAFE_INTEGER && value !== NO_ADDRESS))
      this.#failField(expected);
    this.isMarked = at < this.#end && this.#bytes[at] === LETTER_M;
    this.#closeField(this.isMarked ? at + 1 : at, expected);
    return value;
  }

  /** A number that is not negative, and may have a fraction and an exponent. */
  float(): number {
    const { column } = this;
    const text = this.text();
    if (!/^\d+(?:\.\d+)?(?:e[-+]?\d+)?$/.test(text)) this.fail("expected a number", column);
    return Number(text);
  }

  /** A hexadecimal number below 2^53 that begins with 0x. */
  prefixedHex(): number {
    if (this.#bytes[this.#at] !== 48 || this.#bytes[this.#at + 1] !== 120)
      this.fail("expected an address that begins with 0x");
    this.#at += 2;
    return this.hex();
  }

  /** A bitmap of exactly 16 hexadecimal digits, into hi and lo. */
  bits(): void {
    const start = this.#at;
    let hi = 0;
    let lo = 0;
    for (let i = 0; i < 16; i++) {
      const digit = start + i < this.#end ? hexDigit(this.#bytes[start + i]!) : -1;
      if (digit < 0) this.#failField("expected a bitmap of 16 hexadecimal digits");
      if (i < 8) hi = (hi << 4) | digit;
      else lo = (lo << 4) | digit;
    }
    this.#closeField(start + 16, "expected a bitmap of 16 hexadecimal digits");
    this.hi = hi;
    this.lo = lo;
  }

  /** Any text up to the next comma, as a string. */
  text(): string {
    let at = this.#at;
    while (at < this.#end && this.#bytes[at] !== COMMA) at++;
    const value = Buffer.from(this.#bytes.subarray(this.#at, at)).toString("latin1");
    this.#at = at + 1;
    return value;
  }

  /** The code of a name in a table, or -1 when the field is not one of its names; the field is read only if it is. */
  name(names: NameTable): number {
    let at = this.#at;
    let hash = 0;
    while (at < this.#end && this.#bytes[at] !== COMMA) hash = (Math.imul(hash, 31) + this.#bytes[at++]!) | 0;
    const code = names.codeOf(hash, this.#bytes, this.#at, at);
    if (code >= 0) this.#at = at + 1;
    return code;
  }

  /** A field that must be empty. */
  blank(): void {
    this.#closeField(this.#at, "expected an empty field here");
  }

  /** Whether the next field is empty. */
  isBlank(): boolean {
    return this.#at >= this.#end || this.#bytes[this.#at] === COMMA;
  }

  /** Checks that the line is used up: the field just read was its last. */
  finish(columns: number): void {
    if (this.#at !== this.#end + 1) this.fail(`expected ${columns} comma-separated fields`);
  }

  /** Throws InputError at a column, by default the current one. */
  fail(problem: string, column = this.column): never {
    throw new InputError(this.path, this.#line, column, problem);
  }

  /** Says what a field should be, or that there is none. */
  #failField(problem: string): never {
    this.fail(this.#at > this.#end ? "the line has too few fields" : problem);
  }

  /** The largest signed number, by which Go says that there is no memory limit. */
  #isMaxInt64(from: number, to: number): boolean {
    if (to - from !== MAX_INT64.length) return false;
    for (let i = from; i < to; i++) if (this.#bytes[i] !== MAX_INT64.charCodeAt(i - from)) return false;
    return true;
  }

  #isMax(): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    if (at + 3 > this.#end || bytes[at] !== 109 || bytes[at + 1] !== 97 || bytes[at + 2] !== 120)
      return false;
    this.#closeField(at + 3, "expected a whole number");
    return true;
  }

  /** Moves behind the field that ends at `at`; what is there must be a comma or the end of the line. */
  #closeField(at: number, problem: string): void {
    if (this.#at > this.#end || (at < this.#end && this.#bytes[at] !== COMMA)) this.#failField(problem);
    this.#at = at + 1;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  if (byte >= 97 && byte <= 102) return byte - 87;
  return -1;
}

/** Short names and their codes, looked up from bytes. */
export class NameTable {
  readonly #codes = new Map<number, number>();
  readonly #names: readonly string[];

  /** @param names the code of a name is its index */
  constructor(names: readonly string[]) {
    this.#names = names;
    names.forEach((name, code) => {
      let hash = 0;
      for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
      if (this.#codes.has(hash)) throw new Error(`two names share a hash: ${name}`);
      this.#codes.set(hash, code);
    });
  }

  /** The code of the name at bytes[from, to), whose hash is known; -1 when it is none. */
  codeOf(hash: number, bytes: Uint8Array, from: number, to: number): number {
    const code = this.#codes.get(hash) ?? -1;
    if (code < 0) return -1;
    const name = this.#names[code]!;
    if (name.length !== to - from) return -1;
    for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) !== bytes[from + i]) return -1;
    return code;
  }
}
