/**
 * The main job: a trace of a real program in, time series out.
 *
 * The trace is read twice when the sample interval is not given, once for its duration and once for the run. Output goes
 * to a folder that appears when it is complete.
 */

import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { basename } from "node:path";
import { type Keyframes, keyframeTimes } from "../results/heapmap/recorder.js";
import { OutputFolder } from "../results/output-folder.js";
import { InputError } from "../scenarios/input-error.js";
import {
  ALL_RELEASES,
  Op,
  readDuration,
  readHeapTrace,
  type TraceRow,
} from "../scenarios/trace/heap-trace.js";
import { GeometryError } from "../sim/address/geometry.js";
import { platform } from "../sim/address/platforms.js";
import { type Heap, OutOfMemoryError } from "../sim/heap/heap.js";
import type { Policy } from "../sim/policies/policy.js";
import { Check } from "./check.js";
import { tracePolicy } from "./recorded-under.js";
import { DEFAULT_SAMPLES, MAX_SAMPLES, type Plotter, Recording } from "./recording.js";
import { RowGuard } from "./row-guard.js";
import { SpanPrediction } from "./span-prediction.js";
import { createReplay, TraceReplay } from "./trace-replay.js";

/** What to run. */
export interface RunTraceOptions {
  /** A trace file, or `-` for standard input. */
  readonly trace: string;
  /** Output folder. */
  readonly out: string;
  /** Whether an earlier result in that folder may be replaced. */
  readonly force?: boolean;
  /** Sample interval in ns; by default a thousandth of the trace's duration. */
  readonly sampleNs?: number;
  /** Predict from spans alone instead of replaying every row. */
  readonly spansOnly?: boolean;
  /** Keyframes of a heap map, times in ns. Default: no heap map. */
  readonly keyframes?: Keyframes;
  /** What the recorded program ran under; by default the release that recorded it. */
  readonly policy?: Policy;
  /** Name of the run in the manifest. */
  readonly name: string;
  /** Draws plots into the folder. Default: nobody does. */
  readonly plotter?: Plotter;
  /** Called now and then with the share of bytes read, 0..1. */
  readonly onProgress?: (share: number) => void;
}

/** What came of it. */
export interface RunTraceResult {
  readonly out: string;
  readonly rows: number;
  readonly samples: readonly Float64Array[];
  readonly fingerprint: string;
  /** Comparisons with the recording, and how many differed (only --spans-only goes on after one). */
  readonly compared: number;
  readonly mismatches: number;
  /** The runtime's sentence when the run ended because memory ran out. */
  readonly outOfMemory: string | undefined;
  readonly heap: Heap;
}

/**
 * Runs a trace.
 * @throws InputError when the trace is damaged or contradicts the model, OutputError when the result cannot be written;
 *   nothing is left behind then
 */
export async function runTrace(options: RunTraceOptions): Promise<RunTraceResult> {
  const folder = new OutputFolder(options.out, options.force ?? false);
  try {
    const { trace, keyframes } = options;
    const missing =
      options.sampleNs === undefined
        ? "the sample interval, such as --sample 10ms"
        : "times of keyframes, such as --keyframes 1s,2s";
    const readsTwice = options.sampleNs === undefined || typeof keyframes === "number";
    const durationNs = readsTwice ? await durationOf(trace, missing) : Number.NaN;
    // A thousandth of the trace's duration, at least 1 ns.
    const sampleNs = options.sampleNs ?? Math.max(1, Math.ceil(durationNs / DEFAULT_SAMPLES));
    const times = keyframes === undefined ? undefined : keyframeTimes(keyframes, durationNs);
    const run = new TraceRun(options, folder, sampleNs, times);
    const result = await run.run();
    folder.commit();
    return result;
  } catch (error) {
    folder.discard();
    throw error;
  }
}

/**
 * How long a trace lasts, ns: a pass over it, so that what depends on the duration is known before it is played.
 * @param missing what would make this pass unnecessary
 */
async function durationOf(path: string, missing: string): Promise<number> {
  if (path === "-" || isPipe(path)) {
    throw new InputError(path, 0, 0, `a pipe can be read only once: give ${missing}`);
  }
  return readDuration(path);
}

/** Whether a path names something that is neither a file nor a folder. */
function isPipe(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isFile() && !stat.isDirectory();
}

class TraceRun {
  readonly #recording: Recording;
  readonly #digest = createHash("sha256");
  readonly #check: Check;
  readonly #policy: Policy;
  #replay: TraceReplay | SpanPrediction | undefined;
  #guard: RowGuard | undefined;
  #nextSample = 0;
  #bytesRead = 0;
  #rows = 0;

  constructor(
    readonly options: RunTraceOptions,
    folder: OutputFolder,
    readonly sampleNs: number,
    keyframesNs: readonly number[] | undefined,
  ) {
    this.#policy = options.policy ?? tracePolicy(options.trace, {});
    this.#check = options.spansOnly ? new Check(true) : new ContradictionCheck(this.#policy.name);
    this.#recording = new Recording(folder, undefined, "", keyframesNs);
  }

