/** A fitted scenario as a file that a person can read and change: with comments that say what each part was taken from. */

import { Document, isCollection, isMap, isScalar, isSeq, visit } from "yaml";
import { formatDuration } from "../../units.js";
import type { FittedProgram } from "./fit.js";
import { fittedScenario } from "./scenario.js";

/** Maps and lists under these keys are written on one line. */
const ON_ONE_LINE = new Set(["rate", "repeat", "pages", "platform", "machine", "gc"]);

/** What the comments name. */
export interface FitSource {
  /** Name of the scenario. */
  readonly name: string;
  /** File name of the trace. */
  readonly file: string;
  /** Rows in it. */
  readonly rows: number;
}

/** The text of the scenario file of a fitted program. */
export function fittedYaml(program: FittedProgram, source: FitSource): string {
  // A dollar sign begins a parameter, two are one.
  const name = source.name.replaceAll("$", "$$$$");
  const document = new Document(fittedScenario(name, program), { aliasDuplicateObjects: false });
  layOut(document);
  document.commentBefore = header(program, source);
  const phases = document.get("phases");
  let cycle = 0;
  program.stretches.forEach((stretch, s) => {
    const pair = isMap(phases) ? phases.items[s] : undefined;
    if (pair !== undefined && isScalar(pair.key))
      pair.key.commentBefore = stretchComment(cycle, stretch.cycles);
    cycle += stretch.cycles;
  });
  const gc = document.contents;
  if (isMap(gc)) comment(gc.items.find(({ key }) => isScalar(key) && key.value === "gc")?.key, GC_COMMENT);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

const GC_COMMENT =
  " Collections are asked for when the recorded ones came, since lifetimes are counted in them. GOGC is so high that no\n" +
  " others start; the scavenger's goal goes by how the heap goal changes, and does not feel it.";

function header({ durationNs, procs, stretches }: FittedProgram, { file, rows }: FitSource): string {
  const cycles = stretches.reduce((sum, stretch) => sum + stretch.cycles, 0) - 1;
  return [
    ` Fitted to ${file} by mheapsim trace fit: ${rows} rows, ${formatDuration(durationNs)}, ${cycles} collections, GOMAXPROCS=${procs}.`,
    "",
    " A phase stands for collections that resemble each other. Its workloads are what is asked for in a part of each of",
    " these cycles: while marking (mark), while sweeping (sweep), and until the next collection starts (quiet). A part in",
    " which spans live differently early and late has several workloads (quiet, quiet-2, …). Large spans, stacks and the",
    " collector's own spans have workloads of their own; where they are few, they come in the recorded order.",
    "",
    " rate: spans asked for, from the recorded counts     collections: from when they were found dead",
    " weight: share of the spans of the workload          inARow: from how often one follows another of its sort",
    "",
    " All kinds of heap spans are taken to hold pointers. What the program did not do in the recording is not in here:",
    " another GOGC, or other collections, would take another recording.",
  ].join("\n");
}

function stretchComment(first: number, cycles: number): string {
  if (first === 0) return " Before the first collection";
  return cycles === 1
    ? ` Collection ${first}`
    : ` Collections ${first} to ${first + cycles - 1}, all with the means of them`;
}

function comment(node: unknown, text: string): void {
  if (isScalar(node)) node.commentBefore = text;
}

/** Puts short maps and lists on one line: sorts, actions, curves, distributions. */
function layOut(document: Document): void {
  visit(document, {
    Pair: (_, { key, value }) => {
      if (isScalar(key) && ON_ONE_LINE.has(String(key.value)) && isCollection(value)) value.flow = true;
      if (isSeq(value)) for (const item of value.items) if (isCollection(item)) item.flow = true;
    },
  });
}
