/**
 * Reads vector files: JSON arrays of test cases with recorded results, gzipped or plain.
 *
 *     [
 *     {"name":"First", … },      one case a line in the files that we have, but any layout will do
 *     {"name":"Second", … }
 *     ]
 *
 * What a file is about is found from the keys of its cases (vectors/recognise.ts), never from its name. The array is cut
 * into its cases first and each is parsed on its own, so that every case, and most faults, have a line and a column.
 */

import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { InputError } from "../input-error.js";
import { KINDS, type VectorFields, type VectorKind } from "./vectors/kinds.js";
import { kindOf } from "./vectors/recognise.js";
import { ShapeError } from "./vectors/shape.js";

/** One case of a vector file, and where it begins in the file. */
export interface VectorCase<K extends VectorKind> {
  readonly line: number;
  readonly column: number;
  /** The name it was recorded with, or its number in the file. */
  readonly name: string;
  readonly fields: VectorFields<K>;
}

/** A vector file of a kind. */
export interface VectorFileOf<K extends VectorKind> {
  readonly kind: K;
  readonly cases: readonly VectorCase<K>[];
}

/** A vector file of any kind. */
export type VectorFile = { [K in VectorKind]: VectorFileOf<K> }[VectorKind];

/** More text than this is not a vector file of ours, and would have to be kept in memory whole. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024;

/**
 * Reads a vector file (or standard input, for `-`).
 * @throws InputError when it cannot be read, is not valid JSON, or is not an array of cases of one known kind
 */
export async function readVectors(path: string): Promise<VectorFile> {
  return parseVectors(path, await readText(path));
}

/**
 * Parses the text of a vector file.
 * @param path named in errors
 * @throws InputError as readVectors does
 */
export function parseVectors(path: string, text: string): VectorFile {
  const spans = splitArray(path, text);
  if (spans.length === 0) throw new InputError(path, 1, 1, "the array is empty: expected at least one case");
  const values = spans.map((span) => parseCase(path, span));
  const kind = atSpan(path, spans[0]!, () => kindOf(values));
  return fileOf(path, kind, spans, values);
}

function fileOf<K extends VectorKind>(
  path: string,
  kind: K,
  spans: readonly Span[],
  values: unknown[],
): VectorFile {
  const cases = spans.map((span, i): VectorCase<K> => {
    const fields = atSpan(path, span, () => KINDS[kind].read(values[i], "")) as VectorFields<K>;
    return { line: span.line, column: span.column, name: fields.name ?? `#${i + 1}`, fields };
  });
  return { kind, cases } as VectorFileOf<K> as VectorFile;
}

/** Gives a ShapeError the place of the case that it was found in. */
function atSpan<T>(path: string, span: Span, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new InputError(path, span.line, span.column, error.message);
  }
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = path === "-" ? await readStandardInput() : await readFile(path);
    const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return (zipped ? gunzipSync(bytes, { maxOutputLength: MAX_TEXT_BYTES }) : bytes).toString("utf8");
  } catch (error) {
    throw new InputError(path, 0, 0, readFault(error as NodeJS.ErrnoException));
  }
}

async function readStandardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function readFault({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case "ENOENT":
      return "no such file: expected a vector file, gzipped or plain";
    case "EISDIR":
      return "this is a folder: expected a file";
    case "EACCES":
    case "EPERM":
      return "no permission to read this file";
    case "Z_BUF_ERROR":
      return "the gzip data ends early: the file was cut off; get a whole copy";
    case "Z_DATA_ERROR":
      return `the gzip data is damaged (${message}): get an intact copy`;
    case "ERR_BUFFER_TOO_LARGE":
      return `the file unpacks to more than ${MAX_TEXT_BYTES} bytes: not a vector file`;
    default:
      return `cannot be read: ${message}`;
  }
}

/** The text of one element of the array, and where it begins. */
interface Span {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

function parseCase(path: string, span: Span): unknown {
  try {
    return JSON.parse(span.text);
  } catch (error) {
    const message = (error as Error).message;
    // The parser mostly says at which character it gave up; the case may be spread over lines.
    const before = span.text.slice(0, Number(/position (\d+)/.exec(message)?.[1] ?? 0)).split("\n");
    const column = (before.length === 1 ? span.column : 1) + before.at(-1)!.length;
    const fault = message.replace(/ (?:in JSON )?at position.*/, "").replace(/, ?".*is not valid JSON/s, "");
    throw new InputError(path, span.line + before.length - 1, column, `this is not valid JSON: ${fault}`);
  }
}

const SPACE = /[ \t\r\n]*/y;
/** What JSON consists of, roughly: what passes here by mistake is refused when the case is parsed. */
const TOKEN = /[{}[\],:]|"(?:[^"\\\n]|\\.)*"|[-+.\w]+/y;

/** Walks over the tokens of a text and keeps count of lines. */
class TokenScanner {
  /** Where the last token begins. */
  from = 0;
  line = 1;
  #lineStart = 0;
  #at = 0;

  constructor(
    readonly path: string,
    readonly text: string,
  ) {}

  get column(): number {
    return this.from - this.#lineStart + 1;
  }

  /** The next token; "" at the end of the text. */
  next(): string {
    SPACE.lastIndex = this.#at;
    this.from = this.#at + SPACE.exec(this.text)![0].length;
    // Newlines stand only between tokens, since a string may not hold one.
    for (let i = this.#at; i < this.from; i++) {
      if (this.text[i] !== "\n") continue;
      this.line++;
      this.#lineStart = i + 1;
    }
    if (this.from === this.text.length) return "";
    TOKEN.lastIndex = this.from;
    const token = TOKEN.exec(this.text)?.[0];
    if (token === undefined) this.fail("this is not valid JSON: expected a value, or an unfinished string");
    this.#at = this.from + token.length;
    return token;
  }

  fail(problem: string): never {
    throw new InputError(this.path, this.line, this.column, problem);
  }
}

/** Cuts a JSON array into its elements, without looking at what these are. */
function splitArray(path: string, text: string): Span[] {
  const scan = new TokenScanner(path, text);
  if (scan.next() !== "[") scan.fail("expected a JSON array of cases, beginning with [");
  const spans: Span[] = [];
  let start: { from: number; line: number; column: number } | undefined;
  for (let depth = 1; depth > 0; ) {
    const token = scan.next();
    if (token === "") scan.fail("the JSON ends early: the file was cut off; get a whole copy");
    if (depth === 1 && (token === "," || token === "]")) {
      const { from, line, column } = start ?? { from: scan.from, line: scan.line, column: scan.column };
      // Only an empty array has its end without a case before it.
      const none = start === undefined && (token === "," || spans.length > 0);
      if (none) scan.fail(`this is not valid JSON: expected a case before the ${token}`);
      if (start !== undefined) spans.push({ text: text.slice(from, scan.from), line, column });
      start = undefined;
      if (token === "]") depth = 0;
      continue;
    }
    start ??= { from: scan.from, line: scan.line, column: scan.column };
    if (token === "{" || token === "[") depth++;
    if (token === "}" || token === "]") depth--;
    if (depth === 0) scan.fail(`this is not valid JSON: ${token} closes nothing`);
  }
  if (scan.next() !== "") scan.fail("this is not valid JSON: expected nothing behind the array of cases");
  return spans;
}
