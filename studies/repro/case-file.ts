/** What repros and baselines have in common as files: YAML with a version, of a known shape, with errors that say where. */

import type { z } from "zod";
import { InputError } from "../../scenarios/input-error.js";
import { reportIssues } from "../../scenarios/load/messages.js";
import { readYaml } from "../../scenarios/load/yaml-source.js";
import { metricNamed } from "../hunt/effect.js";
import { StudyError } from "../study-error.js";
import type { Refuse } from "./case-scenario.js";

/** A kind of case. */
export interface CaseFormat<S extends z.ZodType> {
  /** The key that says the version, and what such a file is called. */
  readonly kind: "repro" | "baseline";
  readonly version: number;
  /** What is expected beside the version, for the message. */
  readonly beside: string;
  readonly schema: S;
}

/**
 * Reads the text of a case.
 * @returns its content, and how to refuse what only the caller can judge, with the path of the key in the file
 * @throws InputError with line and column when it is none, or of another version
 */
export function readCase<S extends z.ZodType>(
  text: string,
  path: string,
  { kind, version, beside, schema }: CaseFormat<S>,
): { content: z.output<S>; refuse: Refuse } {
  const { tree, problems } = readYaml(text, path);
  const refuse: Refuse = (at, problem) => {
    problems.report([...at], problem);
    throw problems.errors[0]!;
  };
  if (problems.any) throw problems.errors[0]!;
  const given = (tree as Record<string, unknown> | undefined)?.[kind];
  if (given === undefined) refuse([], `this is no ${kind}, expected ${kind}: ${version} and ${beside}`);
  if (given !== version) {
    refuse(
      [kind],
      `this ${kind} is of version ${String(given)}, expected ${version}: it was written by another version of the tool`,
    );
  }
  const read = schema.safeParse(tree);
  if (!read.success) {
    reportIssues(read.error.issues, tree, problems);
    throw problems.errors[0] ?? new InputError(path, 1, 1, `this is no ${kind}`);
  }
  return { content: read.data, refuse };
}

/** What is wrong with the name of a metric; undefined when nothing is. */
export function metricFault(name: string): string | undefined {
  try {
    metricNamed(name);
    return undefined;
  } catch (error) {
    if (error instanceof StudyError) return error.message;
    throw error;
  }
}
