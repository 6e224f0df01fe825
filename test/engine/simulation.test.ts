import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { LimitError, NO_EVENT, Priority, Simulation, TIME_MAX_NS } from "../../engine/simulation.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);

/** A simulation whose handlers write down what they get, and when. */
function recording(): {
  simulation: Simulation;
  log: string[];
  kinds: Record<keyof typeof Priority, number>;
} {
  const simulation = new Simulation();
  const log: string[] = [];
  const kinds = {} as Record<keyof typeof Priority, number>;
  for (const name of Object.keys(Priority) as (keyof typeof Priority)[]) {
    kinds[name] = simulation.handler(name, Priority[name], (a, b) => {
      log.push(`${simulation.nowNs} ${name} ${a} ${b}`);
    });
  }
  return { simulation, log, kinds };
}

describe("a simulation", () => {
  it("lets events happen by time, then priority, then the order in which they were scheduled", () => {
    const { simulation, log, kinds } = recording();
    simulation.schedule(10, kinds.sample);
    simulation.schedule(10, kinds.allocate, 1, 0.5);
    simulation.schedule(10, kinds.free, 2);
    simulation.schedule(10, kinds.allocate, 3);
    simulation.schedule(9, kinds.sample);
    simulation.schedule(10, kinds.release, -1, 2 ** 53);
    simulation.schedule(11, kinds.release);
    simulation.run(10);
    expect(log).toEqual([
      "9 sample 0 0",
      `10 release -1 ${2 ** 53}`,
      "10 free 2 0",
      "10 allocate 1 0.5",
      "10 allocate 3 0",
      "10 sample 0 0",
    ]);
    expect([simulation.nowNs, simulation.events, simulation.pending]).toEqual([10, 6, 1]);
    expect([simulation.nextEventNs, simulation.firedOf(kinds.allocate)]).toEqual([11, 2]);
  });

  it("lets what is posted happen among what is scheduled, and refuses for it what it refuses there", () => {
    const { simulation, log, kinds } = recording();
    simulation.schedule(10, kinds.allocate, 1, 2);
    simulation.post(10, kinds.allocate, 3);
    simulation.schedule(10, kinds.allocate, 4);
    simulation.post(9, kinds.sample);
    simulation.run(10);
    expect(log).toEqual(["9 sample 0 0", "10 allocate 1 2", "10 allocate 3 0", "10 allocate 4 0"]);
    expect(() => simulation.post(9, kinds.sample)).toThrow("in the past");
    expect(() => simulation.post(11, 99)).toThrow("no handler of kind 99");
    expect(() => simulation.post(2 ** 53, kinds.sample)).toThrow(LimitError);
  });

  it("announces most events that were posted before they happen, and nothing comes of it", () => {
    const runs = [true, false].map((announced) => {
      const simulation = new Simulation();
      const soon = new Set<number>();
      const log: string[] = [];
      let unannounced = 0;
      const kind = simulation.handler(
        "posted",
        0,
        (a) => {
          log.push(`${simulation.nowNs} ${a}`);
          if (!soon.delete(a)) unannounced++;
        },
        announced
          ? (numbers, from, to) => {
              for (const a of numbers.subarray(from, to)) soon.add(a);
            }
          : null,
      );
      const other = simulation.handler("other", 0, (a) => log.push(`${simulation.nowNs} other ${a}`));
      for (let i = 0; i < 10_000; i++) simulation.post((i * 7919) % 100_003, i % 10 === 0 ? other : kind, i);
      simulation.run(200_000);
      expect(soon.size).toBe(0);
      return { log, unannounced };
    });
    expect(runs[0]!.log).toEqual(runs[1]!.log);
    expect(runs[0]!.unannounced).toBeLessThan(3000);
  });

  it("orders the classes as the runtime's world needs it", () => {
    const order = ["release", "collector", "free", "allocate", "background", "action", "sample"];
    const { simulation, log, kinds } = recording();
    for (const name of [...order].reverse()) simulation.schedule(1, kinds[name as keyof typeof Priority]);
    simulation.run(1);
    expect(log.map((line) => line.split(" ")[1])).toEqual(order);
  });

  it("does the same whether it runs at once or in pieces", () => {
    const times = fc.array(fc.tuple(fc.nat(50), fc.nat(6), fc.nat(3)), { maxLength: 60 });
    const stops = fc.array(fc.nat(60), { maxLength: 10 });
    fc.assert(
      fc.property(times, stops, (events, until) => {
        const whole = chained(events);
        whole.simulation.run(60);
        const pieces = chained(events);
        for (const t of [...until, 60].sort((a, b) => a - b)) pieces.simulation.run(t);
        expect(pieces.log).toEqual(whole.log);
        expect(pieces.simulation.events).toBe(whole.simulation.events);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  /** Events of which each schedules up to three more, some of them at its own instant. */
  function chained(events: readonly (readonly [number, number, number])[]): {
    simulation: Simulation;
    log: string[];
  } {
    const simulation = new Simulation();
    const log: string[] = [];
    const kinds: number[] = [];
    for (let priority = 0; priority < 7; priority++) {
      const kind = simulation.handler(`p${priority}`, priority, (left, delay) => {
        log.push(`${simulation.nowNs} ${priority} ${left} ${delay}`);
        if (left > 0)
          simulation.schedule(simulation.nowNs + delay, kinds[(priority * 3 + left) % 7]!, left - 1, delay);
      });
      kinds.push(kind);
    }
    for (const [t, priority, left] of events) simulation.schedule(t, kinds[priority]!, left, t % 3);
    return { simulation, log };
  }

  it("cancels and reschedules, and ignores stale handles", () => {
    const { simulation, log, kinds } = recording();
    const gone = simulation.schedule(5, kinds.free, 1);
    const moved = simulation.schedule(5, kinds.free, 2);
    simulation.schedule(7, kinds.free, 3);
    simulation.cancel(gone);
    simulation.cancel(gone);
    const again = simulation.reschedule(moved, 7);
    expect(simulation.isPending(moved)).toBe(false);
    expect(simulation.isPending(again)).toBe(true);
    expect(simulation.reschedule(moved, 6)).toBe(NO_EVENT);
    simulation.cancel(moved);
    simulation.cancel(NO_EVENT);
    simulation.run(10);
    expect(log).toEqual(["7 free 3 0", "7 free 2 0"]);
    simulation.cancel(again);
    expect(simulation.reschedule(again, 20)).toBe(NO_EVENT);
    expect(simulation.pending).toBe(0);
  });

  it("stops after the current event, and goes on from there", () => {
    const simulation = new Simulation();
    const seen: number[] = [];
    const kind = simulation.handler("stopper", 0, (a) => {
      seen.push(a);
      if (a === 2) simulation.stop();
    });
    for (let i = 1; i <= 4; i++) simulation.schedule(i, kind, i);
    simulation.run(100);
    expect([seen, simulation.nowNs]).toEqual([[1, 2], 2]);
    simulation.run(100);
    expect([seen, simulation.nowNs]).toEqual([[1, 2, 3, 4], 100]);
  });

  it("can run on after a handler threw", () => {
    const simulation = new Simulation();
    const kind = simulation.handler("thrower", 0, (a) => {
      if (a === 1) throw new Error("out of memory");
    });
    simulation.schedule(1, kind, 1);
    simulation.schedule(2, kind, 2);
    expect(() => simulation.run(5)).toThrow("out of memory");
    simulation.run(5);
    expect([simulation.events, simulation.nowNs]).toEqual([2, 5]);
  });
});

describe("a simulation that runs away", () => {
  it("ends at its number of events, and names who fired most", () => {
    const simulation = new Simulation({ maxEvents: 1000 });
    const rare = simulation.handler("rare", 0, () => {});
    const busy = simulation.handler("busy", 0, () => {
      simulation.schedule(simulation.nowNs + 1, busy);
      if (simulation.nowNs % 10 === 0) simulation.schedule(simulation.nowNs + 1, rare);
    });
    simulation.schedule(0, busy);
    expect(() => simulation.run(1e9)).toThrow(
      new LimitError(
        "the run takes too long: more than 1000 events (maxEvents) by 909 ns, " +
          'most of them "busy" (909 times); run for a shorter time, or allow more',
      ),
    );
    expect(simulation.events).toBe(1000);
  });

  it("lets exactly as many events happen as the limits say", () => {
    const simulation = new Simulation({ maxEvents: 6, maxEventsAtOneInstant: 3 });
    const kind = simulation.handler("tick", 0, () => {});
    for (const t of [1, 1, 1, 2, 2, 2]) simulation.schedule(t, kind);
    simulation.run(2);
    expect(simulation.events).toBe(6);
    simulation.schedule(3, kind);
    expect(() => simulation.run(3)).toThrow("more than 6 events (maxEvents)");
  });

  it("ends when the clock stands still, and names who keeps it", () => {
    const simulation = new Simulation({ maxEventsAtOneInstant: 100 });
    // This one fires most in all, but is not to blame.
    const ticker = simulation.handler("ticker", 0, () => {
      if (simulation.nowNs < 500) simulation.schedule(simulation.nowNs + 1, ticker);
      else simulation.schedule(simulation.nowNs, looper);
    });
    const looper = simulation.handler("looper", 1, () => {
      simulation.schedule(simulation.nowNs, looper);
    });
    simulation.schedule(0, ticker);
    expect(() => simulation.run(1e9)).toThrow(
      new LimitError(
        "the clock stands still: more than 100 events (maxEventsAtOneInstant) at 500 ns, " +
          'most of them "looper" (50 times) of late; an event that causes another should let time pass',
      ),
    );
  });

  it("counts an instant anew when a run moved the clock there", () => {
    const simulation = new Simulation({ maxEventsAtOneInstant: 2 });
    const kind = simulation.handler("tick", 0, () => {});
    const fireTwice = (): void => {
      simulation.schedule(simulation.nowNs, kind);
      simulation.schedule(simulation.nowNs, kind);
      simulation.run(simulation.nowNs);
    };
    fireTwice();
    simulation.run(1);
    fireTwice();
    expect(fireTwice).toThrow("at 1 ns");
  });

  it("ends when it breeds events", () => {
    const simulation = new Simulation({ maxPendingEvents: 100 });
    const breeder = simulation.handler("breeder", 0, () => {
      simulation.schedule(simulation.nowNs + 1, breeder);
      simulation.schedule(simulation.nowNs + 1, breeder);
    });
    simulation.schedule(0, breeder);
    expect(() => simulation.run(1e9)).toThrow(
      new LimitError(
        "too much is to come: more than 100 pending events (maxPendingEvents) at 6 ns; of those that fired, " +
          'most of them "breeder" (100 times); an event should cause one other at most, on the average',
      ),
    );
  });

  it("ends where its clock ends", () => {
    const simulation = new Simulation();
    const late = simulation.handler("late", 0, () => {
      simulation.schedule(simulation.nowNs * 2, late);
    });
    simulation.schedule(2 ** 40, late);
    expect(() => simulation.run(TIME_MAX_NS)).toThrow(
      new LimitError(
        `the clock ends at 2^53 ns (104 days): "late" was scheduled at ${2 ** 53} ns, when it was ${2 ** 52} ns; ` +
          'of those that fired, most of them "late" (13 times)',
      ),
    );
    const handle = simulation.schedule(TIME_MAX_NS, late);
    expect(() => simulation.reschedule(handle, Number.POSITIVE_INFINITY)).toThrow(LimitError);
    expect(simulation.isPending(handle)).toBe(true);
  });
});

describe("a simulation refuses", () => {
  const simulation = new Simulation();
  const kind = simulation.handler("tick", 0, () => {});
  const nested = simulation.handler("nested", 0, () => simulation.run(100));
  simulation.run(50);
  const handle = simulation.schedule(60, kind);

  it.each([
    [
      "the past",
      () => simulation.schedule(49, kind),
      '"tick" was scheduled at 49 ns, which is in the past (it is 50 ns)',
    ],
    ["a fraction", () => simulation.schedule(50.5, kind), "50.5 ns, which is no whole number"],
    ["NaN", () => simulation.schedule(Number.NaN, kind), "NaN ns, which is no whole number"],
    ["to move to the past", () => simulation.reschedule(handle, 49), "an event was scheduled at 49 ns"],
    ["an unknown kind", () => simulation.schedule(60, 7), "there is no handler of kind 7"],
    ["to run back", () => simulation.run(49), "cannot run until 49 ns"],
    ["to run for ever", () => simulation.run(Number.POSITIVE_INFINITY), "cannot run until Infinity ns"],
    ["a second name", () => simulation.handler("tick", 0, () => {}), 'there is a handler "tick" already'],
    [
      "priority 16",
      () => simulation.handler("x", 16, () => {}),
      'the priority of "x" is a whole number from 0 to 15',
    ],
    ["priority 1.5", () => simulation.handler("x", 1.5, () => {}), "not 1.5"],
    ["a limit of 0", () => new Simulation({ maxEvents: 0 }), "a whole number from 1, not 0"],
    ["a limit of NaN", () => new Simulation({ maxEventsAtOneInstant: Number.NaN }), "not NaN"],
  ])("%s", (_what, act, message) => {
    expect(act).toThrow(RangeError);
    expect(act).toThrow(message);
  });

  it("to be run by its own events", () => {
    simulation.schedule(50, nested);
    expect(() => simulation.run(51)).toThrow("cannot be run by one of its own events");
  });
});
