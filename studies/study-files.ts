/** What studies put into their output folders besides their own tables: the files of cells, and what is known of them. */

import type { OutputFolder } from "../results/output-folder.js";
import { seedFolder } from "../results/result-folder.js";
import { sha256 } from "./cells/cell.js";
import { resultFiles, strip } from "./cells/cell-folder.js";
import type { CellRunner } from "./cells/cell-runner.js";
import type { StudyRun } from "./study.js";

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

/** Where the runs of a study go in its output folder. @param prefix of the folder of a run's seed, with a slash at its end */
export interface Placed {
  readonly run: StudyRun;
  readonly prefix: string;
}

/** Digests of the files of runs, by the names that they will have. */
export function placedDigests(placed: readonly Placed[]): [string, string][] {
  return placed.flatMap(({ run, prefix }) =>
    resultFiles(run.digests).map((name): [string, string] => [
      `${placeOf(run, prefix)}/${name}`,
      run.digests[name]!,
    ]),
  );
}

/**
 * Moves the files of runs into an output folder in which everything else is written: what can fail, such as for want of
 * space, comes before, while the runs are still kept.
 */
export function adoptRuns(output: OutputFolder, runner: CellRunner, placed: readonly Placed[]): void {
  for (const { run, prefix } of placed) {
    const folder = runner.folderOf(run.cell);
    strip(folder);
    output.adopt(placeOf(run, prefix), folder);
  }
}

function placeOf({ cell }: StudyRun, prefix: string): string {
  return `${prefix}${seedFolder(cell.seed)}`;
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
