/**
 * The two ways in which the page heap can refuse to go on.
 *
 * A corrupt state is the simulator's fault (or an experiment's that broke a rule); it carries the diagnostic that the
 * runtime would print before it throws. A bad operation is the caller's: freeing what is free, growing what is mapped.
 */

/** The state contradicts itself. `diagnostic` holds the lines that the runtime prints, the message what it throws. */
export class CorruptHeapError extends Error {
  override readonly name = "CorruptHeapError";
  constructor(
    message: string,
    readonly diagnostic: readonly string[],
  ) {
    super([...diagnostic, message].join("\n"));
  }
}

/** The operation asked for cannot be done in this state, whoever asked should not have. */
export class BadOperationError extends Error {
  override readonly name = "BadOperationError";
}
