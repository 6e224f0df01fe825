/**
 * What comes with the tool: recordings and scenarios.
 */

import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A bundled trace. */
export interface BundledTrace {
  readonly name: string;
  readonly file: string;
  readonly what: string;
}

/** The bundled traces, the default first. */
export const BUNDLED_TRACES: readonly BundledTrace[] = [
  {
    name: "compile-gotypes-gmp1",
    file: "compile-gotypes-gmp1.csv.gz",
    what: "the Go compiler compiling go/types, GOMAXPROCS=1, 2.2 s, 9 GC cycles (Go 1.18)",
  },
];

/** The path of a bundled trace. */
export function bundledPath(trace: BundledTrace): string {
  return join(packageRoot(), "scenarios", "library", trace.file);
}

/** Names of the bundled scenarios, in alphabetical order. */
export function scenarioNames(): string[] {
  return readdirSync(join(packageRoot(), "scenarios", "library"))
    .filter((name) => name.endsWith(SCENARIO_ENDING))
    .map((name) => name.slice(0, -SCENARIO_ENDING.length))
    .sort();
}

/** The path of a bundled scenario. */
export function scenarioPath(name: string): string {
  return join(packageRoot(), "scenarios", "library", `${name}${SCENARIO_ENDING}`);
}

const SCENARIO_ENDING = ".yaml";

/** The folder of the package, found from here upward: sources and compiled files lie at different depths. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("the package is not complete: package.json is missing");
    folder = parent;
  }
  return folder;
}
