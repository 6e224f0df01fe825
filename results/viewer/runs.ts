/** The runs of a report, with their heap maps unpacked, and the addresses that these share. */

import { HeapMap } from "../heapmap/heap-map.js";
import { DATA_ELEMENT, type ReportData, type ReportRun } from "../report/report-data.js";

/** A run and its heap map. */
export interface ViewedRun {
  readonly run: ReportRun;
  readonly map: HeapMap | null;
}

/** What the page holds. */
export interface Report {
  readonly data: ReportData;
  readonly runs: readonly ViewedRun[];
  readonly axis: AddressAxis;
}

/**
 * All chunks of all heap maps by address, without the gaps between arenas: a *rank* is a chunk's place among them, so that
 * the same rank is the same address in every map.
 */
export class AddressAxis {
  /** Chunk index by rank, ascending. */
  readonly chunks: Int32Array;
  private readonly ranks = new Map<number, number>();

  constructor(maps: readonly HeapMap[]) {
    const all = new Set<number>();
    for (const map of maps) for (const chunk of map.chunks) all.add(chunk);
    this.chunks = Int32Array.from(all).sort();
    this.chunks.forEach((chunk, rank) => {
      this.ranks.set(chunk, rank);
    });
  }

  get length(): number {
    return this.chunks.length;
  }

  /** The rank of a chunk, or of the next one that there is. */
  rankOf(chunk: number): number {
    const known = this.ranks.get(chunk);
    if (known !== undefined) return known;
    const above = this.chunks.findIndex((one) => one > chunk);
    return above < 0 ? this.length : above;
  }

  /** The rank of each chunk of a map, by ordinal. */
  ranksOf(map: HeapMap): Int32Array {
    return Int32Array.from(map.chunks, (chunk) => this.ranks.get(chunk)!);
  }
}

/** Reads the page's data. */
export async function loadReport(): Promise<Report> {
  const data = JSON.parse(textOf(DATA_ELEMENT)) as ReportData;
  const runs = await Promise.all(data.runs.map(async (run) => ({ run, map: await loadMap(run) })));
  const maps = runs.flatMap(({ map }) => (map === null ? [] : [map]));
  return { data, runs, axis: new AddressAxis(maps) };
}

async function loadMap({ heapMap }: ReportRun): Promise<HeapMap | null> {
  if (heapMap === null) return null;
  const packed = bytesOfBase64(textOf(heapMap.element));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const body = new Uint8Array(await new Response(stream).arrayBuffer());
  return new HeapMap(heapMap.header, body);
}

function textOf(id: string): string {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the report is damaged: there is no element ${id}`);
  return element.textContent ?? "";
}

function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
