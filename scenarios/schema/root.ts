/**
 * The schema of a scenario file. What it says of each key is also the JSON Schema's description of it.
 *
 * The result is not yet a Scenario: times of workloads and actions still count from the start of their phases, and names
 * of workloads, phases, columns and platforms are not looked up. That happens in ../load/build.ts.
 */

import { z } from "zod";
import { named, object, positiveDuration, quantity, text } from "./common.js";
import {
  action,
  costs,
  expectation,
  gc,
  limits,
  lock,
  machine,
  parameter,
  platform,
  regret,
  samples,
  scavenger,
  seed,
} from "./sections.js";
import { workload } from "./workloads.js";

const workloads = named(workload);

const phase = object({
  about: text.optional().describe("What happens in it"),
  duration: quantity(positiveDuration).describe("How long it lasts"),
  workloads: workloads
    .default({})
    .describe("Workloads that run in it, side by side; what they made lives on"),
  actions: z.array(action).default([]).describe("Actions, at times from its start"),
}).meta({ id: "Phase", description: "A part of the run with its own workloads" });

/** The whole file. */
export const scenarioSchema = object({
  name: text.describe("Name of the scenario, used for the output folder"),
  about: text.default("").describe("What it shows, and what to look at"),
  issue: text.optional().describe("The report that it reproduces, such as golang/go#78962"),
  params: named(parameter).default({}).describe("Parameters by name"),
  seed: seed.default("1").describe("Seed of all random numbers"),
  platform: platform.prefault("linux/amd64").describe("The address space"),
  machine: machine.prefault({}).describe("What the program runs on"),
  gc: gc.prefault({}).describe("The garbage collector"),
  costs: costs.prefault({}).describe("What things cost in virtual time"),
  lock: lock.prefault({}).describe("The heap lock"),
  regret: regret.prefault({}).describe("What counts as memory that was released too soon"),
  scavenger: scavenger.prefault({}).describe("The background scavenger"),
  policy: text.default("go1.18").describe("The policy of the page heap, see mheapsim list policies"),
  duration: quantity(positiveDuration)
    .optional()
    .describe("Length of the run (default: that of its phases, or until its workloads stop)"),
  samples: samples.prefault(1000).describe("Rows of the time series"),
  limits: limits.prefault({}).describe("Where a runaway run is stopped"),
  phases: named(phase).default({}).describe("Parts of the run, one after the other"),
  workloads: workloads.default({}).describe("Workloads of the whole run, side by side"),
  actions: z.array(action).default([]).describe("Actions, at times from the start of the run"),
  expect: z.array(expectation).default([]).describe("Assertions that are checked at the end"),
});

/** A scenario file's content, as a program may write it too. */
export type ScenarioInput = z.input<typeof scenarioSchema>;

/** A scenario file's content, read, with defaults. */
export type ScenarioContent = z.output<typeof scenarioSchema>;
