/**
 * `buffers`: big slices that grow by copying. At each growth a larger one is made, and the smaller one is dead when it has
 * been copied; at its last size a buffer lives for its lifetime, and may then wait in a pool for another use.
 *
 *     8K ─┐ 16K ──┐ 32K ────┐ 64K ───────────── lifetime ─► pool, or dead
 *      step  copy   step
 *
 * Invariants: a growing buffer has a row; `free` lists the rows that are not in use; the pool is sorted by size.
 */

import type { WholeDraws } from "../../engine/distributions.js";
import type { RandomStream } from "../../engine/random-streams.js";
import { Priority, TIME_MAX_NS } from "../../engine/simulation.js";
import type { BuffersSpec, WorkloadSpec } from "../scenario.js";
import { type Leak, NO_LEAK } from "./leaks.js";
import { isNoscan, MAX_OBJECT_BYTES } from "./objects.js";
import { deathAfter, NEVER, type Stage } from "./stage.js";
import { ArrivingWorkload } from "./workload.js";

/** The smallest buffer: below 16 bytes, objects share blocks and cannot die by themselves. */
const MIN_BYTES = 16;

/** A buffer at work. */
interface Buffer {
  bytes: number;
  toBytes: number;
  noscan: boolean;
  /** When it dies though it would live on: the end of the window, or NEVER. */
  dropNs: number;
  /** At its last size: what to kill, or −1 when its death was known from the start. */
  handle: number;
}

interface Pooled {
  readonly bytes: number;
  readonly handle: number;
}

export class BuffersWorkload extends ArrivingWorkload {
  private readonly spec: BuffersSpec;
  private readonly from: WholeDraws;
  private readonly to: WholeDraws;
  private readonly step: WholeDraws;
  private readonly copy: WholeDraws;
  private readonly lifetime: WholeDraws;
  private readonly survivorBytes: WholeDraws | null;
  private readonly survivorLifetime: WholeDraws | null;
  private readonly noscans: RandomStream;
  private readonly growKind: number;
  private readonly endKind: number;
  private readonly rows: Buffer[] = [];
  private readonly free: number[] = [];
  private readonly pool: Pooled[] = [];

  constructor(stage: Stage, workload: WorkloadSpec, leaks: readonly Leak[], spec: BuffersSpec) {
    super(stage, workload, leaks, spec);
    const { name } = workload;
    const { survivor } = spec;
    this.spec = spec;
    this.from = stage.draws(spec.fromBytes, name, "from", MIN_BYTES, MAX_OBJECT_BYTES);
    this.to = stage.draws(spec.toBytes, name, "to", MIN_BYTES, MAX_OBJECT_BYTES);
    this.step = stage.draws(spec.stepNs, name, "step");
    this.copy = stage.draws(spec.copyNs, name, "copy");
    this.lifetime = stage.draws(spec.lifetime, name, "lifetime");
    this.survivorBytes = survivor && stage.draws(survivor.bytes, name, "survivor/size", 1, MAX_OBJECT_BYTES);
    this.survivorLifetime = survivor && stage.draws(survivor.lifetime, name, "survivor/lifetime");
    this.noscans = stage.stream(name, "noscan");
    this.growKind = stage.sim.handler(`workload ${name}: buffer grows`, Priority.allocate, (row) => {
      this.demands.works(this.worker);
      this.grow(row);
    });
    this.endKind = stage.sim.handler(`workload ${name}: buffer is done`, Priority.free, (row) =>
      this.done(row),
    );
  }

  protected make(count: number): number {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const toBytes = this.to.next();
      const fromBytes = Math.min(toBytes, this.from.next());
      sum += toBytes;
      const buffer: Buffer = {
        bytes: fromBytes,
        toBytes,
        noscan: isNoscan(this.spec.noscan, this.noscans),
        dropNs: this.isDropped() ? this.windows.stopNs : NEVER,
        handle: -1,
      };
      const row = this.newRow(buffer);
      const pooled = this.takePooled(toBytes);
      if (pooled !== undefined) this.settle(row, pooled);
      else this.makeStage(row);
    }
    return sum;
  }

  /** Makes a buffer at its current size, and plans what comes next. */
  private makeStage(row: number): void {
    const buffer = this.rows[row]!;
    if (buffer.bytes >= buffer.toBytes) return this.settle(row, undefined);
    const growNs = this.sim.nowNs + this.step.next();
    const death = Math.min(growNs + this.copy.next(), buffer.dropNs);
    this.allocate(buffer, death < TIME_MAX_NS ? death : NEVER);
    if (growNs < buffer.dropNs && growNs < TIME_MAX_NS) this.sim.schedule(growNs, this.growKind, row);
    else this.free.push(row);
  }

  private grow(row: number): void {
    const buffer = this.rows[row]!;
    buffer.bytes = Math.min(
      buffer.toBytes,
      Math.max(buffer.bytes + 1, Math.ceil(buffer.bytes * this.spec.factor)),
    );
    if (this.survivorBytes !== null) {
      const death = this.sim.nowNs + this.survivorLifetime!.next();
      this.demands.object(
        this.nextProc(),
        this.survivorBytes.next(),
        true,
        death < TIME_MAX_NS ? death : NEVER,
      );
    }
    this.makeStage(row);
  }

  /** The buffer has its last size: it is made now, unless it comes out of the pool, and lives for its lifetime. */
  private settle(row: number, pooled: Pooled | undefined): void {
    const buffer = this.rows[row]!;
    const death = this.deathOfLast(buffer);
    if (this.spec.poolBuffers === 0) {
      this.allocate(buffer, death);
      this.free.push(row);
      return;
    }
    buffer.bytes = pooled?.bytes ?? buffer.bytes;
    buffer.handle = pooled?.handle ?? this.allocate(buffer, NEVER);
    if (death !== NEVER) this.sim.schedule(Math.max(death, this.sim.nowNs), this.endKind, row);
  }

  /** A buffer has lived for its lifetime: into the pool with it, if there is room, unless the window's end drops it. */
  private done(row: number): void {
    const { bytes, handle, dropNs } = this.rows[row]!;
    this.free.push(row);
    if (this.pool.length >= this.spec.poolBuffers || dropNs <= this.sim.nowNs) {
      this.demands.kill(handle);
      return;
    }
    let i = this.pool.length;
    while (i > 0 && this.pool[i - 1]!.bytes > bytes) i--;
    this.pool.splice(i, 0, { bytes, handle });
  }

  /** The smallest pooled buffer of at least so many bytes. */
  private takePooled(bytes: number): Pooled | undefined {
    let low = 0;
    for (let high = this.pool.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.pool[middle]!.bytes < bytes) low = middle + 1;
      else high = middle;
    }
    return low < this.pool.length ? this.pool.splice(low, 1)[0] : undefined;
  }

  private deathOfLast({ dropNs }: Buffer): number {
    const death = deathAfter(this.sim.nowNs, this.lifetime.next());
    const leaked = this.leakedDeathNs();
    return leaked === NO_LEAK ? Math.min(death, dropNs) : leaked;
  }

  private allocate(buffer: Buffer, deathNs: number): number {
    return this.demands.object(this.nextProc(), buffer.bytes, buffer.noscan, deathNs);
  }

  private newRow(buffer: Buffer): number {
    const row = this.free.pop() ?? this.rows.length;
    this.rows[row] = buffer;
    return row;
  }
}
