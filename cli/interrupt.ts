/**
 * Commands that end in good order when they are interrupted, with what they have by then.
 *
 * The first Ctrl-C goes to whoever asked here; a second one ends the process at once.
 */

const wanted = new Set<() => void>();

/** Asks to be told of Ctrl-C instead of being ended. @returns takes that back */
export function onInterrupt(stop: () => void): () => void {
  wanted.add(stop);
  return () => wanted.delete(stop);
}

/** Tells everybody who asked. @returns false when nobody did */
export function interruptCommands(): boolean {
  for (const stop of wanted) stop();
  return wanted.size > 0;
}
