/**
 * Several policies in a word, as something is said of them:
 *
 *     go1.18                 one, or the preset in force for a release
 *     go1.13.3..go1.20       all presets of Go from one to the other
 *     ..go1.12.5             up to one
 *     go1.21.0..             from one on
 *     decay                  a contrast
 *     contrasts              all of these
 */

import { CONTRASTS } from "../../sim/policies/contrasts.js";
import { GO_PRESETS } from "../../sim/policies/go.js";
import { PolicySpecError, resolvePolicy } from "../policies.js";

/**
 * The presets and contrasts that a word stands for, by name, oldest first.
 * @throws PolicySpecError when one of its names is none, or a range is none
 */
export function choosePolicies(word: string): readonly string[] {
  if (/[{}]|\.(ya?ml|[mc]?[jt]s)$/.test(word)) {
    throw new PolicySpecError(
      `"${word}" is a policy of your own, which counts as the one that it changes: expected the name of that`,
    );
  }
  if (word === "contrasts") return CONTRASTS.map(({ name }) => name);
  const ends = word.split("..");
  if (ends.length === 1) return [resolvePolicy(word).name];
  if (ends.length > 2 || word === "..")
    throw new PolicySpecError(`"${word}" is no range of policies: expected one such as go1.13.3..go1.20`);
  const [first, last] = ends as [string, string];
  const from = first === "" ? 0 : place(word, first);
  const to = last === "" ? GO_PRESETS.length - 1 : place(word, last);
  if (from > to)
    throw new PolicySpecError(
      `${first} is newer than ${last}: expected the older release first, ${last}..${first}`,
    );
  return GO_PRESETS.slice(from, to + 1).map(({ name }) => name);
}

/** Where a release stands among the presets. */
function place(word: string, name: string): number {
  const { name: preset } = resolvePolicy(name);
  const found = GO_PRESETS.findIndex((one) => one.name === preset);
  if (found < 0)
    throw new PolicySpecError(`${name} is no release of Go: expected releases at both ends of ${word}`);
  return found;
}
