/**
 * Names that a scenario may use but that are defined elsewhere: columns, platforms, policies, bundled traces.
 *
 * Scenarios know neither the results nor the model, so whoever reads a scenario brings these along
 * (studies/scenarios.ts does).
 */

import type { PlatformSpec } from "./scenario.js";

/** The names, and a check of address spaces. */
export interface Vocabulary {
  /** Columns of the time series, with their units (`bytes`, `ns`, `ratio`, `calls/s`, …). */
  readonly metrics: readonly { readonly name: string; readonly unit: string }[];
  readonly platforms: readonly string[];
  /** What is wrong with the name of a policy, as a sentence; undefined when there is such a policy. */
  readonly policyFault: (policy: string) => string | undefined;
  /** The presets that a word such as go1.18 or go1.13.3..go1.20 stands for, or what is wrong with it, as a sentence. */
  readonly choosePolicies: (word: string) => readonly string[] | { readonly problem: string };
  /** What is impossible about an address space, as a sentence; undefined when nothing is. */
  readonly platformFault: (platform: PlatformSpec) => string | undefined;
}
