/**
 * Values as messages show them. A file of its own, so that whoever reads a policy need not load the schema of scenarios.
 */

/** A value as a message shows it, cut short when it is long. */
export function describe(value: unknown): string {
  if (value === null) return "an empty value";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
}
