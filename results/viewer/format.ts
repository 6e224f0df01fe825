/** Numbers as people read them. */

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Three digits and a binary unit. */
export function formatBytes(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1000 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${bytes < 0 ? "−" : ""}${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** A time of the run: with as many digits as a sample interval needs. */
export function formatTime(ns: number, stepNs: number): string {
  const [factor, unit] = ns >= 1e9 || stepNs >= 1e7 ? [1e9, "s"] : ns >= 1e6 ? [1e6, "ms"] : [1e3, "µs"];
  const digits = Math.min(6, Math.max(0, Math.ceil(-Math.log10(Math.max(stepNs, 1) / factor))));
  return `${(ns / factor).toFixed(digits)} ${unit}`;
}

/** A count: whole from a hundred on. */
export function formatCount(count: number): string {
  return count >= 1e6 ? `${(count / 1e6).toFixed(2)} M` : String(Number(count.toFixed(count < 100 ? 1 : 0)));
}

/** A length of time, of three digits. */
export function formatNs(ns: number): string {
  const [factor, unit] =
    ns >= 1e9 ? [1e9, "s"] : ns >= 1e6 ? [1e6, "ms"] : ns >= 1e3 ? [1e3, "µs"] : [1, "ns"];
  return `${Number((ns / factor).toPrecision(3))} ${unit}`;
}

/** The address of a page, in hexadecimal. */
export function formatAddress(page: number, pageBytes: number, arenaBaseOffset: string): string {
  const address = (BigInt(page) * BigInt(pageBytes) + BigInt(arenaBaseOffset)) & 0xffffffffffffffffn;
  return `0x${address.toString(16)}`;
}

const KINDS: Readonly<Record<number, string>> = { 256: "stack", 257: "GC bits", 258: "GC work buffer" };

/** What a span is for. */
export function formatKind(kind: number): string {
  const manual = KINDS[kind];
  if (manual !== undefined) return manual;
  const sizeClass = kind >> 1;
  const pointers = kind % 2 === 1 ? ", no pointers" : "";
  return sizeClass === 0 ? `large object${pointers}` : `objects of size class ${sizeClass}${pointers}`;
}
