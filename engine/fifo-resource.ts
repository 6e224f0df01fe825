/**
 * A resource that serves one client at a time, in the order in which they come: a lock, a disk, a clerk.
 *
 *     client 0   ▓▓▓hold▓▓▓          ░wait░▓▓▓hold▓▓▓
 *     client 1        ░░░░░wait░░░░░▓▓▓▓hold▓▓▓▓             ──► time
 *     resource   ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓
 *
 * A client is a thread: it does one thing after the other. What it asks for at a time while it still waits for, or holds, the
 * resource, it comes for only when it is through with that; so a client never waits for itself. Who comes first is served
 * first; of two who come at once, the one that asked first.
 *
 * It is a book beside a simulation and no part of it: requests are noted as the simulation makes them, in order of time, and
 * served when the clock has passed them. What a request would have waited is found out, and nobody is delayed by it.
 *
 *     request(client, atNs, …) ──► the client's own queue ──► heap of those who have come, by time ──► served
 *
 * Invariant: of each client's requests only the first is in the heap, with the time at which it comes.
 */

import { grownInto } from "./typed-arrays.js";

/** Told of each request as it is served: its kind, and ns that it waited and held the resource. */
export type Served = (kind: number, waitNs: number, holdNs: number) => void;

/** Fields of a request in a client's queue. */
const AT = 0;
const LEAD = 1;
const HOLD = 2;
const KIND = 3;
const ORDER = 4;
const FIELDS = 5;

/** Requests of one client that were not served yet, oldest first: a ring. */
class Queue {
  first = 0;
  length = 0;
  ring = new Float64Array(8 * FIELDS);

  field(field: number): number {
    return this.ring[this.first * FIELDS + field]!;
  }

  push(atNs: number, leadNs: number, holdNs: number, kind: number, order: number): void {
    const capacity = this.ring.length / FIELDS;
    if (this.length === capacity) this.grow(capacity);
    const places = this.ring.length / FIELDS;
    const at = ((this.first + this.length) % places) * FIELDS;
    this.ring[at + AT] = atNs;
    this.ring[at + LEAD] = leadNs;
    this.ring[at + HOLD] = holdNs;
    this.ring[at + KIND] = kind;
    this.ring[at + ORDER] = order;
    this.length++;
  }

  shift(): void {
    this.first = (this.first + 1) % (this.ring.length / FIELDS);
    this.length--;
  }

  private grow(capacity: number): void {
    const ring = new Float64Array(2 * capacity * FIELDS);
    const head = this.ring.subarray(this.first * FIELDS);
    ring.set(head);
    ring.set(this.ring.subarray(0, this.first * FIELDS), head.length);
    this.ring = ring;
    this.first = 0;
  }
}

export class FifoResource {
  /** When the resource is free again, as far as requests were served, ns. */
  freeNs = 0;
  /** Requests that were served, and how long they waited and held the resource, ns. */
  served = 0;
  waitedNs = 0;
  heldNs = 0;

  private readonly queues: Queue[] = [];
  /** By client: when it was through with its last request, ns. */
  private doneNs = new Float64Array(8);
  /** By client: when the first of its queue comes, ns. */
  private comesNs = new Float64Array(8);
  /** Clients whose first request waits to be served: a binary heap by (comesNs, order). */
  private readonly heap: number[] = [];
  private requests = 0;

  /** @param onServed see Served */
  constructor(private readonly onServed: Served) {}

  /**
   * Notes a request.
   * @param client a whole number from 0
   * @param atNs when it is made: no less than at the request before, of whichever client
   * @param leadNs what the client does between its last request and this one, at least
   * @param holdNs how long it holds the resource
   * @param kind a number for onServed
   */
  request(client: number, atNs: number, leadNs: number, holdNs: number, kind: number): void {
    while (this.queues.length <= client) this.addClient();
    const queue = this.queues[client]!;
    queue.push(atNs, leadNs, holdNs, kind, this.requests++);
    if (queue.length === 1) this.come(client);
  }

  /** Serves all who have come by a time; whatever is asked for later than that comes later. */
  advance(nowNs: number): void {
    const { heap } = this;
    while (heap.length > 0 && this.comesNs[heap[0]!]! <= nowNs) this.serve(heap[0]!);
  }

  /** How far the books of the client that is furthest behind are behind a time, ns: large when more is asked than can be. */
  lagNs(nowNs: number): number {
    let least = nowNs;
    for (let c = 0; c < this.queues.length; c++) {
      const queue = this.queues[c]!;
      if (queue.length > 0) least = Math.min(least, queue.field(AT));
    }
    return nowNs - least;
  }

  private serve(client: number): void {
    const queue = this.queues[client]!;
    const comes = this.comesNs[client]!;
    const hold = queue.field(HOLD);
    const starts = Math.max(comes, this.freeNs);
    this.freeNs = starts + hold;
    this.doneNs[client] = this.freeNs;
    this.served++;
    this.waitedNs += starts - comes;
    this.heldNs += hold;
    this.onServed(queue.field(KIND), starts - comes, hold);
    queue.shift();
    this.leave();
    if (queue.length > 0) this.come(client);
  }

  /** The first request of a client's queue comes: when it is made, or when the client is through with what was before. */
  private come(client: number): void {
    const queue = this.queues[client]!;
    this.comesNs[client] = Math.max(queue.field(AT), this.doneNs[client]! + queue.field(LEAD));
    const { heap } = this;
    let i = heap.push(client) - 1;
    for (let up = (i - 1) >> 1; i > 0 && this.before(client, heap[up]!); up = (i - 1) >> 1) {
      heap[i] = heap[up]!;
      i = up;
    }
    heap[i] = client;
  }

  /** Takes the first out of the heap. */
  private leave(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.before(heap[child + 1]!, heap[child]!)) child++;
      if (!this.before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }

  private before(a: number, b: number): boolean {
    const difference = this.comesNs[a]! - this.comesNs[b]!;
    if (difference !== 0) return difference < 0;
    return this.queues[a]!.field(ORDER) < this.queues[b]!.field(ORDER);
  }

  private addClient(): void {
    const client = this.queues.push(new Queue()) - 1;
    if (client < this.doneNs.length) return;
    this.doneNs = grownInto(this.doneNs, new Float64Array(2 * client));
    this.comesNs = grownInto(this.comesNs, new Float64Array(2 * client));
  }
}
