/**
 * Runs a workload on our page allocator, once: set-up untimed, then the timed part in one loop, or in slices with the clock
 * read between them.
 *
 * Results are only stored while the clock runs, and hashed afterwards. The tables for them are kept between runs and are
 * written to before each, as in the driver of the real runtime (bench/go): memory that is touched for the first time
 * while the clock runs would count the system's page faults.
 */

import { Fnv64 } from "../engine/fnv64.js";
import { platform } from "../sim/address/platforms.js";
import { PageAllocator } from "../sim/pages/page-allocator.js";
import { PageCache } from "../sim/pages/page-cache.js";
import { BenchOp, type Workload } from "./workload.js";

/** One measured run. */
export interface Measured {
  readonly name: string;
  readonly timedOps: number;
  readonly nsPerOp: number;
  /** What each slice of the timed part took; a single one when it was not cut. */
  readonly sliceNs: readonly number[];
  /** FNV-1a over the address of every result, as the recordings define it. */
  readonly resultHash: string;
}

const CACHES = 16;

/** What a run writes: where each id was placed, and the first page of every result. */
export class Tables {
  readonly addresses: Float64Array;
  readonly results: Float64Array;

  constructor(workload: Workload) {
    this.addresses = new Float64Array(workload.idCount);
    this.results = new Float64Array(workload.ops.length);
  }
}

/**
 * Measures a workload on a fresh allocator with the geometry of linux/amd64.
 * @param sliceOps how many operations a slice of the timed part has, from 1; Infinity for all of them
 */
export function measure(workload: Workload, tables: Tables, sliceOps: number): Measured {
  const geometry = platform("linux/amd64");
  const pages = new PageAllocator(geometry);
  const caches = Array.from({ length: CACHES }, () => new PageCache());
  const growths = workload.growths.map(({ base, bytes }) => ({
    page: geometry.offOfRaw(base) / geometry.pageBytes,
    npages: bytes / geometry.pageBytes,
  }));
  const count = workload.ops.length;
  let grown = 0;
  const grow = (): void => {
    const { page, npages } = growths[grown++]!;
    pages.grow(page, npages);
  };
  tables.addresses.fill(0);
  tables.results.fill(0);
  runOps(workload, 0, workload.timedFrom, pages, caches, tables, grow);
  const sliceNs: number[] = [];
  for (let from = workload.timedFrom; from < count; from += sliceOps) {
    const start = process.hrtime.bigint();
    runOps(workload, from, Math.min(from + sliceOps, count), pages, caches, tables, grow);
    sliceNs.push(Number(process.hrtime.bigint() - start));
  }
  const timedOps = count - workload.timedFrom;
  return {
    name: workload.name,
    timedOps,
    nsPerOp: sliceNs.reduce((sum, ns) => sum + ns, 0) / timedOps,
    sliceNs,
    resultHash: hashResults(workload, tables.results),
  };
}

function runOps(
  workload: Workload,
  from: number,
  to: number,
  pages: PageAllocator,
  caches: readonly PageCache[],
  { addresses, results }: Tables,
  grow: () => void,
): void {
  const { ops, ids, npages } = workload;
  for (let i = from; i < to; i++) {
    const id = ids[i]!;
    switch (ops[i]) {
      case BenchOp.alloc:
        results[i] = addresses[id] = pages.alloc(npages[i]!);
        break;
      case BenchOp.free:
        pages.free(addresses[id]!, npages[i]!);
        break;
      case BenchOp.calloc:
        results[i] = addresses[id] = caches[workload.caches[i]!]!.alloc(npages[i]!);
        break;
      case BenchOp.tocache: {
        const cache = caches[workload.caches[i]!]!;
        pages.allocToCache(cache);
        results[i] = cache.empty ? -1 : cache.page;
        break;
      }
      case BenchOp.flush:
        pages.flushCache(caches[workload.caches[i]!]!);
        break;
      default:
        grow();
    }
  }
}

function hashResults(workload: Workload, results: Float64Array): string {
  const geometry = platform("linux/amd64");
  const hash = new Fnv64();
  for (let i = 0; i < workload.ops.length; i++) {
    const op = workload.ops[i];
    if (op !== BenchOp.alloc && op !== BenchOp.calloc && op !== BenchOp.tocache) continue;
    const { hi, lo } = geometry.rawHalvesOfPage(results[i]!);
    hash.addUint64(hi, lo);
  }
  return hash.hex();
}
