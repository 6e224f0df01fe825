/** Numbers that were computed, in files. */

/**
 * A number as a cell: whole ones as they are, others with twelve digits that count, so that the last bits of a logarithm,
 * which another version of the engine may round otherwise, do not show. NaN is empty.
 */
export function computedCell(value: number): string {
  const number = computed(value);
  return number === null ? "" : String(number);
}

/** The same for JSON, where nothing is null. */
export function computed(value: number): number | null {
  if (!Number.isFinite(value)) return null;
  if (Number.isInteger(value)) return value === 0 ? 0 : value;
  return Number(value.toPrecision(12));
}
