/**
 * A progress bar on stderr; nothing when stderr is no terminal.
 */

import { Presets, SingleBar } from "cli-progress";
import { formatDuration } from "../scenarios/units.js";

export interface Progress {
  /** Sets the share done, 0..1. */
  update(share: number): void;
  stop(): void;
}

let running: SingleBar | undefined;

/** Ends the bar that is shown, if one is: a process that is interrupted must give the cursor back. */
export function stopProgress(): void {
  running?.stop();
  running = undefined;
}

/** Starts a bar with a label. */
export function startProgress(label: string): Progress {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar(
    {
      format: `${label} [{bar}] {percentage}%`,
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  bar.start(1000, 0);
  running = bar;
  return { update: (share) => bar.update(Math.round(share * 1000)), stop: stopProgress };
}

/** Progress by numbers of runs, and about how long the rest will take. */
export interface RunProgress {
  /** @param kept of those done: runs that were finished before */
  update(done: number, total: number, kept: number): void;
  stop(): void;
}

/** Starts a bar that counts runs. */
export function startRunProgress(label: string): RunProgress {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar(
    {
      format: `${label} [{bar}] {value} of {total} runs{rest}`,
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  bar.start(1, 0, { rest: "" });
  running = bar;
  const start = performance.now();
  return {
    update: (done, total, kept) => {
      bar.setTotal(total);
      const left = (((performance.now() - start) * (total - done)) / (done - kept)) * 1e6;
      const time = done > kept ? `, about ${formatDuration(Math.ceil(left / 1e9) * 1e9)} to go` : "";
      bar.update(done, { rest: `${time}${kept > 0 ? `, ${kept} of them were kept` : ""}` });
    },
    stop: stopProgress,
  };
}
