/** A few lines on stderr that are written over again and again; nothing when stderr is no terminal. */

/** Least time between two pictures, ms. */
const INTERVAL_MS = 200;

export class LiveTable {
  private lines = 0;
  private shownMs = Number.NEGATIVE_INFINITY;

  show(lines: readonly string[]): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.shownMs < INTERVAL_MS) return;
    this.shownMs = now;
    this.clear();
    process.stderr.write(lines.map((line) => `${line}\n`).join(""));
    this.lines = lines.length;
  }

  /** Takes the lines away. */
  clear(): void {
    if (this.lines > 0) process.stderr.write(`\x1b[${this.lines}A\x1b[0J`);
    this.lines = 0;
  }
}
