/**
 * What a hunt has evaluated, in a file that grows by a line each: a killed hunt loses nothing that was finished.
 *
 *     {"hunt":2,"key":"…"}             what is hunted, as a digest; another hunt does not go on with it
 *     {"seed":17,"point":0,"effect":0.31,"fingerprints":["…","…"], …}
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

/** Version of the format. */
const FORMAT = 2;

/** One evaluation of a hunt. */
export interface Entry {
  readonly seed: number;
  /** Number of the variation, 0 where nothing is varied. */
  readonly point: number;
  /** null when there is none to speak of. */
  readonly effect: number | null;
  readonly baseline: number | null;
  readonly candidate: number | null;
  readonly fingerprints: readonly [baseline: string, candidate: string];
}

export class Ledger {
  private readonly known = new Map<string, Entry>();
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
      else appendFileSync(path, `${JSON.stringify({ hunt: FORMAT, key })}\n`);
      this.fd = openSync(path, "a");
    } catch (error) {
      if (error instanceof OutputError) throw error;
      throw new OutputError(`cannot write ${path}: ${(error as Error).message}`);
    }
  }

  /** What came of a seed and variation; undefined when it was not evaluated yet. */
  get(seed: number, point: number): Entry | undefined {
    return this.known.get(nameOf(seed, point));
  }

  /** Adds an entry; it is in the file when this returns. */
  add(entry: Entry): void {
    this.known.set(nameOf(entry.seed, entry.point), entry);
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
    if (typeof first?.["hunt"] !== "number") {
      throw new OutputError(`${this.path} is no record of a hunt: give another folder with --out`);
    }
    if (first["hunt"] !== FORMAT || first["key"] !== key) {
      throw new OutputError(
        `${this.path} is of another hunt (other policies, metric, scenario or version of the tool): give another folder with --out, or --force to begin anew`,
      );
    }
    for (const line of lines) {
      const entry = parsed(line);
      if (typeof entry?.["seed"] === "number")
        this.known.set(nameOf(entry["seed"], Number(entry["point"])), entry as unknown as Entry);
    }
    if (whole.length < text.length) truncateSync(this.path, Buffer.byteLength(whole));
  }
}

function nameOf(seed: number, point: number): string {
  return `${seed}/${point}`;
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
