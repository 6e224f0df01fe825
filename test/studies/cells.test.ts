import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { InputError } from "../../scenarios/input-error.js";
import { type Cell, CellKeys } from "../../studies/cells/cell.js";
import { CellStore } from "../../studies/cells/cell-store.js";
import { received, sent } from "../../studies/cells/sent-error.js";
import { resolvePolicy } from "../../studies/policies.js";
import { scenario } from "../../studies/scenarios.js";
import { TestFolder, tracePath } from "../setup/files.js";

const folder = new TestFolder();
const HELLO = tracePath("hello-gmp1");

const SPANS = { kind: "spans", rate: "10/s", lifetime: "1s", pages: 1 } as const;
const base: Cell = {
  scenario: scenario({ name: "s", duration: "1s", workloads: { w: SPANS } }),
  policy: resolvePolicy("go1.18"),
  path: "",
  seed: 1,
};

/** As a new process would see it. */
const keyOf = (changes: Partial<Cell> = {}): string => new CellKeys().keyOf({ ...base, ...changes });

describe("the key of a cell", () => {
  test("is the same for the same", () => {
    expect(keyOf()).toMatch(/^[0-9a-f]{64}$/);
    expect(keyOf({ scenario: structuredClone(base.scenario), policy: structuredClone(base.policy) })).toBe(
      keyOf(),
    );
    // What a scenario says of seed and policy is not what the cell runs.
    expect(keyOf({ scenario: { ...base.scenario, seed: "9", policy: "go1.16" } })).toBe(keyOf());
  });

  test("differs with anything that changes the run", () => {
    const { scenario: s } = base;
    const keys = [
      keyOf(),
      keyOf({ seed: 2 }),
      keyOf({ policy: resolvePolicy("go1.17") }),
      keyOf({ policy: resolvePolicy("go1.18{goal.retainExtraPercent=20}") }),
      keyOf({ policy: { ...resolvePolicy("go1.18{goal.retainExtraPercent=20}"), name: "go1.18" } }),
      keyOf({ scenario: { ...s, gc: { ...s.gc, gogc: 50 } } }),
      keyOf({ scenario: { ...s, gc: { ...s.gc, gogc: null } } }),
      keyOf({ scenario: { ...s, samples: { kind: "count", count: 7 } } }),
      // JSON has one word for these two.
      keyOf({ scenario: { ...s, durationNs: Number.POSITIVE_INFINITY } }),
      keyOf({ scenario: { ...s, durationNs: null as unknown as number } }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("differs with the content of a recording, not with its place", () => {
    const of = (file: string, path = ""): string => {
      const played = scenario({ name: "p", workloads: { w: { kind: "trace", file } } });
      return keyOf({ scenario: played, path });
    };
    const place = folder.fresh();
    writeFileSync(join(place, "t.csv"), "a");
    const first = of("t.csv", join(place, "s.yaml"));
    const other = folder.fresh();
    writeFileSync(join(other, "t.csv"), "a");
    expect(of("t.csv", join(other, "s.yaml"))).toBe(first);
    writeFileSync(join(other, "t.csv"), "b");
    expect(of("t.csv", join(other, "s.yaml"))).not.toBe(first);
    expect(of(HELLO)).not.toBe(first);
    expect(() => of("none.csv", join(place, "s.yaml"))).toThrow(/none\.csv: the recording cannot be read/);
  });
});

describe("the store of cells", () => {
  const KEY = "0".repeat(64);

  test("forgets what was begun and not finished by processes that are gone, and keeps the rest", () => {
    const out = join(folder.fresh(), "a", "out");
    const { folder: place } = new CellStore(out);
    // No process has a number that high.
    const dead = `.${KEY}.partial-99999999`;
    const mine = `.${KEY}.partial-${process.pid}`;
    for (const name of [KEY, dead, mine, "notes"]) mkdirSync(join(place, name));
    const store = new CellStore(out);
    expect(readdirSync(place)).toEqual([mine, KEY, "notes"]);
    expect(store.settle()).toBe(1);
    expect(readdirSync(place)).toEqual([KEY, "notes"]);
    store.clear();
    expect(readdirSync(place)).toEqual(["notes"]);
  });

  test("leaves no folder behind when there is nothing in it", () => {
    const cwd = folder.fresh();
    const store = new CellStore(join(cwd, "a", "b", "out"));
    expect(existsSync(join(cwd, "a", "b", ".out.runs"))).toBe(true);
    expect(store.settle()).toBe(0);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("has no cell that was never finished", () => {
    const store = new CellStore(join(folder.fresh(), "out"));
    mkdirSync(join(store.folder, KEY));
    expect(store.read(KEY)).toBeUndefined();
    expect(store.read(`1${KEY.slice(1)}`)).toBeUndefined();
  });
});

test("errors keep what they say on their way between threads", () => {
  const error = new InputError("a.csv", 3, 7, "it is wrong");
  const copy = received(structuredClone(sent(error)));
  expect(copy).toBeInstanceOf(InputError);
  expect(copy).toMatchObject({
    message: error.message,
    file: "a.csv",
    line: 3,
    column: 7,
    stack: error.stack,
  });
  expect(received(sent(new TypeError("x")))).toMatchObject({ message: "x" });
});
