import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { FifoResource } from "../../engine/fifo-resource.js";

vi.setConfig({ testTimeout: 120_000 });
const SEED = Number(process.env.FC_SEED ?? 118);

interface Request {
  readonly client: number;
  readonly at: number;
  readonly lead: number;
  readonly hold: number;
}

/** Kind, wait and hold of each request as it is served. */
type Log = [kind: number, wait: number, hold: number][];

/** ns by ns: threads that do what is on their lists, and a queue before one door. */
function tickByTick(requests: readonly Request[], until: number): Log {
  interface Thread {
    readonly todo: number[];
    doneAt: number;
    queuing: boolean;
  }
  const threads = new Map<number, Thread>();
  const queue: { thread: Thread; request: number; came: number }[] = [];
  const log: Log = [];
  let next = 0;
  let busyUntil = 0;
  let serving: Thread | null = null;
  for (let now = 0; now <= until; now++) {
    while (next < requests.length && requests[next]!.at === now) {
      const { client } = requests[next]!;
      if (!threads.has(client)) threads.set(client, { todo: [], doneAt: 0, queuing: false });
      threads.get(client)!.todo.push(next++);
    }
    // Several things may happen in one ns, as long as each lasts a ns at least.
    if (serving !== null && busyUntil === now) {
      serving.doneAt = now;
      serving.queuing = false;
      serving.todo.shift();
      serving = null;
    }
    const coming: { thread: Thread; request: number }[] = [];
    for (const thread of threads.values()) {
      const request = thread.todo[0];
      if (request === undefined || thread.queuing) continue;
      if (thread.doneAt + requests[request]!.lead <= now) coming.push({ thread, request });
    }
    coming.sort((a, b) => a.request - b.request);
    for (const { thread, request } of coming) {
      thread.queuing = true;
      queue.push({ thread, request, came: now });
    }
    if (serving === null && queue.length > 0) {
      const { thread, request, came } = queue.shift()!;
      log.push([request, now - came, requests[request]!.hold]);
      serving = thread;
      busyUntil = now + requests[request]!.hold;
    }
  }
  return log;
}

describe("a resource that serves one after the other", () => {
  it("lets nobody wait who is alone, not even for himself", () => {
    const log: Log = [];
    const resource = new FifoResource((...entry) => log.push(entry));
    for (let i = 0; i < 20; i++) resource.request(3, 100, 0, 7, i);
    resource.advance(1000);
    expect(log).toEqual(Array.from({ length: 20 }, (_, i) => [i, 0, 7]));
    expect([resource.served, resource.waitedNs, resource.heldNs, resource.freeNs]).toEqual([20, 0, 140, 240]);
  });

  it("serves whoever comes first, and of those who come at once the one that asked first", () => {
    const log: Log = [];
    const resource = new FifoResource((...entry) => log.push(entry));
    resource.request(1, 10, 0, 5, 0);
    resource.request(0, 10, 0, 5, 1);
    resource.request(1, 10, 20, 5, 2);
    resource.request(0, 12, 0, 5, 3);
    resource.advance(30);
    // Client 1 does something for 20 ns before it comes again, at 35; client 0 comes again at 20.
    expect(log).toEqual([
      [0, 0, 5],
      [1, 5, 5],
      [3, 0, 5],
    ]);
    expect(resource.lagNs(30)).toBe(20);
    resource.advance(35);
    expect(log[3]).toEqual([2, 0, 5]);
    expect(resource.lagNs(35)).toBe(0);
  });

  it("keeps the requests of a client in order when there are more of them than there was room for", () => {
    const log: Log = [];
    const resource = new FifoResource((...entry) => log.push(entry));
    for (let i = 0; i < 6; i++) resource.request(0, 0, 0, 10, i);
    resource.advance(25);
    expect(log.length).toBe(3);
    for (let i = 6; i < 40; i++) resource.request(0, 25, 0, 10 + i, i);
    resource.advance(10_000);
    expect(log).toEqual(Array.from({ length: 40 }, (_, i) => [i, 0, i < 6 ? 10 : 10 + i]));
  });

  it("is that of a clock that ticks", () => {
    const request = fc.record({
      client: fc.constantFrom(0, 0, 0, 0, 0, 1, 1, 2, 5),
      after: fc.constantFrom(0, 0, 0, 1, 3, 20),
      lead: fc.constantFrom(0, 0, 4),
      hold: fc.integer({ min: 1, max: 9 }),
    });
    let waits = 0;
    fc.assert(
      fc.property(fc.array(request, { maxLength: 90 }), fc.boolean(), (steps, often) => {
        let at = 0;
        const requests = steps.map(({ after, ...rest }) => {
          at += after;
          return { ...rest, at };
        });
        const log: Log = [];
        const resource = new FifoResource((...entry) => log.push(entry));
        requests.forEach(({ client, lead, hold, at: now }, i) => {
          if (often) resource.advance(now);
          resource.request(client, now, lead, hold, i);
        });
        const end = at + 90 * 14;
        resource.advance(end);
        expect(log).toEqual(tickByTick(requests, end));
        expect(log.length).toBe(requests.length);
        expect(resource.served).toBe(log.length);
        expect(resource.waitedNs).toBe(log.reduce((sum, [, wait]) => sum + wait, 0));
        waits += resource.waitedNs;
      }),
      { seed: SEED, numRuns: 500 },
    );
    expect(waits).toBeGreaterThan(1000);
  });
});
