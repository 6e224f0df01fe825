/**
 * The command that makes a finished run again, to the same bytes, from what its manifest says.
 *
 * A scenario or trace that does not come with the tool is named by its file, without the folder that it was in: manifests know
 * of no paths.
 */

import type { FinishedRun } from "../results/run-folder.js";
import { BUNDLED_TRACES } from "../scenarios/library.js";
import { shellWord } from "./shell-word.js";
import { formatExactDuration } from "./shrink/exact-duration.js";

/** The command, for a shell. */
export function commandOf(run: FinishedRun): string {
  const words = run.source.kind === "trace" ? traceWords(run) : scenarioWords(run);
  const { keyframes, parameters } = run;
  const sampleNs = Number(parameters.sample_ns);
  if (Number.isFinite(sampleNs)) words.push("--sample", formatExactDuration(sampleNs));
  if (keyframes !== undefined) {
    const times =
      typeof keyframes === "number" ? String(keyframes) : keyframes.map(formatExactDuration).join(",");
    words.push("--heapmap", "--keyframes", times);
  }
  return ["mheapsim", "run", ...words.map(shellWord)].join(" ");
}

function scenarioWords({ source, name, seed, parameters, sets, policyRequested }: FinishedRun): string[] {
  const params = Object.entries(parameters).filter(([param]) => param !== "sample_ns");
  return [
    String(source.file ?? name),
    "--seed",
    seed,
    ...params.flatMap(([param, value]) => ["--param", `${param}=${value}`]),
    ...sets.flatMap((change) => ["--set", change]),
    "--set",
    `policy=${policyRequested}`,
  ];
}

function traceWords({ source, policyRequested }: FinishedRun): string[] {
  const file = String(source.file);
  const bundled = BUNDLED_TRACES.find((trace) => trace.file === file);
  return [
    file === "standard input" ? "-" : (bundled?.name ?? file),
    ...(source.mode === "spans-only" ? ["--spans-only"] : []),
    "--policy",
    policyRequested,
  ];
}
