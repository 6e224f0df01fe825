/**
 * A progress bar on stderr; nothing when stderr is no terminal.
 */

import { Presets, SingleBar } from "cli-progress";

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
      format: `${label} [{bar}] {value} of {total} runs, {rest} to go, {eta_formatted}{taken}`,
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
      etaBuffer: 20,
    },
    Presets.shades_classic,
  );
  bar.start(1, 0, { rest: "", taken: "" });
  running = bar;
  return {
    update: (done, total, kept) => {
      bar.setTotal(total);
      bar.update(done, { rest: total - done, taken: kept > 0 ? `, ${kept} taken up from before` : "" });
    },
    stop: stopProgress,
  };
}
