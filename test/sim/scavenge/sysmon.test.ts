import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Simulation } from "../../../engine/simulation.js";
import { type Sleeper, Sysmon } from "../../../sim/scavenge/sysmon.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const MS = 1_000_000;

/** A scavenger that can be woken, or not; it writes down when. */
class Listener implements Sleeper {
  timerNs = Number.POSITIVE_INFINITY;
  asleep = true;
  readonly tries: number[] = [];
  readonly #sim: Simulation;
  constructor(sim: Simulation) {
    this.#sim = sim;
  }
  wake(): boolean {
    this.tries.push(this.#sim.nowNs);
    return this.asleep;
  }
}

function setUp(idleTimerNs?: number): { sim: Simulation; sysmon: Sysmon; sleeper: Listener } {
  const sim = new Simulation();
  const sleeper = new Listener(sim);
  return { sim, sleeper, sysmon: new Sysmon(sim, sleeper, idleTimerNs) };
}

/** Times of passes as the loop of the runtime makes them, one by one. */
function plainPasses(untilNs: number): number[] {
  const passes: number[] = [];
  let idle = 0;
  let delay = 0;
  for (let t = 0; t <= untilNs; ) {
    if (idle === 0) delay = 20_000;
    else if (idle > 50) delay *= 2;
    if (delay > 10 * MS) delay = 10 * MS;
    t += delay;
    passes.push(t);
    idle++;
  }
  return passes;
}

describe("sysmon", () => {
  it("passes when the loop of the runtime would", () => {
    const passes = plainPasses(200 * MS);
    fc.assert(
      fc.property(fc.oneof(fc.nat(3 * MS), fc.nat(150 * MS)), (at) => {
        const { sim, sysmon } = setUp();
        sim.run(at);
        expect(sysmon.nextPassNs()).toBe(passes.find((pass) => pass > at));
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("wakes the scavenger on its next pass, once", () => {
    const { sim, sysmon, sleeper } = setUp();
    sim.run(1000 * MS);
    sysmon.askForScavenger();
    sim.run(2000 * MS);
    expect(sleeper.tries).toHaveLength(1);
    expect(sleeper.tries[0]! - 1000 * MS).toBeLessThanOrEqual(10 * MS);
    expect(sleeper.tries[0]).toBeGreaterThan(1000 * MS);
  });

  it("tries again while the scavenger works", () => {
    const { sim, sysmon, sleeper } = setUp();
    sim.run(1000 * MS);
    sleeper.asleep = false;
    sysmon.askForScavenger();
    sim.run(1035 * MS);
    const before = sleeper.tries.length;
    expect(before).toBeGreaterThanOrEqual(3);
    sleeper.asleep = true;
    sim.run(2000 * MS);
    expect(sleeper.tries).toHaveLength(before + 1);
  });

  it("leaves the flag while the program is idle, and comes back when it goes on", () => {
    const { sim, sysmon, sleeper } = setUp();
    sim.run(1000 * MS);
    sysmon.askForScavenger();
    sysmon.setIdle(true);
    sim.run(7000 * MS);
    expect(sleeper.tries).toEqual([]);
    sysmon.setIdle(false);
    expect(sleeper.tries).toEqual([7000 * MS]);
  });

  it("is not asleep yet when the program was idle for less than a pass", () => {
    const { sim, sysmon, sleeper } = setUp();
    sim.run(1001 * MS);
    const pass = sysmon.nextPassNs();
    sysmon.askForScavenger();
    sysmon.setIdle(true);
    sim.run(pass - 1);
    sysmon.setIdle(false);
    expect(sleeper.tries).toEqual([]);
    sim.run(pass);
    expect(sleeper.tries).toEqual([pass]);
  });

  it("is kept awake by a timer of the program, and by the scavenger's own", () => {
    const ticking = setUp(20 * MS);
    ticking.sim.run(1001 * MS);
    ticking.sysmon.askForScavenger();
    ticking.sysmon.setIdle(true);
    ticking.sim.run(3000 * MS);
    expect(ticking.sleeper.tries).toEqual([1020 * MS]);

    const own = setUp();
    own.sim.run(1001 * MS);
    own.sysmon.setIdle(true);
    own.sysmon.askForScavenger();
    own.sim.run(1500 * MS);
    own.sleeper.timerNs = 1700 * MS;
    own.sysmon.timerSet();
    own.sim.run(3000 * MS);
    expect(own.sleeper.tries).toEqual([1700 * MS]);
  });

  it("sleeps for a minute at most", () => {
    const { sim, sysmon, sleeper } = setUp();
    sysmon.askForScavenger();
    sysmon.setIdle(true);
    sim.run(100_000 * MS);
    expect(sleeper.tries).toEqual([60_000 * MS + 20_000]);
  });

  it("is often there after a system call woke it", () => {
    const { sim, sysmon } = setUp();
    sim.run(1000 * MS);
    sysmon.wokenBySystemCall();
    expect(sysmon.nextPassNs()).toBe(1000 * MS + 20_000);
  });
});

describe("a deep sleep", () => {
  it("is half of the time after which a collection is forced", () => {
    const passAfter = (deepSleepNs?: number): number => {
      const sim = new Simulation();
      const sysmon = new Sysmon(sim, new Listener(sim), undefined, deepSleepNs);
      sysmon.setIdle(true);
      return sysmon.nextPassNs();
    };
    expect(passAfter() - passAfter(1000 * MS)).toBe(59_000 * MS);
  });
});
