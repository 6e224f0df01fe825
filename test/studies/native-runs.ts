/**
 * Native runs of a store that shrinks to a fifth and is then idle, beside the scenario idle-after-shrink.
 *
 * A recording (oracle/scavtrace) is a CSV file with a row each 100 ms: what MemStats said while an unpatched program ran. Of both,
 * what is looked at is memory that was returned since the start of the idle phase, as a part of HeapSys.
 */

import { readFileSync } from "node:fs";
import { COLUMN } from "../../results/columns.js";
import { runLibraryScenario } from "../scenarios/library-runs.js";

/** A recorded run, and the scenario that is laid beside it. */
export interface NativeRun {
  readonly file: string;
  readonly release: string;
  readonly params: readonly string[];
  /** How long its idle phase was, s. */
  readonly seconds: number;
}

export const NATIVE_RUNS: readonly NativeRun[] = [
  { file: "go118-kvcache-gmp2", release: "go1.18", params: [], seconds: 14.9 },
  { file: "go119-kvcache-gmp2", release: "go1.19", params: [], seconds: 14.9 },
  { file: "go123-kvcache-gmp2", release: "go1.22", params: [], seconds: 14.9 },
  {
    file: "go119-kvcache-gc4s-gmp2",
    release: "go1.19",
    params: ["again=4s", "times=3"],
    seconds: 13.9,
  },
  {
    file: "go123-kvcache-gc4s-gmp2",
    release: "go1.22",
    params: ["again=4s", "times=3"],
    seconds: 13.9,
  },
  { file: "go123-kvcache-idle140s-gmp2", release: "go1.22", params: [], seconds: 139 },
];

/** Memory returned since the idle phase began, as a part of HeapSys, by time. */
export class Returned {
  private readonly times: number[] = [];
  private readonly parts: number[] = [];

  /** Adds a row. @param seconds since the idle phase began */
  add(seconds: number, releasedBytes: number, sysBytes: number): void {
    this.times.push(seconds);
    this.parts.push(releasedBytes / sysBytes);
  }

  /** The part at a time: what the last row before it says. */
  at(seconds: number): number {
    let i = this.times.length - 1;
    while (i > 0 && this.times[i]! > seconds) i--;
    return this.parts[i]! - this.parts[0]!;
  }

  /** When so much of what was returned by a time had been, s. */
  reached(share: number, bySeconds: number): number {
    const wanted = share * this.at(bySeconds);
    return this.times.find((seconds) => this.at(seconds) >= wanted)!;
  }
}

/** What a recording says of its first idle phase. */
export function recorded(folder: string, { file }: NativeRun): Returned {
  const [header = "", ...lines] = readFileSync(`${folder}/${file}.csv`, "utf8").trimEnd().split("\n");
  const column = (name: string): number => header.split(",").indexOf(name);
  const returned = new Returned();
  let startMs = -1;
  for (const line of lines) {
    const fields = line.split(",");
    if (fields[column("phase")] !== "idle") continue;
    const ms = Number(fields[column("t_ms")]);
    if (startMs < 0) startMs = ms;
    returned.add(
      (ms - startMs) / 1000,
      Number(fields[column("HeapReleased")]),
      Number(fields[column("HeapSys")]),
    );
  }
  return returned;
}

/** What the model makes of it, at the size of the recorded program. The collection that begins the idle phase is over at 0.6 s. */
export async function modelled({ release, params }: NativeRun, seed = 1): Promise<Returned> {
  const all = ["scale=1", `policy=${release}`, ...params];
  const { rows } = await runLibraryScenario("idle-after-shrink", seed, {
    params: all,
    sets: ["samples={every: 100ms}"],
  });
  const returned = new Returned();
  for (const row of rows) {
    const seconds = row[COLUMN.time_ns]! / 1e9 - 0.6;
    if (seconds >= -1e-9)
      returned.add(seconds, row[COLUMN.heap_released_bytes]!, row[COLUMN.heap_sys_bytes]!);
  }
  return returned;
}
