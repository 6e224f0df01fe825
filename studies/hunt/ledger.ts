/**
 * What a hunt has evaluated, in a file that grows by a line each: a killed hunt loses nothing that was finished.
 *
 *     {"hunt":1,"key":"…"}             what is hunted, as a digest; another hunt does not go on with it
 *     {"n":17,"effect":0.31,"fingerprints":["…","…"]}
 *
 * A line that was cut off, which can only be the last, is dropped.
 */

import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { OutputError } from "../../results/output-folder.js";

/** One evaluation of a hunt. */
export interface Entry {
  /** Number of the scenario within the hunt. */
  readonly n: number;
  /** null when there is none to speak of. */
  readonly effect: number | null;
  readonly baseline: number | null;
  readonly candidate: number | null;
  readonly fingerprints: readonly [baseline: string, candidate: string];
}

export class Ledger {
  private readonly known = new Map<number, Entry>();
  private fd: number | undefined;

  /**
   * Opens the ledger of a hunt, or begins one.
   * @param key digest of what is hunted
   * @throws OutputError when the file is of another hunt, or cannot be written
   */
  constructor(
    readonly path: string,
    key: string,
  ) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      if (existsSync(path)) this.read(key);
      else appendFileSync(path, `${JSON.stringify({ hunt: 1, key })}\n`);
      this.fd = openSync(path, "a");
    } catch (error) {
      if (error instanceof OutputError) throw error;
      throw new OutputError(`cannot write ${path}: ${(error as Error).message}`);
    }
  }

  /** Entries by number, in the order of the numbers. */
  entries(): Entry[] {
    return [...this.known.values()].sort((a, b) => a.n - b.n);
  }

  has(n: number): boolean {
    return this.known.has(n);
  }

  /** Adds an entry; it is in the file when this returns. */
  add(entry: Entry): void {
    this.known.set(entry.n, entry);
    try {
      writeSync(this.fd!, `${JSON.stringify(entry)}\n`);
    } catch (error) {
      throw new OutputError(`cannot write ${this.path}: ${(error as Error).message}`);
    }
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private read(key: string): void {
    const text = readFileSync(this.path, "utf8");
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    const [head, ...lines] = whole.split("\n");
    const first = parsed(head ?? "");
    if (first?.["hunt"] !== 1) {
      throw new OutputError(`${this.path} is no record of a hunt: give another folder with --out`);
    }
    if (first["key"] !== key) {
      throw new OutputError(
        `${this.path} is of another hunt (other policies, metric, scenario or version of the tool): give another folder with --out, or --force to begin anew`,
      );
    }
    for (const line of lines) {
      const entry = parsed(line);
      if (typeof entry?.["n"] === "number") this.known.set(entry["n"], entry as unknown as Entry);
    }
    if (whole.length < text.length) truncateSync(this.path, Buffer.byteLength(whole));
  }
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
