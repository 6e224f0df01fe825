/**
 * What every run leaves behind: samples, and from them the time series, the summary and the manifest.
 *
 *     sample(t) ──► timeseries.csv        finish() ──► summary.json ──► manifest.json, with the digests of both
 */

import { Fingerprint } from "../engine/fingerprint.js";
import { COLUMN } from "../results/columns.js";
import { HEAP_MAP_FILE } from "../results/heapmap/format.js";
import { HeapMapRecorder } from "../results/heapmap/recorder.js";
import { type ManifestContent, manifest } from "../results/manifest.js";
import type { OutputFolder } from "../results/output-folder.js";
import { type CollectorSample, Sampler, type SystemSample } from "../results/sampler.js";
import { Summary } from "../results/summary.js";
import { lockSummary, regretSummary } from "../results/system-summary.js";
import { TimeSeriesWriter } from "../results/timeseries.js";
import type { Geometry } from "../sim/address/geometry.js";
import type { Heap } from "../sim/heap/heap.js";
import type { HeapLock } from "../sim/runtime/heap-lock.js";

/** More samples than this are refused: they are kept in memory for the summary, about 400 bytes each. */
export const MAX_SAMPLES = 1_000_000;
/** Samples of a run when no interval is given. */
export const DEFAULT_SAMPLES = 1000;

export class Recording {
  private readonly summary = new Summary();
  private readonly sampler = new Sampler();
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
    return row;
  }

  /** Whether the last sample was at a time. */
  endsAt(timeNs: number): boolean {
    return this.rows.at(-1)?.[COLUMN.time_ns] === timeNs;
  }

  /**
   * Completes the files.
   * @param lock the book of the heap lock, null when there is none
   * @returns sha256 of all files by name, for a manifest above this one
   */
  finish(
    heap: Heap,
    content: Omit<ManifestContent, "platform" | "fingerprint" | "files">,
    lock: HeapLock | null = null,
  ): ReadonlyMap<string, string> {
    this.series.flush();
    this.digests.set("timeseries.csv", this.series.file.close());
    if (this.heapMap !== undefined) this.write(HEAP_MAP_FILE, this.heapMap.finish(heap));
    const { regret, geometry } = heap;
    const more = {
      ...(regret === null ? {} : { regret: regretSummary(regret, geometry.pageBytes) }),
      ...(lock === null ? {} : { lock: lockSummary(lock) }),
    };
    this.write("summary.json", `${JSON.stringify(this.summary.toJson(heap.statistics, more), null, 2)}\n`);
    const { name, scenario, policy, parameters, result } = content;
    const text = manifest({
      name,
      scenario,
      policy,
      platform: platformOf(heap.geometry),
      parameters,
      result,
      fingerprint: this.fingerprint.hex(),
      files: new Map(this.digests),
    });
    this.write("manifest.json", text);
    return new Map([...this.digests].map(([file, digest]) => [`${this.prefix}${file}`, digest]));
  }

  private write(name: string, text: string | Uint8Array): void {
    this.digests.set(name, this.folder.write(`${this.prefix}${name}`, text));
  }
}

function platformOf({ name, physPageBytes, physHugePageBytes }: Geometry): ManifestContent["platform"] {
  return { name, phys_page_bytes: physPageBytes, phys_huge_page_bytes: physHugePageBytes };
}
