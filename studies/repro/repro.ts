/**
 * A repro: a case in which one policy is worse than another, kept in a file that people can read and edit.
 *
 *     repro: 1
 *     metric: peak_heap_sys_bytes
 *     baseline: go1.12.5
 *     candidate: go1.12.0
 *     effect: 1                   # when it was written
 *     tolerance: 0.05             # how far it may be from that
 *     fingerprints: [8c1f…, 02ab…]
 *     scenario:                   # a scenario as in a file of its own, or the name of one of the library
 *       name: …
 *       workloads: …
 *
 * Comments above it tell what happens in it.
 */

import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { z } from "zod";
import { TOOL_VERSION } from "../../results/version.js";
import { InputError } from "../../scenarios/input-error.js";
import type { Scenario } from "../../scenarios/scenario.js";
import type { ScenarioInput } from "../../scenarios/schema/root.js";
import { policyFault } from "../policies.js";
import { scenario } from "../scenarios.js";
import { metricFault, readCase } from "./case-file.js";
import { CASE_SCENARIO, caseTree } from "./case-scenario.js";

/** Version of the format. */
export const REPRO_VERSION = 1;
/** How far an effect may be from what is written: as a part of it. */
export const DEFAULT_TOLERANCE = 0.05;

/** A case. */
export interface Repro {
  readonly metric: string;
  readonly baseline: string;
  readonly candidate: string;
  readonly effect: number;
  readonly tolerance: number;
  /** Of the runs under both policies when it was written; "" where not known. */
  readonly fingerprints: readonly [baseline: string, candidate: string];
  /** Version of the tool that wrote it. */
  readonly tool: string;
  /** What it is about, for people. */
  readonly about: string;
  readonly tree: ScenarioInput;
}

const schema = z.strictObject({
  repro: z.literal(REPRO_VERSION),
  tool: z.string().default(TOOL_VERSION),
  about: z.string().default(""),
  metric: z.string(),
  baseline: z.string(),
  candidate: z.string(),
  effect: z.number(),
  tolerance: z.number().min(0).max(1).default(DEFAULT_TOLERANCE),
  fingerprints: z.tuple([z.string(), z.string()]).default(["", ""]),
  ...CASE_SCENARIO,
});

const FORMAT = { kind: "repro", version: REPRO_VERSION, beside: "a case", schema } as const;

/**
 * Reads a repro.
 * @throws InputError with line and column when it is none, is of another version, or names what does not exist
 */
export function readRepro(path: string): Repro {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new InputError(
      path,
      0,
      0,
      code === "ENOENT" ? "there is no such repro" : `cannot be read: ${message}`,
    );
  }
  return reproOf(text, path);
}

/** Reads the text of a repro; see readRepro. */
export function reproOf(text: string, path: string): Repro {
  const { content, refuse } = readCase(text, path, FORMAT);
  const { scenario: given, params, seed, ...rest } = content;
  const unknown = metricFault(rest.metric);
  if (unknown !== undefined) refuse(["metric"], unknown);
  for (const side of ["baseline", "candidate"] as const) {
    const fault = policyFault(rest[side]);
    if (fault !== undefined) refuse([side], fault);
  }
  return { ...rest, tree: caseTree({ scenario: given, params, seed }, refuse) };
}

/** The scenario of a repro. @throws InputError when it is none */
export function reproScenario(repro: Repro): Scenario {
  return scenario(repro.tree);
}

/** The text of a repro, with its story as comments above it. */
export function reproText(repro: Repro, story: readonly string[]): string {
  const { tree, about, ...rest } = repro;
  const content = {
    repro: REPRO_VERSION,
    ...(about === "" ? {} : { about }),
    tool: rest.tool,
    metric: rest.metric,
    baseline: rest.baseline,
    candidate: rest.candidate,
    effect: Number(rest.effect.toPrecision(6)),
    tolerance: rest.tolerance,
    fingerprints: [...rest.fingerprints],
    scenario: tree,
  };
  const comments = story.map((line) => `# ${line}`.trimEnd()).join("\n");
  return `${comments}${comments === "" ? "" : "\n"}${stringify(content, { lineWidth: 120 })}`;
}
