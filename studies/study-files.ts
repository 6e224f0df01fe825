/** What studies put into their output folders besides their own tables: the files of cells, and what is known of them. */

import type { OutputFolder } from "../results/output-folder.js";
import { sha256 } from "./cells/cell.js";
import { RESULT_FILES } from "./cells/cell-folder.js";
import type { CellRunner } from "./cells/cell-runner.js";
import type { StudyRun } from "./study.js";

/** The folder of a run below that of its arm, `seed-0001`. */
export function seedFolder(seed: number): string {
  return `seed-${String(seed).padStart(4, "0")}`;
}

/**
 * Names of folders for things with any name: without what file systems and shells stumble over, and unique whatever the
 * order of the names.
 */
export function folderNames(names: readonly string[]): Map<string, string> {
  const plain = (name: string): string =>
    name.replace(/[^\w.+=-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "") || "x";
  const counts = new Map<string, number>();
  // Some file systems hold upper and lower case for the same.
  for (const name of names)
    counts.set(plain(name).toLowerCase(), (counts.get(plain(name).toLowerCase()) ?? 0) + 1);
  return new Map(
    names.map((name) => {
      const isAlone = counts.get(plain(name).toLowerCase()) === 1 && plain(name).length <= 100;
      return [name, isAlone ? plain(name) : `${plain(name).slice(0, 80)}-${sha256(name).slice(0, 8)}`];
    }),
  );
}

/**
 * Puts the files of a run into an output folder.
 * @param prefix of their names, with a slash at its end
 * @param files gets their digests
 */
export function adoptRun(
  output: OutputFolder,
  runner: CellRunner,
  run: StudyRun,
  prefix: string,
  files: Map<string, string>,
): void {
  for (const name of RESULT_FILES) {
    output.adopt(`${prefix}${name}`, `${runner.folderOf(run.cell)}/${name}`);
    files.set(`${prefix}${name}`, run.digests[name]!);
  }
}

/** How a run went, for JSON. */
export function runJson({ cell, outcome }: StudyRun): Record<string, string | number | null> {
  return {
    policy: cell.policy.name,
    seed: cell.seed,
    end: outcome.end,
    end_ns: outcome.endNs,
    fingerprint: outcome.fingerprint,
    failed_expectations: outcome.failures.length,
  };
}

/**
 * What one should know about the runs of an arm before its numbers are read, a line each.
 * @param changing columns that do not settle
 */
export function runNotes(name: string, runs: readonly StudyRun[], changing: readonly string[]): string[] {
  const early = runs.filter(({ outcome }) => outcome.end !== "completed");
  const failing = runs.filter(({ outcome }) => outcome.failures.length > 0);
  const notes: string[] = [];
  if (early.length > 0) {
    const ends = [...new Set(early.map(({ outcome }) => outcome.end))].sort().join(", ");
    notes.push(
      `${name}: ${early.length} of ${runs.length} runs ended early (${ends}); their metrics are undefined`,
    );
  }
  if (failing.length > 0) {
    notes.push(
      `${name}: ${failing.length} of ${runs.length} runs do not meet what the scenario expects, as in ${failing[0]!.outcome.failures[0]}`,
    );
  }
  if (changing.length > 0) {
    notes.push(
      `${name}: ${changing.join(" and ")} had not settled by the middle of the run, so means depend on its length`,
    );
  }
  return notes;
}
