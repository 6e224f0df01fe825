/**
 * Tells what happens in a list of operations under two policies: where things go, where the two part, and how the heap looks
 * then and at the end.
 *
 *     go1.12.5  ####....####oooo        a letter is a stretch of pages: # in use, + partly, . free, o released
 */

import type { Heap } from "../../sim/heap/heap.js";
import type { Policy } from "../../sim/policies/policy.js";
import { formatEffect, metricNamed } from "../hunt/effect.js";
import { evaluatedSamples } from "../hunt/evaluation.js";
import { resolvePolicy } from "../policies.js";
import { ScenarioRun } from "../scenario-run.js";
import { operationsOf } from "../shrink/operations.js";
import { type Repro, reproScenario } from "./repro.js";

/** Letters of a picture. */
const WIDTH = 96;
/** Operations that are told one by one, at most. */
const MOST_TOLD = 60;

/** One span that came or went, and how the heap looked after it. */
interface Step {
  readonly page: number;
  readonly npages: number;
  readonly address: string;
}

/** The story of a repro in lines, without comment signs. Scenarios that are no list have only its heading. */
export function story(repro: Repro): string[] {
  const metric = metricNamed(repro.metric);
  const heading = [
    `${repro.candidate} against ${repro.baseline}: ${repro.metric} ${formatEffect(metric, repro.effect)}`,
    ...(repro.about === "" ? [] : [repro.about]),
    "",
  ];
  const ops = operationsOf(repro.tree);
  if (ops === undefined) return heading;
  const policies = [resolvePolicy(repro.baseline), resolvePolicy(repro.candidate)] as const;
  const runs = policies.map((policy) => stepsOf(repro, policy)) as [Told, Told];
  return [...heading, ...tell(ops, [repro.baseline, repro.candidate], runs)];
}

interface Told {
  readonly steps: readonly Step[];
  /** The heap after each step. */
  readonly pictures: readonly string[];
  readonly last: string;
}

function stepsOf(repro: Repro, policy: Policy): Told {
  const steps: Step[] = [];
  const pictures: string[] = [];
  const run = new ScenarioRun(evaluatedSamples(reproScenario(repro)), { policy });
  run.heap.onSpan = (page, npages) => {
    steps.push({ page, npages, address: run.heap.geometry.formatPage(page) });
    pictures.push(picture(run.heap));
  };
  run.run();
  return { steps, pictures, last: picture(run.heap) };
}

function tell(
  ops: readonly string[],
  names: readonly string[],
  [before, after]: readonly [Told, Told],
): string[] {
  const width = Math.max(...names.map((name) => name.length));
  const show = (pictures: readonly [string, string]): string[] =>
    pictures.map((text, i) => `  ${names[i]!.padEnd(width)}  ${text}`);
  const parting = before.steps.findIndex((step, i) => step.page !== after.steps[i]?.page);
  const lines: string[] = [];
  let step = 0;
  for (const [index, op] of ops.entries()) {
    const isSpan = /^(alloc|free)/.test(op);
    if (index < MOST_TOLD) lines.push(isSpan ? `${op.padEnd(18)} ${places(before, after, step)}` : op);
    if (isSpan) {
      if (step === parting && step > 0) {
        lines.push("  here the two part; before it the heap was");
        lines.push(...show([before.pictures[step - 1]!, after.pictures[step - 1]!]), "  and after it");
        lines.push(...show([before.pictures[step]!, after.pictures[step]!]));
      }
      step++;
    }
  }
  if (ops.length > MOST_TOLD) lines.push(`… ${ops.length - MOST_TOLD} more operations`);
  lines.push(
    "",
    "at the end, # in use, + partly in use, . free, o released",
    ...show([before.last, after.last]),
    "",
  );
  return lines;
}

function places(before: Told, after: Told, step: number): string {
  const [a, b] = [before.steps[step], after.steps[step]];
  if (a === undefined || b === undefined) return "";
  return a.address === b.address ? a.address : `${a.address} | ${b.address}`;
}

/** The mapped heap as letters. */
function picture(heap: Heap): string {
  const { pages, geometry } = heap;
  const { inUse } = pages;
  const ranges = Array.from({ length: inUse.length }, (_, r) => [
    inUse.bases[r]! / geometry.pageBytes,
    inUse.limits[r]! / geometry.pageBytes,
  ]);
  const total = ranges.reduce((sum, [base, limit]) => sum + limit! - base!, 0);
  const perLetter = Math.max(1, Math.ceil(total / WIDTH));
  return ranges
    .map(([base, limit]) => {
      let text = "";
      for (let page = base!; page < limit!; page += perLetter)
        text += letter(heap, page, Math.min(limit!, page + perLetter));
      return text;
    })
    .join("|");
}

function letter({ pages, geometry }: Heap, from: number, to: number): string {
  let used = 0;
  let released = 0;
  const { tree } = pages;
  for (let page = from; page < to; page++) {
    if (pages.isAllocated(page)) used++;
    else {
      const chunk = Math.floor(page / geometry.chunkPages);
      if (tree.isScavenged(tree.flatChunk(chunk), page - chunk * geometry.chunkPages)) released++;
    }
  }
  if (used === to - from) return "#";
  if (used > 0) return "+";
  return released === to - from ? "o" : ".";
}
