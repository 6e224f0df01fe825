/** Errors on their way from a worker thread. */

import { LimitError } from "../../engine/simulation.js";
import { OutputError } from "../../results/output-folder.js";
import { InputError } from "../../scenarios/input-error.js";
import { PolicyError } from "../../sim/heap/own-parts.js";

/** An error as plain data. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Of an InputError: where. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly problem?: string;
}

/** Packs an error. */
export function sent(error: Error): SentError {
  const { name, message, stack = "" } = error;
  if (!(error instanceof InputError)) return { name, message, stack };
  const { file, line, column, problem } = error;
  return { name, message, stack, file, line, column, problem };
}

/** The error that was packed, of its class when it is one that a user can mend. */
export function received({ name, message, stack, file, line, column, problem }: SentError): Error {
  const error = ((): Error => {
    switch (name) {
      case "InputError":
        return new InputError(file!, line!, column!, problem!);
      case "OutputError":
        return new OutputError(message);
      case "LimitError":
        return new LimitError(message);
      case "PolicyError":
        return new PolicyError(message);
      default:
        return new Error(message);
    }
  })();
  error.stack = stack;
  return error;
}
