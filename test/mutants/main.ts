/**
 * Mutants: is each rule of the model guarded by a test?
 *
 *     npm run mutants                        all of them; exit 1 when one survives
 *     npm run mutants -- --only NAME         one (or more, with commas)
 *     npm run mutants -- --jobs 1            so many at a time; by default one for each core
 *     npm run mutants -- --only NAME --against test/sim/pages     which tests of a folder or file notice it, whatever it says
 *     npm run mutants -- --table             writes the table of docs/mutants.md
 */

import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Compiler } from "./compiles.js";
import { Copy } from "./copy.js";
import { apply, type Mutant, PatchError, readMutants } from "./patch.js";
import { withTable } from "./table.js";
import { tryAll } from "./trials.js";

const ROOT = resolve(import.meta.dirname, "../..");
const DOCUMENT = join(ROOT, "docs/mutants.md");

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    jobs: { type: "string" },
    against: { type: "string" },
    table: { type: "boolean" },
  },
});

// What is interrupted removes its copies.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));

try {
  const mutants = chosen(readMutants());
  if (values.table) writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, "utf8"), readMutants()));
  else if (values.against !== undefined) await against(mutants, values.against);
  else await trial(mutants);
} catch (error) {
  if (!(error instanceof PatchError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function trial(mutants: readonly Mutant[]): Promise<void> {
  const start = performance.now();
  const compiler = new Compiler(ROOT);
  const stillborn = mutants.flatMap((mutant) => {
    const complaint = compiler.complaint(mutant);
    return complaint === undefined ? [] : [`${mutant.name}: no program: ${complaint}`];
  });
  for (const line of stillborn) console.log(line);
  const verdicts = await tryAll(ROOT, mutants, jobs(), ({ name, seconds, faults }) => {
    console.log(`${faults.length === 0 ? "ok  " : "FAIL"} ${seconds.toFixed(1).padStart(5)} s  ${name}`);
    for (const fault of faults) console.log(`     ${fault}`);
  });
  const failed = verdicts.filter(({ faults }) => faults.length > 0).length + stillborn.length;
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(
    `${mutants.length} mutants, ${failed === 0 ? "all caught" : `${failed} failures`}, ${seconds} s`,
  );
  if (failed > 0) process.exitCode = 1;
}

/** What notices a mutant among the tests of a folder or file: to write its patch by. */
async function against(mutants: readonly Mutant[], file: string): Promise<void> {
  const copy = new Copy(ROOT);
  process.once("exit", () => copy.remove());
  for (const mutant of mutants) {
    const { results, trouble } = await copy.run(mutant, [{ file, test: "" }]);
    const failed = results.filter(({ passed }) => !passed);
    console.log(
      `${mutant.name}: ${failed.length} of ${results.length} tests notice${trouble === undefined ? "" : `; ${trouble}`}`,
    );
    for (const result of failed) console.log(`     ${result.file} > ${result.test}`);
  }
}

function chosen(mutants: readonly Mutant[]): readonly Mutant[] {
  for (const mutant of mutants) apply(mutant, readFileSync(join(ROOT, mutant.file), "utf8"));
  if (values.only === undefined) return mutants;
  const names = values.only.split(",");
  const unknown = names.find((name) => !mutants.some((mutant) => mutant.name === name));
  if (unknown === undefined) return mutants.filter(({ name }) => names.includes(name));
  console.error(`mutants: there is no mutant ${unknown} in test/mutants/patches`);
  process.exit(2);
}

function jobs(): number {
  if (values.jobs === undefined) return availableParallelism();
  if (/^[1-9]\d*$/.test(values.jobs)) return Number(values.jobs);
  console.error(`mutants: --jobs is ${values.jobs}, expected a whole number from 1`);
  process.exit(2);
}
