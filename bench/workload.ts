/**
 * Benchmark workloads: pure operations without results, as flat arrays.
 *
 * The text format is that of the recorded workloads (docs/file-formats.md): `grow`, `fill`, `alloc`, `free`, `tocache`,
 * `calloc`, `flush`, and `begin`, which parts the untimed set-up from what is timed. A `fill` is spread into single
 * allocations here, and a free gets its page count, so that the measured loop does nothing but call the allocator.
 */

import { grownInto } from "../engine/typed-arrays.js";
import { Fields, NameTable } from "../scenarios/trace/fields.js";
import { readLines } from "../scenarios/trace/lines.js";

export const BenchOp = { grow: 0, alloc: 1, free: 2, tocache: 3, calloc: 4, flush: 5 } as const;

const NAMES = ["grow", "alloc", "free", "tocache", "calloc", "flush", "fill", "begin"] as const;
const FILL = 6;
const BEGIN = 7;
const TABLE = new NameTable(NAMES);

/** Operations as columns: what (BenchOp), which id or cache, how many pages, and for calloc from which cache. */
export interface Workload {
  readonly name: string;
  readonly ops: Uint8Array;
  readonly ids: Int32Array;
  readonly npages: Int32Array;
  readonly caches: Uint8Array;
  /** Base address and size in bytes of each grow, in order. */
  readonly growths: readonly { readonly base: number; readonly bytes: number }[];
  /** Index of the first timed operation. */
  readonly timedFrom: number;
  /** Ids are below this. */
  readonly idCount: number;
}

/** Collects operations in growing arrays. */
export class WorkloadBuilder {
  #ops = new Uint8Array(1024);
  #ids = new Int32Array(1024);
  #npages = new Int32Array(1024);
  #caches = new Uint8Array(1024);
  #count = 0;
  #sizes: number[] = [];
  #growths: { base: number; bytes: number }[] = [];
  #timedFrom = 0;

  grow(base: number, bytes: number): void {
    this.#growths.push({ base, bytes });
    this.#push(BenchOp.grow, 0, 0, 0);
  }

  alloc(id: number, npages: number): void {
    this.#sizes[id] = npages;
    this.#push(BenchOp.alloc, id, npages, 0);
  }

  free(id: number): void {
    const npages = this.#sizes[id];
    if (npages === undefined) throw new Error(`free of id ${id}, which was never allocated`);
    this.#push(BenchOp.free, id, npages, 0);
  }

  toCache(cache: number): void {
    this.#push(BenchOp.tocache, 0, 0, cache);
  }

  cacheAlloc(id: number, cache: number, npages: number): void {
    this.#sizes[id] = npages;
    this.#push(BenchOp.calloc, id, npages, cache);
  }

  flush(cache: number): void {
    this.#push(BenchOp.flush, 0, 0, cache);
  }

  /** What follows is timed. */
  begin(): void {
    this.#timedFrom = this.#count;
  }

  build(name: string): Workload {
    const n = this.#count;
    return {
      name,
      ops: this.#ops.slice(0, n),
      ids: this.#ids.slice(0, n),
      npages: this.#npages.slice(0, n),
      caches: this.#caches.slice(0, n),
      growths: this.#growths,
      timedFrom: this.#timedFrom,
      idCount: this.#sizes.length,
    };
  }

  #push(op: number, id: number, npages: number, cache: number): void {
    if (this.#count === this.#ops.length) this.#double();
    const i = this.#count++;
    this.#ops[i] = op;
    this.#ids[i] = id;
    this.#npages[i] = npages;
    this.#caches[i] = cache;
  }

  #double(): void {
    const size = 2 * this.#ops.length;
    this.#ops = grownInto(this.#ops, new Uint8Array(size));
    this.#ids = grownInto(this.#ids, new Int32Array(size));
    this.#npages = grownInto(this.#npages, new Int32Array(size));
    this.#caches = grownInto(this.#caches, new Uint8Array(size));
  }
}

/**
 * Reads a workload file, gzipped or plain; its name is the file's without folder and endings.
 * @throws InputError with line and column for what is not an operation
 */
export async function readWorkload(path: string): Promise<Workload> {
  const fields = new Fields(path);
  const builder = new WorkloadBuilder();
  await readLines(path, (bytes, from, to, line) => {
    fields.begin(bytes, from, to, line);
    readOp(fields, builder);
  });
  const name = (path.split(/[\\/]/).pop() ?? path).replace(/\.csv(\.gz)?$/, "");
  return builder.build(name);
}

function readOp(fields: Fields, builder: WorkloadBuilder): void {
  const op = fields.name(TABLE);
  switch (op) {
    case BenchOp.grow: {
      const base = fields.prefixedHex();
      builder.grow(base, fields.decimal());
      return;
    }
    case BenchOp.alloc: {
      const id = fields.decimal();
      return builder.alloc(id, fields.decimal());
    }
    case BenchOp.free:
      return builder.free(fields.decimal());
    case BenchOp.tocache:
      return builder.toCache(fields.decimal());
    case BenchOp.calloc: {
      const id = fields.decimal();
      const cache = fields.decimal();
      return builder.cacheAlloc(id, cache, fields.decimal());
    }
    case BenchOp.flush:
      return builder.flush(fields.decimal());
    case FILL: {
      const first = fields.decimal();
      const count = fields.decimal();
      const npages = fields.decimal();
      for (let i = 0; i < count; i++) builder.alloc(first + i, npages);
      return;
    }
    case BEGIN:
      return builder.begin();
    default:
      fields.fail(`expected one of ${NAMES.join(", ")}`);
  }
}
