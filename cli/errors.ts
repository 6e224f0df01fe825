/**
 * How errors leave the program: one sentence on stderr, and an exit code.
 */

import { LimitError } from "../engine/simulation.js";
import { HeapMapError } from "../results/heapmap/read.js";
import { OutputError } from "../results/output-folder.js";
import { RunFolderError } from "../results/result-folder.js";
import { InputError } from "../scenarios/input-error.js";
import { UnitError } from "../scenarios/units.js";
import { GeometryError } from "../sim/address/geometry.js";
import { PolicyError } from "../sim/heap/own-parts.js";
import { CorruptHeapError } from "../sim/pages/errors.js";
import { PolicySpecError } from "../studies/policies.js";
import { StudyError } from "../studies/study-error.js";

/** A check failed, or a run ended as it should not. */
export const EXIT_FAILED = 1;
/** Bad use or bad input. */
export const EXIT_BAD_INPUT = 2;

/** Bad use of the command line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What yargs found wrong with the arguments, as one sentence; errors of the commands themselves pass. */
export function asUsageError(message: string | null, error: Error | undefined): Error {
  if (error !== undefined && error.name !== "YError") return error;
  const sentence = (message ?? error?.message ?? "bad arguments").replace(/\s*\n\s*/g, " ");
  return new UsageError(`${sentence}; mheapsim --help shows how`);
}

/** Of an option that was given several times, the last counts; yargs makes an array of them. */
export function lastGiven<T>(value: T | readonly T[]): T {
  return Array.isArray(value) ? value.at(-1) : (value as T);
}

/** The path that was given as a positional. yargs makes an empty string of a lone `-`. */
export function givenPath(path: string): string {
  if (path !== "") return path;
  if (process.argv.includes("-")) return "-";
  throw new UsageError("the name of a file is empty; mheapsim --help shows how");
}

/** Whether an error is the user's to mend; others are ours. */
function isExpected(error: unknown): boolean {
  return [
    InputError,
    OutputError,
    RunFolderError,
    HeapMapError,
    UnitError,
    GeometryError,
    UsageError,
    LimitError,
    StudyError,
    PolicyError,
    PolicySpecError,
  ].some((type) => error instanceof type);
}

/** Prints an error and returns the exit code for it. The stack is shown only when asked for. */
export function report(error: unknown, debug: boolean): number {
  const { message, stack } = error as Error;
  if (debug && stack !== undefined) console.error(stack);
  else if (isExpected(error)) console.error(`mheapsim: ${message}`);
  else if (error instanceof CorruptHeapError) {
    console.error(`mheapsim: the simulated heap is corrupt, which is a fault of the simulator: ${message}`);
  } else console.error(`mheapsim: unexpected error: ${message} (--debug shows where; please report it)`);
  return isExpected(error) ? EXIT_BAD_INPUT : EXIT_FAILED;
}
