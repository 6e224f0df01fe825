/**
 * Operations, one to a line, for cases so small that they are written out:
 *
 *     ops:
 *       - alloc a 4              # four pages, from now on called a
 *       - alloc b 9 stack
 *       - wait 10ms
 *       - free a
 *       - collect
 *
 * Names stand for allocations and not for addresses, so a list means the same under every policy, and a line can be taken
 * out together with those that need it.
 */

import { type Operation, SPAN_KINDS, type SpanKind } from "../scenario.js";
import { parseDuration } from "../units.js";

/** Most operations in a list. */
export const MAX_OPERATIONS = 1_000_000;
/** The longest span, pages. */
const MAX_SPAN_PAGES = 2 ** 27;

/** What an operation may look like. */
const EXPECTED = "expected alloc NAME PAGES [KIND], free NAME, collect, or wait DURATION";

/** An operation that cannot be understood; where it stands, and a sentence. */
export interface OperationFault {
  readonly index: number;
  readonly problem: string;
}

/** Reads lines. @returns the operations, as far as they can be understood, and all faults */
export function parseOperations(lines: readonly string[]): {
  operations: Operation[];
  faults: OperationFault[];
} {
  const reader = new OperationReader();
  const operations: Operation[] = [];
  const faults: OperationFault[] = [];
  for (const [index, line] of lines.entries()) {
    const read = reader.read(line);
    if (typeof read === "string") faults.push({ index, problem: read });
    else operations.push(read);
  }
  return { operations, faults };
}

class OperationReader {
  private readonly live = new Map<string, number>();
  private slots = 0;

  /** Reads a line. @returns the operation, or what is wrong */
  read(line: string): Operation | string {
    const words = line.trim().split(/\s+/);
    switch (words[0]) {
      case "alloc":
        return this.alloc(words);
      case "free":
        return this.free(words);
      case "collect":
        return words.length === 1 ? { op: "collect" } : tooMany(words, "collect alone");
      case "wait": {
        const ns = durationOf(words);
        return ns === undefined
          ? `"${line}" is no wait, expected a duration such as wait 10ms`
          : { op: "wait", ns };
      }
      default:
        return `"${line}" is no operation, ${EXPECTED}`;
    }
  }

  private alloc(words: readonly string[]): Operation | string {
    const fault = allocFault(words, this.live);
    if (fault !== undefined) return fault;
    const [, name, pages, kind] = words;
    this.live.set(name!, this.slots);
    return { op: "alloc", slot: this.slots++, pages: Number(pages), spanKind: (kind ?? "heap") as SpanKind };
  }

  private free(words: readonly string[]): Operation | string {
    if (words.length !== 2) return tooMany(words, "free NAME");
    const slot = this.live.get(words[1]!);
    if (slot === undefined)
      return `nothing called "${words[1]}" is live here, expected the name of an allocation`;
    this.live.delete(words[1]!);
    return { op: "free", slot };
  }
}

function tooMany(words: readonly string[], expected: string): string {
  return `"${words.join(" ")}" has ${words.length} words, expected ${expected}`;
}

function allocFault(words: readonly string[], live: ReadonlyMap<string, number>): string | undefined {
  const [, name, pages, kind] = words;
  if (words.length < 3 || words.length > 4) {
    return tooMany(words, "alloc NAME PAGES [KIND]");
  }
  if (live.has(name!)) return `"${name}" is live already, expected another name or a free before`;
  if (!/^\d+$/.test(pages!) || Number(pages) < 1 || Number(pages) > MAX_SPAN_PAGES) {
    return `"${pages}" is no number of pages, expected 1 to ${MAX_SPAN_PAGES}`;
  }
  if (kind !== undefined && !(SPAN_KINDS as readonly string[]).includes(kind)) {
    return `there is no kind of span "${kind}", expected one of ${SPAN_KINDS.join(", ")}`;
  }
  return undefined;
}

function durationOf(words: readonly string[]): number | undefined {
  if (words.length !== 2) return undefined;
  try {
    return parseDuration(words[1]!);
  } catch {
    return undefined;
  }
}
