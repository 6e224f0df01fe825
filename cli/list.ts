/** `mheapsim list`: what the tool knows. */

import type { CommandModule } from "yargs";
import { COLUMNS } from "../results/columns.js";
import { METRICS } from "../results/metrics.js";
import { textTable } from "../results/text-table.js";
import { BUNDLED_TRACES, scenarioNames, scenarioPath } from "../scenarios/library.js";
import { platform, platformNames } from "../sim/address/platforms.js";
import { POLICIES } from "../sim/policies/registry.js";
import { readScenario } from "../studies/scenarios.js";

const TOPICS = ["scenarios", "policies", "traces", "geometries", "columns", "metrics"] as const;
type Topic = (typeof TOPICS)[number];

interface ListArguments {
  what: Topic | undefined;
}

export const listCommand: CommandModule<object, ListArguments> = {
  command: "list [what]",
  describe:
    "list scenarios, policies (with the evidence for each), bundled traces, geometries, output columns, metrics",
  builder: (yargs) =>
    yargs
      .positional("what", {
        type: "string",
        choices: TOPICS,
        describe: "one of these; all of them by default",
      })
      .example("$0 list", "everything")
      .example("$0 list columns", "the columns of timeseries.csv"),
  handler: ({ what }) => {
    const topics = what === undefined ? TOPICS : [what];
    console.log(topics.map((topic) => `${topic}\n${table(ROWS[topic]())}`).join("\n\n"));
  },
};

const ROWS: Readonly<Record<Topic, () => string[][]>> = {
  scenarios: () => scenarioNames().map(scenarioRow),
  policies: () => POLICIES.map((policy) => [policy.name, policy.evidence, policy.what]),
  traces: () => BUNDLED_TRACES.map((trace) => [trace.name, trace.what]),
  geometries: () =>
    platformNames().map((name) => {
      const geometry = platform(name);
      const { heapAddrBits, levelBits, arenaBytes, physPageBytes, physHugePageBytes } = geometry;
      const sizes = [arenaBytes, physPageBytes, physHugePageBytes].map((bytes) => `${bytes / 1024} KiB`);
      return [
        name,
        `${heapAddrBits} bits`,
        `levels ${levelBits.join("+")}`,
        `arena ${sizes[0]}`,
        `page ${sizes[1]}`,
        `huge page ${sizes[2]}`,
      ];
    }),
  metrics: () => METRICS.map((metric) => [metric.name, metric.unit, metric.meaning]),
  columns: () => COLUMNS.map((column) => [column.name, column.kind, column.unit, column.meaning]),
};

/** Name, issue, and the first sentence of what a scenario is about. */
function scenarioRow(name: string): string[] {
  const { issue, about } = readScenario(scenarioPath(name));
  const sentence = /^.*?[.:](?=\s|$)/s.exec(about.trim())?.[0] ?? about.trim();
  return [name, issue ?? "", sentence.replace(/\s+/g, " ").replace(/[.:]$/, "")];
}

function table(rows: readonly string[][]): string {
  return textTable(rows, false)
    .map((line) => `  ${line}`)
    .join("\n");
}
