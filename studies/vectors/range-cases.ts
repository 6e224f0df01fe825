/**
 * Cases about lists of address ranges.
 */

import type { RangeStep, VectorFields } from "../../scenarios/trace/vectors/kinds.js";
import { AddressRanges } from "../../sim/address/ranges.js";
import type { CaseCheck } from "./case-check.js";
import { rangesText } from "./heap-case.js";

/** Runs a program of operations on an empty list, and compares the list after each. */
export function ranges(fields: VectorFields<"ranges">, c: CaseCheck): void {
  const list = new AddressRanges();
  c.state = () => `${list.length} ranges`;
  fields.steps.forEach((recorded, i) => {
    const step = "op" in recorded ? recorded : additionOf(recorded);
    c.step(`steps[${i}] ${step.op}(${step.args.join(", ")})`);
    apply(step, list, c);
    const got = list.bases.map((base, r) => [address(c, base), address(c, list.limits[r]!)]);
    c.equal("ranges", rangesText(step.ranges), rangesText(got));
    c.equal("totalBytes", step.totalBytes, list.totalBytes);
  });
}

/** A step of the runtime's own table, in small decimal numbers, as the operation that it is. */
function additionOf(recorded: { add: number[]; ranges: number[][]; totalBytes: number }): RangeStep {
  const hex = (pair: number[]): [string, string] => [
    `0x${pair[0]!.toString(16)}`,
    `0x${pair[1]!.toString(16)}`,
  ];
  const { add, totalBytes } = recorded;
  return { op: "add", args: hex(add), ranges: recorded.ranges.map(hex), totalBytes };
}

function apply(step: RangeStep, list: AddressRanges, c: CaseCheck): void {
  const off = step.op === "removeLast" ? 0 : c.off(step.args[0]);
  switch (step.op) {
    case "add":
      list.add(off, c.off(step.args[1]));
      break;
    case "removeLast": {
      list.removeLast(Number(step.args[0]));
      const none = list.takenLimit === 0;
      const taken = [list.takenBase, list.takenLimit].map((taken) => (none ? "0x0" : address(c, taken)));
      c.equal("result", rangesText([step.result]), rangesText([taken]));
      break;
    }
    case "removeGreaterEqual":
      list.removeGreaterEqual(off);
      break;
    case "findAddrGreaterEqual": {
      const found = list.findAddrGreaterEqual(off);
      c.equal("ok", step.ok, found >= 0);
      c.equal("result", step.result, found < 0 ? "0x0" : address(c, found));
      break;
    }
    case "contains":
      c.equal("result", step.result, list.contains(off));
      break;
    case "findSucc":
      c.equal("result", step.result, list.findSucc(off));
      break;
  }
}

function address(c: CaseCheck, off: number): string {
  return c.geometry.formatAddress(off);
}

/** Finds the first range above an address. */
export function rangesFindSucc(fields: VectorFields<"rangesFindSucc">, c: CaseCheck): void {
  const list = new AddressRanges();
  for (const [base, limit] of fields.ranges) list.add(c.off(base), c.off(limit));
  c.state = () => `${list.length} ranges`;
  c.equal(`first range above ${fields.addr}`, fields.expect, list.findSucc(c.off(fields.addr)));
}
