/**
 * What a scenario's program did to the heap, as a list of operations: each span that came and went, each collection, and the
 * time in between.
 *
 * The list is that of the run under one policy. What is freed when may depend on where things lie, so the list is a program of
 * its own, close to the scenario, and whoever shrinks it looks anew at whether it shows the effect.
 */

import type { Scenario } from "../../scenarios/scenario.js";
import type { Recordings } from "../../scenarios/workloads/workloads.js";
import { kindName } from "../../sim/heap/kinds.js";
import type { Policy } from "../../sim/policies/policy.js";
import { ScenarioRun } from "../scenario-run.js";
import type { Op } from "./operations.js";

/** Time from one operation of the list to the next, ns. */
export const STEP_NS = 1_000;

const SPAN_KINDS: Readonly<Record<string, string>> = { s: "stack", b: "bits", w: "workbuf" };

/** Runs a scenario and writes down what it did. */
export function recordOperations(scenario: Scenario, recordings: Recordings, policy: Policy): Op[] {
  const ops: Op[] = [];
  const ids = new Map<number, number>();
  let next = 0;
  let lastNs = 0;
  const run = new ScenarioRun(scenario, {
    policy,
    recordings,
    onlooker: { onCycle: () => add({ op: "collect" }) },
  });
  const add = (op: Op): void => {
    const gap = run.sim.nowNs - lastNs;
    if (gap > STEP_NS) ops.push({ op: "wait", ns: gap - STEP_NS });
    lastNs = run.sim.nowNs;
    ops.push(op);
  };
  run.heap.onSpan = (page, npages, kind) => {
    if (npages > 0) {
      ids.set(page, next);
      add({ op: "alloc", id: next++, pages: npages, kind: spanKind(kind) });
    } else add({ op: "free", id: ids.get(page)! });
  };
  run.run();
  return ops;
}

function spanKind(kind: number): string {
  const name = kindName(kind);
  return SPAN_KINDS[name] ?? (kind % 2 === 1 ? "noscan" : "heap");
}