  async run(): Promise<RunTraceResult> {
    let outOfMemory: string | undefined;
    try {
      await readHeapTrace(this.options.trace, (row) => this.#row(row), this.#countBytes(), ALL_RELEASES);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      outOfMemory = error.message;
    }
    const replay = this.#replay!;
    this.#sampleUpTo(replay.now);
    if (!this.#recording.endsAt(replay.now)) this.#sample(replay.now);
    await this.#write(outOfMemory);
    return {
      out: this.options.out,
      rows: this.#rows,
      samples: this.#recording.rows,
      fingerprint: this.#recording.fingerprint.hex(),
      compared: this.#check.compared,
      mismatches: this.#check.mismatches,
      outOfMemory,
      heap: replay.heap,
    };
  }

  #row(row: TraceRow): void {
    const replay = this.#replay ?? this.#begin(row);
    this.#rows++;
    // A sample is the state after all events up to its time, so it is taken when the first later one comes.
    if (row.t > this.#nextSample) this.#sampleBefore(row);
    this.#guard!.admit(row);
    if (row.op === Op.span || row.op === Op.spanfree)
      this.#recording.census.nowNs = Math.max(row.t, replay.now);
    replay.step(row);
    this.#recording.fingerprint.add(replay.now, row.op, replay.eventPage, replay.eventPages);
  }

  #begin(row: TraceRow): TraceReplay | SpanPrediction {
    const { trace } = this.options;
    const policy = this.#policy;
    if (row.op !== Op.init) throw new InputError(trace, row.line, 1, "the first row of a trace must be init");
    const geometry = initGeometry(trace, row);
    this.#replay = this.options.spansOnly
      ? new SpanPrediction(trace, geometry, policy, this.#check)
      : createReplay(trace, row, geometry, policy, this.#check);
    this.#replay.heap.census = this.#recording.census;
    this.#replay.heap.trackResidency();
    this.#guard = new RowGuard(trace, this.#replay.heap, this.#check, this.options.spansOnly ?? false);
    return this.#replay;
  }

  /** Samples at all due times below that of a row. */
  #sampleBefore(row: TraceRow): void {
    const due = Math.ceil((row.t - this.#nextSample) / this.sampleNs);
    if (this.#recording.rows.length + due > MAX_SAMPLES) {
      throw new InputError(
        this.options.trace,
        row.line,
        1,
        `more than ${MAX_SAMPLES} samples up to here: use a longer --sample interval, or mend the time`,
      );
    }
    for (; this.#nextSample < row.t; this.#nextSample += this.sampleNs) this.#sample(this.#nextSample);
  }

  #sampleUpTo(time: number): void {
    for (; this.#nextSample <= time; this.#nextSample += this.sampleNs) this.#sample(this.#nextSample);
  }

  #sample(time: number): void {
    const replay = this.#replay!;
    const collector = replay instanceof TraceReplay ? replay.collector : NO_COLLECTOR;
    this.#recording.sample(time, replay.heap, collector);
  }

  #countBytes(): (bytes: Uint8Array) => void {
    const total = fileSize(this.options.trace);
    return (bytes) => {
      this.#digest.update(bytes);
      this.#bytesRead += bytes.length;
      if (total > 0) this.options.onProgress?.(Math.min(1, this.#bytesRead / total));
    };
  }

  async #write(outOfMemory: string | undefined): Promise<void> {
    const { options } = this;
    const content = {
      name: options.name,
      scenario: {
        kind: "trace",
        file: options.trace === "-" ? "standard input" : basename(options.trace),
        sha256: this.#digest.digest("hex"),
        rows: this.#rows,
        mode: options.spansOnly ? "spans-only" : "every row",
      },
      policy: this.#policy.name,
      policy_requested: this.#policy.name,
      parameters: { sample_ns: this.sampleNs },
      ...(options.keyframes === undefined ? {} : { keyframes: options.keyframes }),
      result: {
        end: outOfMemory === undefined ? "finished" : "out of memory",
        message: outOfMemory ?? null,
        compared: this.#check.compared,
        mismatches: this.#check.mismatches,
      },
    };
    await this.#recording.finish(this.#replay!.heap, content, null, options.plotter);
  }
}

const NO_COLLECTOR = { heapLiveBytes: Number.NaN, heapGoalBytes: Number.NaN, cycles: Number.NaN };

/** Turns the first mismatch of a replay into an error: the trace and the model contradict each other. */
class ContradictionCheck extends Check {
  constructor(private readonly policy: string) {
    super();
  }

  override differ(
    file: string,
    line: number,
    what: string,
    expected: string,
    got: string,
    around: () => string,
  ): void {
    throw new InputError(
      file,
      line,
      1,
      `${what}: the recording says ${expected}, the ${this.policy} model ${got} (${around()})`,
    );
  }
}

/** The geometry of linux/amd64 with the physical page sizes of a trace's init row. */
export function initGeometry(path: string, row: TraceRow, name = "linux/amd64"): ReturnType<typeof platform> {
  try {
    return platform(name).withPhysicalPages(row.a, row.c);
  } catch (error) {
    if (error instanceof GeometryError) throw new InputError(path, row.line, 1, error.message);
    throw error;
  }
}

function fileSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
