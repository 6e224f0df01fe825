/** The half of `mheapsim run` that runs scenarios. */

import { join } from "node:path";
import { closingTable } from "../results/terminal.js";
import { formatDuration, formatSize } from "../scenarios/units.js";
import { type RunScenarioResult, runScenario } from "../studies/run-scenario.js";
import { EXIT_FAILED } from "./errors.js";
import { startProgress } from "./progress.js";
import { type Changes, loadScenario } from "./scenario-options.js";

/** What the command line asks for. */
export interface ScenarioArguments extends Changes {
  readonly path: string;
  readonly seed: string | undefined;
  readonly out: string | undefined;
  readonly force: boolean;
  readonly sampleNs: number | undefined;
}

/** Runs a scenario and prints what came out. */
export function runScenarioCommand(args: ScenarioArguments): void {
  const read = loadScenario(args.path, args, args.seed);
  const { sampleNs } = args;
  const scenario =
    sampleNs === undefined ? read : { ...read, samples: { kind: "every", everyNs: sampleNs } as const };
  const { name, policy, seed } = scenario;
  const progress = startProgress(name);
  let result: RunScenarioResult;
  try {
    result = runScenario({
      scenario,
      out: args.out ?? join("out", `${name}-${policy}-${seed}`),
      force: args.force,
      onProgress: (share) => progress.update(share),
    });
  } finally {
    progress.stop();
  }
  const duration = formatDuration(result.endNs);
  console.log(`${name} under ${policy}, seed ${seed}: ${duration}, ${result.events} events`);
  console.log();
  console.log(closingTable(result.samples, formatSize));
  console.log();
  console.log(`fingerprint ${result.fingerprint}`);
  console.log(
    `written to ${args.out ?? join("out", `${name}-${policy}-${seed}`)}: timeseries.csv, summary.json, manifest.json`,
  );
  if (result.end === "completed") return;
  console.error(result.endMessage);
  process.exitCode = EXIT_FAILED;
}
