/**
 * Where in a file a value stands, and the faults that were found there.
 *
 * A value is found by its path from the root, `workloads.cache.size`. What is not in the file, because it is missing or a
 * short form stands for it, lies where its nearest ancestor does. A value that the command line gave lies at its flag.
 */

import { InputError } from "../input-error.js";

/** Keys and indices from the root. */
export type Path = readonly PropertyKey[];

/** Line and column, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

interface Entry {
  readonly key: Place;
  readonly value: Place;
}

/** The places of all values of one file. */
export class Places {
  readonly #entries = new Map<string, Entry>();
  readonly #flags = new Map<string, string>();

  constructor(
    readonly file: string,
    /** Place of the root. 0:0 where there is no text, as for scenarios of a program. */
    private readonly root: Place,
  ) {}

  /** Says where a value and its key stand; an entry of a list has no key of its own. */
  set(path: Path, key: Place, value: Place): void {
    this.#entries.set(id(path), { key, value });
  }

  /** Says that the value at a path came from a flag, such as `--set gc.gogc=50`. */
  setFlag(path: Path, flag: string): void {
    const below = `${id(path).slice(0, -1)},`;
    for (const key of this.#entries.keys()) if (key.startsWith(below)) this.#entries.delete(key);
    for (const key of this.#flags.keys()) if (key.startsWith(below)) this.#flags.delete(key);
    this.#flags.set(id(path), flag);
  }

  /** An error at a path; `at` chooses between the value and its key. */
  error(path: Path, message: string, at: "key" | "value"): InputError {
    for (let length = path.length; length >= 0; length--) {
      const ancestor = id(path.slice(0, length));
      const flag = this.#flags.get(ancestor);
      if (flag !== undefined) return new InputError(flag, 0, 0, message);
      const entry = this.#entries.get(ancestor);
      if (entry !== undefined) {
        // Of something missing, its parent's key is where the eye should go.
        const place = length === path.length ? entry[at] : entry.key;
        return new InputError(this.file, place.line, place.column, message);
      }
    }
    return new InputError(this.file, this.root.line, this.root.column, message);
  }
}

/** Collects faults in the order of the file. */
export class Problems {
  readonly #errors: InputError[] = [];
  readonly #spoilt: Path[] = [];

  constructor(readonly places: Places) {}

  /** Reports a fault of the value at a path, or of its key. */
  report(path: Path, message: string, at: "key" | "value" = "value"): void {
    const where = path.length === 0 ? "" : `${pathText(path)}: `;
    this.#add(this.places.error(path, where + message, at));
  }

  /** Reports a fault that has a place of its own. */
  reportAt(place: Place, message: string): void {
    this.#add(new InputError(this.places.file, place.line, place.column, message));
  }

  /** Reports a fault of a flag. */
  reportFlag(flag: string, message: string): void {
    this.#add(new InputError(flag, 0, 0, message));
  }

  /** Marks a value as known to be bad, so that nothing more is said about it. */
  spoil(path: Path): void {
    this.#spoilt.push(path);
  }

  /** Whether the value at a path, or what it is part of, is known to be bad. */
  isSpoilt(path: Path): boolean {
    return this.#spoilt.some(
      (bad) => bad.length <= path.length && bad.every((key, i) => String(key) === String(path[i])),
    );
  }

  get any(): boolean {
    return this.#errors.length > 0;
  }

  /** All faults: those of flags first, then in the order of the file. */
  get errors(): readonly InputError[] {
    return [...this.#errors].sort((a, b) => a.line - b.line || a.column - b.column);
  }

  #add(error: InputError): void {
    const { file, line, column, problem } = error;
    // Values and keys may hold anything, but a message is one line.
    const shown = new InputError(file, line, column, problem.replace(/\s*[\r\n\u2028\u2029]+\s*/g, " "));
    if (!this.#errors.some((other) => other.message === shown.message)) this.#errors.push(shown);
  }
}

/** A path as messages and `--set` write it. */
export function pathText(path: Path): string {
  return path.map(String).join(".");
}

function id(path: Path): string {
  return JSON.stringify(path.map(String));
}
