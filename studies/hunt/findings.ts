/** Writes what a hunt has found: a line each with the command that makes it again, and each as a repro. */

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TOOL_VERSION } from "../../results/version.js";
import { DEFAULT_TOLERANCE, reproText } from "../repro/repro.js";
import { findingLine, type HuntOptions, writeWhole } from "./hunt.js";
import type { Entry } from "./ledger.js";
import { HuntCases } from "./source.js";

/**
 * Writes findings.txt and finding-01.repro, finding-02.repro, …, in place of those of an earlier sitting.
 * @param command the one that makes an evaluation again
 * @throws OutputError when they cannot be written
 */
export function writeFindings(
  options: HuntOptions,
  findings: readonly Entry[],
  command: (entry: Entry) => string,
): void {
  const lines = findings.map((entry) => findingLine(options, entry, command(entry)));
  writeWhole(join(options.out, "findings.txt"), lines.map((line) => `${line}\n`).join(""));
  for (const name of readdirSync(options.out))
    if (/^finding-\d+\.repro$/.test(name)) rmSync(join(options.out, name));
  const cases = new HuntCases(options.source);
  findings.forEach((entry, i) => {
    const { tree } = cases.of(entry.seed, entry.point);
    const text = reproText(
      {
        metric: options.metric,
        baseline: options.baseline,
        candidate: options.candidate,
        effect: entry.effect!,
        tolerance: DEFAULT_TOLERANCE,
        fingerprints: entry.fingerprints,
        tool: TOOL_VERSION,
        about: "",
        tree,
      },
      [`Found by: ${command(entry)}`],
    );
    writeWhole(join(options.out, `finding-${String(i + 1).padStart(2, "0")}.repro`), text);
  });
}
