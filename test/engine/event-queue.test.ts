import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { EventQueue, NO_EVENT } from "../../engine/event-queue.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);

/** The last generation of a slot, as the file's opening says: handles are below 2^53, slots below 2^24. */
const LAST_GENERATION = 2 ** 29 - 1;

interface Pending {
  timeNs: number;
  priority: number;
  sequence: number;
  kind: number;
  a: number;
  b: number;
}

/** The slow and obvious queue: a list that is sorted whenever it is asked. */
class SortedList {
  readonly events: Pending[] = [];
  #sequence = 0;

  push(timeNs: number, priority: number, kind: number, a: number, b: number): Pending {
    const event = { timeNs, priority, sequence: this.#sequence++, kind, a, b };
    this.events.push(event);
    return event;
  }

  first(): Pending | undefined {
    this.events.sort((x, y) => x.timeNs - y.timeNs || x.priority - y.priority || x.sequence - y.sequence);
    return this.events[0];
  }

  cancel(event: Pending): boolean {
    const at = this.events.indexOf(event);
    if (at >= 0) this.events.splice(at, 1);
    return at >= 0;
  }

  reschedule(event: Pending, timeNs: number): Pending | undefined {
    if (!this.cancel(event)) return undefined;
    return this.push(timeNs, event.priority, event.kind, event.a, event.b);
  }
}

type Step =
  | { do: "push"; timeNs: number; priority: number; a: number }
  | { do: "post"; timeNs: number; priority: number; a: number }
  | { do: "pop" }
  | { do: "cancel"; which: number }
  | { do: "reschedule"; which: number; timeNs: number };

// Few times and priorities, so that ties are many; and times that differ in any bit.
const time = fc.oneof(
  fc.nat(8),
  fc.nat(300),
  fc.constantFrom(0, 2 ** 31, 2 ** 53 - 1),
  fc.nat(52).map((bit) => 2 ** bit),
  fc.tuple(fc.nat(20), fc.nat(3)).map(([high, low]) => high * 2 ** 32 + low),
);
/** Events that come near at once: few, so that most are far, and the horizon moves often. */
const batch = fc.constantFrom(1, 2, 3, 20, 256);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("push" as const),
      timeNs: time,
      priority: fc.nat(15),
      a: fc.double(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("post" as const),
      timeNs: time,
      priority: fc.nat(15),
      a: fc.double(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pop" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("reschedule" as const), which: fc.nat(), timeNs: time }),
  },
);

/** Runs the steps on both; every handle ever given out stays in play, so most are stale after a while. */
function compare(queue: EventQueue, steps: readonly Step[]): void {
  const model = new SortedList();
  const given: { handle: number; event: Pending }[] = [];
  let kind = 0;
  for (const s of steps) {
    if (s.do === "push") {
      const handle = queue.push(s.timeNs, s.priority, kind, s.a, -kind);
      expect(Number.isSafeInteger(handle) && handle !== NO_EVENT).toBe(true);
      given.push({ handle, event: model.push(s.timeNs, s.priority, kind, s.a, -kind) });
      kind++;
    } else if (s.do === "post") {
      queue.post(s.timeNs, s.priority, kind, s.a);
      model.push(s.timeNs, s.priority, kind, s.a, 0);
      kind++;
    } else if (s.do === "pop") {
      popBoth(queue, model);
    } else if (given.length > 0) {
      const { handle, event } = given[s.which % given.length]!;
      expect(queue.isPending(handle)).toBe(model.events.includes(event));
      if (s.do === "cancel") {
        expect(queue.cancel(handle)).toBe(model.cancel(event));
      } else {
        const moved = queue.reschedule(handle, s.timeNs);
        const expected = model.reschedule(event, s.timeNs);
        expect(moved !== NO_EVENT).toBe(expected !== undefined);
        if (expected !== undefined) given.push({ handle: moved, event: expected });
      }
    }
    expect(queue.size).toBe(model.events.length);
    queue.check();
  }
  while (model.events.length > 0) popBoth(queue, model);
  expect(queue.pop()).toBe(false);
  for (const { handle } of given) expect(queue.cancel(handle)).toBe(false);
  queue.check();
}

function popBoth(queue: EventQueue, model: SortedList): void {
  const expected = model.first();
  expect(queue.nextTimeNs).toBe(expected?.timeNs ?? Number.POSITIVE_INFINITY);
  expect(queue.pop()).toBe(expected !== undefined);
  if (expected === undefined) return;
  model.cancel(expected);
  const { timeNs, kind, a, b } = queue;
  expect({ timeNs, kind, a, b }).toEqual({
    timeNs: expected.timeNs,
    kind: expected.kind,
    a: expected.a,
    b: expected.b,
  });
}

describe("the event queue", () => {
  it("is a sorted list, whatever is pushed, taken, cancelled and rescheduled", () => {
    fc.assert(
      fc.property(batch, fc.array(step, { maxLength: 300, size: "max" }), (few, steps) =>
        compare(new EventQueue(2 ** 24, 1, few), steps),
      ),
      { seed: SEED, numRuns: 400 },
    );
  });

  it("gives no handle twice when the generations of a slot are used up", () => {
    fc.assert(
      fc.property(batch, fc.array(step, { maxLength: 100, size: "max" }), (few, steps) =>
        compare(new EventQueue(2 ** 24, LAST_GENERATION - 1, few), steps),
      ),
      { seed: SEED, numRuns: 200 },
    );
  });

  it("never uses a slot again after its last generation", () => {
    const queue = new EventQueue(2 ** 24, LAST_GENERATION);
    const handles = new Set<number>();
    let handle = queue.push(1, 0, 0, 0, 0);
    for (let i = 0; i < 1000; i++) {
      handles.add(handle);
      if (i % 2 === 0) {
        handle = queue.reschedule(handle, i);
      } else {
        queue.cancel(handle);
        handle = queue.push(i, 0, 0, 0, 0);
      }
      queue.check();
    }
    expect(handles.size).toBe(1000);
    expect(Math.max(...handles)).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
  });

  it("takes no more memory when events are moved about for ever", () => {
    const queue = new EventQueue();
    const handles = Array.from({ length: 5000 }, (_, i) => queue.push(i * 1000, 0, i, 0, 0));
    let timeNs = 0;
    let most = 0;
    for (let i = 0; i < 300_000; i++) {
      const which = (i * 7919) % handles.length;
      // Later and later, so that what was far comes near, but nothing is ever taken out.
      timeNs += 40;
      handles[which] = queue.reschedule(handles[which]!, timeNs + ((i * 104_729) % 5_000_000));
      if (i % 1000 === 0) most = Math.max(most, queue.memoryBytes);
    }
    queue.check();
    expect(queue.size).toBe(5000);
    expect(most).toBeLessThan(2e6);
  });

  it("grows, and sorts a hundred thousand", () => {
    const queue = new EventQueue();
    const count = 100_000;
    const handles: number[] = [];
    // A full cycle of remainders: each time once, in a scattered order. One in four nobody can take back.
    for (let i = 0; i < count; i++) {
      if (i % 4 === 1) queue.post((i * 7919) % count, 3, i, i);
      else handles[i] = queue.push((i * 7919) % count, 3, i, i, 0.5);
    }
    const cancelled = handles.map((_, i) => i).filter((i) => i % 3 === 0);
    for (const i of cancelled) expect(queue.cancel(handles[i]!)).toBe(true);
    queue.check();
    const taken: number[] = [];
    while (queue.pop()) taken.push(queue.timeNs === (queue.a * 7919) % count ? queue.timeNs : Number.NaN);
    const gone = new Set(cancelled.map((i) => (i * 7919) % count));
    expect(taken).toEqual(Array.from({ length: count }, (_, i) => i).filter((timeNs) => !gone.has(timeNs)));
  });

  it("keeps in order what was posted by the thousand for one time, for a few, and for any", () => {
    const queue = new EventQueue();
    const model = new SortedList();
    for (let i = 0; i < 12_000; i++) {
      const timeNs = [500, 1000 + (i % 3), (i * 7919) % 20_011][(i * 31) % 3]!;
      queue.post(timeNs, (i * 13) % 16, i, -i);
      model.push(timeNs, (i * 13) % 16, i, -i, 0);
    }
    queue.check();
    const expected = model.first() && model.events.map(({ timeNs, kind, a }) => [timeNs, kind, a]);
    const taken: number[][] = [];
    while (queue.pop()) taken.push([queue.timeNs, queue.kind, queue.a]);
    expect(taken).toEqual(expected);
    queue.check();
  });

  it("ignores handles that were never given out", () => {
    const queue = new EventQueue();
    const handle = queue.push(5, 0, 1, 2, 3);
    for (const bad of [NO_EVENT, -1, 0.5, handle + 1, handle + 0.5, handle + 2 ** 24, 2 ** 53, Number.NaN]) {
      expect(queue.cancel(bad)).toBe(false);
      expect(queue.reschedule(bad, 1)).toBe(NO_EVENT);
    }
    queue.cancel(handle);
    // The slot is free and waits with this generation, but nobody was told so.
    expect(queue.cancel(handle + 2 ** 24)).toBe(false);
    queue.check();
    expect(queue.size).toBe(0);
  });

  it("refuses more pending events than may be, and takes one again when one has left", () => {
    const queue = new EventQueue(1000);
    for (let i = 0; i < 1000; i++) queue.push(i, 0, 0, 0, 0);
    expect(() => queue.push(0, 0, 0, 0, 0)).toThrow("at most 1000 pending events");
    expect(() => queue.post(0, 0, 0, 0)).toThrow("at most 1000 pending events");
    queue.pop();
    queue.post(0, 0, 0, 0);
    expect(() => queue.push(0, 0, 0, 0, 0)).toThrow("at most 1000 pending events");
    queue.check();
  });
});
