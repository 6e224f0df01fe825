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

/**
 * A workload as the measured loop reads it, and what that writes.
 *
 * An operation is two words side by side, so that the loop reads one stream: what is to be done, with which cache and how
 * many pages (3, 8 and 21 bits), and the id. Results stand one after the other. Both are as narrow as in the driver of the
 * real runtime, or narrower: what the loop itself reads and writes takes room in the processor's caches from the allocator.
 */
export class Tables {
  readonly program: Int32Array;
  /** Where each id was placed. */
  readonly addresses: Float64Array;
  /** The first page of every result. */
  readonly results: Float64Array;
  /** How many results were written. */
  resultCount = 0;

  constructor(workload: Workload) {
    const { ops, ids, npages, caches } = workload;
    this.program = new Int32Array(2 * ops.length);
    let results = 0;
    for (let i = 0; i < ops.length; i++) {
      const op = ops[i]!;
      if (npages[i]! >= 2 ** 21)
        throw new Error(`operation ${i} is about ${npages[i]} pages: expected less than 2^21`);
      this.program[2 * i] = op | (caches[i]! << 3) | (npages[i]! << 11);
      this.program[2 * i + 1] = ids[i]!;
      if (op === BenchOp.alloc || op === BenchOp.calloc || op === BenchOp.tocache) results++;
    }
    this.addresses = new Float64Array(workload.idCount);
    this.results = new Float64Array(results);
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
  tables.resultCount = 0;
  runOps(tables, 0, workload.timedFrom, pages, caches, grow);
  const sliceNs: number[] = [];
  for (let from = workload.timedFrom; from < count; from += sliceOps) {
    const start = process.hrtime.bigint();
    runOps(tables, from, Math.min(from + sliceOps, count), pages, caches, grow);
    sliceNs.push(Number(process.hrtime.bigint() - start));
  }
  const timedOps = count - workload.timedFrom;
  return {
    name: workload.name,
    timedOps,
    nsPerOp: sliceNs.reduce((sum, ns) => sum + ns, 0) / timedOps,
    sliceNs,
    resultHash: hashResults(tables.results),
  };
}

/** Carries out operations [from, to). */
function runOps(
  tables: Tables,
  from: number,
  to: number,
  pages: PageAllocator,
  caches: readonly PageCache[],
  grow: () => void,
): void {
  const { program, addresses, results } = tables;
  let next = tables.resultCount;
  for (let i = 2 * from; i < 2 * to; i += 2) {
    const what = program[i]!;
    const id = program[i | 1]!;
    const npages = what >>> 11;
    switch (what & 7) {
      case BenchOp.alloc:
        results[next++] = addresses[id] = pages.alloc(npages);
        break;
      case BenchOp.free:
        pages.free(addresses[id]!, npages);
        break;
      case BenchOp.calloc:
        results[next++] = addresses[id] = caches[(what >>> 3) & 0xff]!.alloc(npages);
        break;
      case BenchOp.tocache: {
        const cache = caches[(what >>> 3) & 0xff]!;
        pages.allocToCache(cache);
        results[next++] = cache.empty ? -1 : cache.page;
        break;
      }
      case BenchOp.flush:
        pages.flushCache(caches[(what >>> 3) & 0xff]!);
        break;
      default:
        grow();
    }
  }
  tables.resultCount = next;
}

function hashResults(results: Float64Array): string {
  const geometry = platform("linux/amd64");
  const hash = new Fnv64();
  for (const page of results) {
    const { hi, lo } = geometry.rawHalvesOfPage(page);
    hash.addUint64(hi, lo);
  }
  return hash.hex();
}
