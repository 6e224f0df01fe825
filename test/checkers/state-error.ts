/** A state that contradicts itself. */
export class StateError extends Error {
  override readonly name = "StateError";
}
