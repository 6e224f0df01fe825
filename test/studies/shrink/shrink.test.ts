import { describe, expect, it } from "vitest";
import type { ScenarioInput } from "../../../scenarios/schema/root.js";
import { scenario } from "../../../studies/scenarios.js";
import { formatExactDuration } from "../../../studies/shrink/exact-duration.js";
import { consistent, linesOf, type Op } from "../../../studies/shrink/operations.js";
import { shrinkOperations } from "../../../studies/shrink/shrink-operations.js";
import { shrinkTree } from "../../../studies/shrink/shrink-tree.js";

const alloc = (id: number, pages: number): Op => ({ op: "alloc", id, pages, kind: "heap" });
const free = (id: number): Op => ({ op: "free", id });

/** Pages live at the most. */
function peak(ops: readonly Op[]): number {
  const live = new Map<number, number>();
  let most = 0;
  for (const op of ops) {
    if (op.op === "alloc") live.set(op.id, op.pages);
    if (op.op === "free") live.delete(op.id);
    most = Math.max(
      most,
      [...live.values()].reduce((sum, pages) => sum + pages, 0),
    );
  }
  return most;
}

describe("operations", () => {
  it("lose the frees of what is not there", () => {
    expect(consistent([free(1), alloc(1, 2), free(1), free(1), { op: "collect" }])).toEqual([
      alloc(1, 2),
      free(1),
      { op: "collect" },
    ]);
  });

  it("are named in their order, so that a list reads as if it had been written by hand", () => {
    expect(linesOf([alloc(900, 2), alloc(7, 3), free(900), { op: "wait", ns: 1_500_000 }])).toEqual([
      "alloc a 2",
      "alloc b 3",
      "free a",
      "wait 1500us",
    ]);
    expect(formatExactDuration(3_600_000_000_000)).toBe("1h");
    expect(formatExactDuration(1_001)).toBe("1001ns");
  });

  it("shrink to few round ones that are still good enough", () => {
    const ops: Op[] = [];
    for (let i = 0; i < 50; i++) {
      ops.push(alloc(i, 3 + ((i * 7) % 11)));
      if (i % 3 === 0) ops.push(free(i));
      if (i % 5 === 0) ops.push({ op: "wait", ns: 123_456 });
    }
    const small = shrinkOperations(ops, (some) => peak(some) >= 40);
    expect(peak(small)).toBeGreaterThanOrEqual(40);
    expect(small.length).toBe(1);
    expect(small[0]).toMatchObject({ op: "alloc", pages: 64 });
  });
});

describe("a scenario", () => {
  const tree: ScenarioInput = {
    name: "large",
    duration: "40s",
    gc: { gogc: 150 },
    phases: {},
    workloads: {
      noise: { kind: "spans", rate: "1000/s", pages: 3, lifetime: "77ms" },
      matters: { kind: "spans", rate: "1234/s", pages: { uniform: { min: 1, max: 77 } }, lifetime: "100ms" },
    },
    actions: [{ do: "gc", at: "3s" }],
  };

  it("loses what does not matter, and its numbers become small and round, as long as it is valid", () => {
    const small = shrinkTree(tree, (one) => {
      try {
        const { workloads, durationNs } = scenario(one);
        const spec = workloads.find(({ name }) => name === "matters")?.spec;
        return spec?.kind === "spans" && durationNs >= 1e9;
      } catch {
        return false;
      }
    });
    expect(Object.keys(small.workloads!)).toEqual(["matters"]);
    expect(small.actions).toBeUndefined();
    expect(small.gc).toBeUndefined();
    expect(scenario(small).durationNs).toBeLessThan(2e9);
    expect(JSON.stringify(small).length).toBeLessThan(0.6 * JSON.stringify(tree).length);
  });
});
