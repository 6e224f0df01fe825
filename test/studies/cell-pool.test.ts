import { afterEach, describe, expect, test, vi } from "vitest";
import { CellPool } from "../../studies/cells/cell-pool.js";

vi.setConfig({ testTimeout: 60_000 });

describe("threads that were started early", () => {
  const pools: CellPool[] = [];
  const taken = (workers: number): CellPool => {
    const pool = CellPool.of(workers);
    pools.push(pool);
    return pool;
  };

  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
    await CellPool.dismissEarly();
  });

  test("are taken once, by a study that wants as many", () => {
    CellPool.startEarly(1);
    const other = taken(2);
    const first = taken(1);
    const second = taken(1);
    expect(other.workers).toBe(2);
    expect(first.workers).toBe(1);
    expect(second).not.toBe(first);
    // Nothing is left to be dismissed, so a second start makes new ones.
    CellPool.startEarly(1);
    expect([first, second]).not.toContain(taken(1));
  });

  test("answer a task, with the error of one that cannot be run", async () => {
    CellPool.startEarly(1);
    const reply = await taken(1).run({ cell: {} as never, folder: "nowhere" });
    expect(reply).toHaveProperty("error");
  });

  test("are gone when they are dismissed", async () => {
    CellPool.startEarly(1);
    await CellPool.dismissEarly();
    CellPool.startEarly(2);
    expect(taken(2).workers).toBe(2);
  });
});
