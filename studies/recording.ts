/**
 * What every run leaves behind: samples, and from them the time series, the summary, histograms and the manifest.
 *
 *     sample(t) ──► timeseries.csv        finish() ──► summary.json, histograms.json ──► plots ──► manifest.json,
 *                                                                                    with the digests of all others
 */

import { Fingerprint } from "../engine/fingerprint.js";
import { COLUMN } from "../results/columns.js";
import { HEAP_MAP_FILE } from "../results/heapmap/format.js";
import { parseHeapMap } from "../results/heapmap/read.js";
import { HeapMapRecorder } from "../results/heapmap/recorder.js";
import { HistogramRecorder, histogramsText } from "../results/histograms.js";
import { type ManifestContent, manifest, platformOf } from "../results/manifest.js";
import type { OutputFolder } from "../results/output-folder.js";
import { columnsOf, describeRun, type FinishedRun } from "../results/run-folder.js";
import { type CollectorSample, Sampler, type SystemSample } from "../results/sampler.js";
import { Summary } from "../results/summary.js";
import { lockSummary, regretSummary } from "../results/system-summary.js";
import { TimeSeriesWriter } from "../results/timeseries.js";
import type { Heap } from "../sim/heap/heap.js";
import type { SpanCensus } from "../sim/heap/span-census.js";
import type { HeapLock } from "../sim/runtime/heap-lock.js";

/** More samples than this are refused: they are kept in memory for the summary, about 400 bytes each. */
export const MAX_SAMPLES = 1_000_000;
/** Samples of a run when no interval is given. */
export const DEFAULT_SAMPLES = 1000;

/** Draws the plots of a run that has just ended: names and texts of files. */
export type Plotter = (run: FinishedRun) => Promise<ReadonlyMap<string, string>>;

export class Recording {
  private readonly summary = new Summary();
  private readonly sampler = new Sampler();
  private readonly histograms = new HistogramRecorder();
  private readonly series: TimeSeriesWriter;
  private readonly digests = new Map<string, string>();
  private readonly heapMap: HeapMapRecorder | undefined;

  /**
   * @param folder where the files go
   * @param fingerprint of the run
   * @param prefix of their names, such as `rep-0001/`
   * @param keyframesNs times of the keyframes of a heap map, ns; undefined for no heap map
   */
  constructor(
    private readonly folder: OutputFolder,
    readonly fingerprint = new Fingerprint(),
    private readonly prefix = "",
    keyframesNs?: readonly number[],
  ) {
    if (keyframesNs !== undefined) this.heapMap = new HeapMapRecorder(keyframesNs);
    this.series = new TimeSeriesWriter(folder.create(`${prefix}timeseries.csv`));
  }

  /** Counts spans; the heap of the run needs it from the beginning, and it must be told the time. */
  get census(): SpanCensus {
    return this.histograms.census;
  }

  /** The samples so far. */
  get rows(): readonly Float64Array[] {
    return this.summary.rows;
  }

  /** Takes a sample. @returns its row */
  sample(timeNs: number, heap: Heap, collector: CollectorSample, system?: SystemSample): Float64Array {
    const row = this.sampler.sample(timeNs, heap, collector, system);
    this.series.add(row);
    this.summary.add(row);
    this.heapMap?.sample(timeNs, heap);
    this.histograms.sample(timeNs, heap, row[COLUMN.free_runs]!);
    return row;
  }

  /** Whether the last sample was at a time. */
  endsAt(timeNs: number): boolean {
    return this.rows.at(-1)?.[COLUMN.time_ns] === timeNs;
  }

  /**
   * Completes the files.
   * @param plotter draws pictures into the folder `plots`, if they are wanted
   * @param lock the book of the heap lock, null when there is none
   * @returns sha256 of all files by name, for a manifest above this one
   */
  async finish(
    heap: Heap,
    content: Omit<ManifestContent, "platform" | "fingerprint" | "files">,
    lock: HeapLock | null = null,
    plotter?: Plotter,
  ): Promise<ReadonlyMap<string, string>> {
    this.series.flush();
    this.digests.set("timeseries.csv", this.series.file.close());
    const mapped = this.heapMap?.finish(heap);
    if (mapped !== undefined) this.write(HEAP_MAP_FILE, mapped);
    const { regret, geometry } = heap;
    const more = {
      ...(regret === null ? {} : { regret: regretSummary(regret, geometry.pageBytes) }),
      ...(lock === null ? {} : { lock: lockSummary(lock) }),
    };
    this.write("summary.json", `${JSON.stringify(this.summary.toJson(heap.statistics, more), null, 2)}\n`);
    const histograms = this.histograms.finish(this.summary.last[COLUMN.time_ns]!, heap);
    this.write("histograms.json", histogramsText(histograms));
    const { name, scenario, policy, policy_requested, parameters, set, keyframes, result } = content;
    const told = {
      name,
      scenario,
      policy,
      policy_requested,
      platform: platformOf(heap.geometry),
      parameters,
      ...(set === undefined || set.length === 0 ? {} : { set }),
      ...(keyframes === undefined ? {} : { keyframes }),
      result,
      fingerprint: this.fingerprint.hex(),
    };
    if (plotter !== undefined) {
      const run = {
        ...describeRun(this.prefix, told),
        columns: columnsOf(this.rows),
        histograms,
        heapMap: mapped === undefined ? null : () => parseHeapMap(HEAP_MAP_FILE, mapped),
      };
      for (const [file, text] of await plotter(run)) this.write(`plots/${file}`, text);
    }
    this.write("manifest.json", manifest({ ...told, files: new Map(this.digests) }));
    return new Map([...this.digests].map(([file, digest]) => [`${this.prefix}${file}`, digest]));
  }

  private write(name: string, text: string | Uint8Array): void {
    this.digests.set(name, this.folder.write(`${this.prefix}${name}`, text));
  }
}
