/**
 * What a picture says about the runs in it: scenario, policy, seed, version; and, with several runs, which is which.
 */

import type { FinishedRun } from "../run-folder.js";
import { wrapParts } from "./font-metrics.js";
import { SUBTITLE_SIZE, TITLE_SIZE } from "./theme.js";

/** Title and lines below it. */
export interface Heading {
  readonly title: readonly string[];
  readonly subtitle: readonly string[];
}

/** A property in which runs may differ. */
type Property = readonly [name: string, value: string];

/**
 * The heading of a picture.
 * @param what it shows, such as "memory"
 * @param width in px
 */
export function headingOf(what: string, runs: readonly FinishedRun[], width: number): Heading {
  const names = [...new Set(runs.map((run) => run.name))];
  const common = commonProperties(runs).filter(([name]) => name !== "name");
  const version = `mheapsim ${runs[0]!.version}`;
  const who = common.filter(([name]) => name === "policy" || name === "seed").map(propertyText);
  const parameters = common.filter(([name]) => name !== "policy" && name !== "seed").map(propertyText);
  const wrap = (parts: readonly string[]): string[] => wrapParts(parts, " · ", SUBTITLE_SIZE, width);
  return {
    title: wrapParts(`${names.join(", ")}: ${what}`.split(" "), " ", TITLE_SIZE, width, true),
    subtitle: [...wrap([...who, version]), ...wrap(parameters)],
  };
}

/** What the heading of a study says. */
export interface StudyFacts {
  readonly title: string;
  /** Seeds, version and so on. */
  readonly facts: readonly string[];
  readonly parameters: FinishedRun["parameters"];
  /** How to read the picture. */
  readonly notes: readonly string[];
  /** px */
  readonly width: number;
}

/** The heading of a picture of many runs. */
export function studyHeading({ title, facts, parameters, notes, width }: StudyFacts): Heading {
  const given = Object.entries(parameters)
    .filter(([name]) => name !== "sample_ns")
    .map(([name, value]) => propertyText([name, String(value)]));
  const wrap = (parts: readonly string[]): string[] => wrapParts(parts, " · ", SUBTITLE_SIZE, width);
  return {
    title: wrapParts(title.split(" "), " ", TITLE_SIZE, width, true),
    subtitle: [...wrap(facts), ...wrap(given), ...wrap(notes)],
  };
}

/** A label for each run, of the properties in which they differ; the folder when they differ in nothing. */
export function runLabels(runs: readonly FinishedRun[]): string[] {
  const common = new Set(commonProperties(runs).map(([name]) => name));
  const labels = runs.map((run) =>
    propertiesOf(run)
      .filter(([name]) => !common.has(name))
      .map(propertyText)
      .join(", "),
  );
  const repeated = (label: string): boolean => labels.filter((other) => other === label).length > 1;
  return labels.map((label, i) =>
    label === "" || repeated(label)
      ? [label, runs[i]!.folder].filter((part) => part !== "").join(", ")
      : label,
  );
}

/** Parameters that are not told, or told otherwise. */
const NO_PARAMETER: readonly string[] = ["sample_ns", "name", "policy", "seed"];

/** Properties in the order in which they are told. */
function propertiesOf({ name, policy, seed, parameters }: FinishedRun): Property[] {
  // How often samples are taken is no property of what happened; a parameter that names the policy is only its default where a
  // comparison chose another.
  const given = Object.entries(parameters).filter(([key]) => !NO_PARAMETER.includes(key));
  return [
    ["name", name],
    ["policy", policy],
    ["seed", seed],
    ...given.map(([key, value]): Property => [key, String(value)]),
  ];
}

function commonProperties(runs: readonly FinishedRun[]): Property[] {
  const others = runs.slice(1).map((run) => new Map(propertiesOf(run)));
  return propertiesOf(runs[0]!).filter(([name, value]) => others.every((other) => other.get(name) === value));
}

function propertyText([name, value]: Property): string {
  switch (name) {
    case "name":
    case "policy":
      return value;
    case "seed":
      return value === "" ? "recorded program" : `seed ${value}`;
    default:
      return `${name} = ${value}`;
  }
}
