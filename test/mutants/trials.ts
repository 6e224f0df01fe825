/** Mutants on trial: each is put into a copy of the sources, and every test that is said to catch it must fail there. */

import { Copy, type Outcome, type TestResult } from "./copy.js";
import type { Catcher, Mutant } from "./patch.js";

/** How a trial ended. */
export interface Verdict {
  /** A name for what was tried: the mutant's, or that of the sources as they are. */
  readonly name: string;
  readonly seconds: number;
  /** What is wrong, a sentence each: a test that did not notice, tests that could not be run. */
  readonly faults: readonly string[];
}

const AS_THEY_ARE = "(the sources as they are)";

/**
 * Tries mutants, and the sources as they are, which must pass all of their tests.
 * @param root the folder of the project
 * @param jobs how many at a time
 * @param onVerdict told of each as it ends
 * @returns all verdicts
 */
export async function tryAll(
  root: string,
  mutants: readonly Mutant[],
  jobs: number,
  onVerdict: (verdict: Verdict) => void,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  // The sources as they are first, since they take longest.
  const queue: (Mutant | undefined)[] = [undefined, ...mutants];
  const work = async (): Promise<void> => {
    const copy = new Copy(root);
    const remove = (): void => copy.remove();
    process.once("exit", remove);
    try {
      while (queue.length > 0) {
        const verdict = await tryOne(copy, queue.shift(), mutants);
        verdicts.push(verdict);
        onVerdict(verdict);
      }
    } finally {
      remove();
      process.off("exit", remove);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, queue.length) }, work));
  return verdicts;
}

async function tryOne(copy: Copy, mutant: Mutant | undefined, all: readonly Mutant[]): Promise<Verdict> {
  const start = performance.now();
  const catchers = mutant?.caughtBy ?? all.flatMap(({ caughtBy }) => caughtBy);
  const outcome = await copy.run(mutant, catchers);
  const faults =
    mutant === undefined ? faultsOfSources(outcome, catchers) : faultsOfMutant(outcome, catchers);
  return { name: mutant?.name ?? AS_THEY_ARE, seconds: (performance.now() - start) / 1000, faults };
}

function faultsOfSources({ results, trouble }: Outcome, catchers: readonly Catcher[]): string[] {
  const named = new Map(catchers.map((catcher) => [`${catcher.file} > ${catcher.test}`, catcher]));
  const missing = [...named].filter(([, catcher]) => !results.some((result) => isOf(result, catcher)));
  return [
    ...(trouble === undefined ? [] : [`the tests could not be run: ${trouble}`]),
    ...results
      .filter(({ passed }) => !passed)
      .map(({ file, test }) => `fails without any patch: ${file} > ${test}`),
    ...missing.map(([name]) => `there is no such test: ${name}`),
  ];
}

function faultsOfMutant({ results, trouble }: Outcome, catchers: readonly Catcher[]): string[] {
  if (trouble !== undefined) return [`the tests could not be run: ${trouble}`];
  const missed = catchers.filter(
    (catcher) => !results.some((result) => !result.passed && isOf(result, catcher)),
  );
  return missed.map(({ file, test }) => `survived: ${file} > ${test}`);
}

function isOf({ file, test }: TestResult, catcher: Catcher): boolean {
  return file === catcher.file && test.includes(catcher.test);
}
