/** The background scavenger that a policy chooses: one line for each way of pacing. */

import type { Simulation } from "../../engine/simulation.js";
import type { Costs } from "../gc/costs.js";
import type { Heap } from "../heap/heap.js";
import { PolicyError } from "../heap/own-parts.js";
import { BackgroundScavenger } from "./background.js";
import { DecayScavenger } from "./decay.js";
import { EwmaScavenger } from "./ewma.js";
import { LinearScavenger } from "./linear.js";
import { type Background, type BackgroundOptions, NoBackground } from "./pacing.js";
import { PeriodicScavenger } from "./periodic.js";

/** The background scavenger of a heap's policy. @throws PolicyError for one that is not modelled */
export function createBackground(
  sim: Simulation,
  heap: Heap,
  costs: Costs,
  options: BackgroundOptions = {},
): Background {
  const { policy } = heap;
  switch (policy.scavenger.background) {
    case "pi":
      return new BackgroundScavenger(sim, heap, costs, options);
    case "ewma":
      return new EwmaScavenger(sim, heap, costs, options);
    case "periodic":
      return new PeriodicScavenger(sim, heap, costs, options);
    case "linear":
      return new LinearScavenger(sim, heap, costs, options);
    case "decay":
      return new DecayScavenger(sim, heap, costs, options);
    // What an oracle releases goes when it becomes free (oracle.ts), so nothing happens in the background.
    case "oracle":
    case "none":
      return new NoBackground(sim, heap, costs, options);
    default:
      throw new PolicyError(
        `${policy.name}: there is no background scavenger "${policy.scavenger.background}" yet`,
      );
  }
}
