/** `mheapsim show`: what a scenario is about, what can be changed about it, and what it does; or all fields of a policy. */

import type { CommandModule } from "yargs";
import { textTable } from "../results/text-table.js";
import { scenarioNames } from "../scenarios/library.js";
import type { ParameterSpec, Scenario, WorkloadSpec } from "../scenarios/scenario.js";
import { formatDuration } from "../scenarios/units.js";
import { expectedEvents } from "../studies/expected-events.js";
import { resolvePolicy } from "../studies/policies.js";
import { givenPath, UsageError } from "./errors.js";
import { CHANGES, type Changes, findSource, loadScenario, SEED } from "./scenario-options.js";
import { describePolicy, isPolicy } from "./show-policy.js";

interface ShowArguments extends Changes {
  readonly scenario: string;
  readonly seed: string | undefined;
}

export const showCommand: CommandModule<object, ShowArguments> = {
  command: "show <scenario>",
  describe:
    "show a scenario: parameters, phases, workloads, and how many events to expect; or all fields of a policy",
  builder: (yargs) =>
    yargs
      .positional("scenario", {
        type: "string",
        demandOption: true,
        describe: "name or file of a scenario or policy",
      })
      .option("seed", SEED)
      .options(CHANGES)
      .example("$0 show steady", "a scenario of the library")
      .example("$0 show steady --param scale=10", "how much more work that would be")
      .example("$0 show go1.12.4", "a policy, with units and meanings"),
  handler: ({ scenario: wanted, seed, ...changes }) => {
    if (!scenarioNames().includes(wanted) && isPolicy(wanted)) {
      console.log(describePolicy(resolvePolicy(wanted), wanted));
      return;
    }
    const { kind, path } = findSource(givenPath(wanted));
    if (kind === "trace")
      throw new UsageError(
        `${wanted} is no scenario or policy: expected a name of mheapsim list scenarios or list policies, or a .yaml file`,
      );
    console.log(describeScenario(loadScenario(path, changes, seed)));
  },
};

function describeScenario(scenario: Scenario): string {
  const { name, about, issue, params, phases, actions, expect, durationNs, policy, seed } = scenario;
  const length =
    durationNs === Number.POSITIVE_INFINITY ? "as long as its traces" : formatDuration(durationNs);
  const sections = [
    `${name}${issue === null ? "" : ` (${issue})`}`,
    about.trim(),
    `${length} under ${policy}, seed ${seed}, ${scenario.machine.procs} Ps`,
    section("parameters", params.map(parameterRow), ["name", "value", "default", "from", "to", "meaning"]),
    section(
      "phases",
      phases.map((phase) => [
        phase.name,
        formatDuration(phase.startNs),
        formatDuration(phase.stopNs),
        phase.about.trim(),
      ]),
      ["name", "from", "to", "what"],
    ),
    section("workloads", scenario.workloads.map(workloadRow), ["name", "kind", "from", "events", "what"]),
    section(
      "actions",
      actions.slice(0, 20).map((action) => [formatDuration(action.atNs), action.do]),
      ["at", "what"],
    ),
    expect.length === 0 ? "" : `expect\n${expect.map(({ text }) => `  ${text}`).join("\n")}`,
    `about ${total(scenario)} events of workloads, and those of collector and scavenger`,
  ];
  return sections.filter((text) => text !== "").join("\n\n");
}

function section(title: string, rows: readonly string[][], header: readonly string[]): string {
  if (rows.length === 0) return "";
  const lines = textTable([header, ...rows], false).map((line) => `  ${line}`);
  return [title, ...lines].join("\n");
}

function parameterRow({ name, about, value, default: standard, min, max, choices }: ParameterSpec): string[] {
  const range = choices === null ? [String(min ?? ""), String(max ?? "")] : [choices.join(" | "), ""];
  return [name, String(value), String(standard), ...range, about.trim().replace(/\s+/g, " ")];
}

function workloadRow(workload: WorkloadSpec): string[] {
  const { name, spec, startNs, about } = workload;
  return [name, spec.kind, formatDuration(startNs), countText(expectedEvents(workload)), about.trim()];
}

function total({ workloads }: Scenario): string {
  return countText(workloads.reduce((sum, workload) => sum + expectedEvents(workload), 0));
}

/** A number of events, with two digits that count. */
function countText(events: number): string {
  if (Number.isNaN(events)) return "?";
  return String(events < 100 ? Math.round(events) : Number(events.toPrecision(2)));
}
