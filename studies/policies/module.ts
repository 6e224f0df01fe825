/**
 * Policies whose fit or scavenger is code of the user's own: a JavaScript or TypeScript module with a default export.
 *
 *     export default {
 *       name: "worst-fit",
 *       extends: "go1.22",
 *       fit: (pages, options) => new WorstFit(pages),
 *     };
 *
 * A policy is plain data, which goes from thread to thread; what it has of a module is the path and a digest of its text.
 * Whoever runs it loads the module where it runs. TypeScript is compiled on the way (tsx), and not type-checked.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { InputError } from "../../scenarios/input-error.js";
import { nearMiss } from "../../scenarios/values/near-miss.js";
import { type PolicyParts, partsOf, registerParts } from "../../sim/heap/own-parts.js";
import type { FieldValue } from "../../sim/policies/fields.js";
import type { Policy } from "../../sim/policies/policy.js";
import { PolicyFieldError, varyPolicy } from "./vary.js";

/** What a policy module exports by default. */
export interface PolicyModule extends PolicyParts {
  /** Letters, digits, and . _ + - between them. */
  readonly name: string;
  /** A preset or contrast, with changes in braces or without. */
  readonly extends: string;
  /** In a line: what it does. */
  readonly what?: string;
  /** Fields that it changes, by path: { "goal.retainExtraPercent": 20 }. */
  readonly fields?: Readonly<Record<string, FieldValue>>;
}

const KEYS = ["name", "extends", "what", "fields", "fit", "scavenger"];

/** Whether what a user wrote for a policy names a module. */
export function isModulePath(spec: string): boolean {
  return /\.[cm]?[jt]s$/.test(spec);
}

/**
 * Reads a policy from a module, and loads it.
 * @param path of the file
 * @param base what `extends` may name
 * @throws InputError when it is no policy
 */
export function readPolicyModule(path: string, base: (spec: string) => Policy): Policy {
  const refuse = (problem: string): never => {
    throw new InputError(path, 0, 0, problem);
  };
  const sha256 = digestOf(path);
  const module = load(path);
  if (typeof module !== "object" || module === null) {
    refuse("it has no default export: expected export default { name, extends, fit or scavenger }");
  }
  checkKeys(module, refuse);
  const { name, extends: extended, what, fields = {} } = module;
  const from = baseOf(extended, base, refuse);
  if (from.name === name) refuse(`name is that of the policy that it extends, ${name}: expected another one`);
  registerParts(resolve(path), module);
  try {
    const varied = varyPolicy(from, name, new Map(Object.entries(fields)));
    const own = { path: resolve(path), sha256 };
    return {
      ...varied,
      evidence: "contrast",
      what: what ?? `${from.name} with parts of its own`,
      module: own,
    };
  } catch (error) {
    if (!(error instanceof PolicyFieldError)) throw error;
    return refuse(error.message);
  }
}

/** Loads the module of a policy, if it has one that is not loaded in this thread yet. @throws InputError */
export function loadPolicyModule({ module }: Policy): void {
  if (module === undefined || partsOf(module.path) !== undefined) return;
  registerParts(module.path, load(module.path));
}

function digestOf(path: string): string {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new InputError(
      path,
      0,
      0,
      code === "ENOENT" ? "no such policy module" : `cannot be read: ${message}`,
    );
  }
}

function load(path: string): PolicyModule {
  try {
    // The compiler is loaded with the first module: most runs have none, and no thread of a study should wait for it.
    const tsx: typeof import("tsx/cjs/api") = createRequire(import.meta.url)("tsx/cjs/api");
    return (tsx.require(resolve(path), import.meta.url) as { default: PolicyModule }).default;
  } catch (error) {
    throw new InputError(path, 0, 0, `the policy module cannot be loaded: ${sentenceOf(error as Error)}`);
  }
}

/** Of what a loader says, the line that tells the place, or else the first. */
function sentenceOf({ message }: Error): string {
  const lines = message.split("\n").filter((line) => line.trim() !== "");
  return (lines.find((line) => line.includes("ERROR:")) ?? lines[0] ?? "it throws").trim();
}

function checkKeys(module: PolicyModule, refuse: (problem: string) => never): void {
  for (const key of Object.keys(module)) {
    if (KEYS.includes(key)) continue;
    const near = nearMiss(key, KEYS);
    const hint = near === undefined ? `expected ${KEYS.join(", ")}` : `did you mean "${near}"?`;
    refuse(`a policy module exports no "${key}": ${hint}`);
  }
  const { name, fit, scavenger, fields } = module;
  if (typeof name !== "string" || !/^[\w.+-]+$/.test(name)) {
    refuse(`name is ${JSON.stringify(name)}: expected letters, digits, and . _ + - between them`);
  }
  for (const [key, part] of Object.entries({ fit, scavenger })) {
    if (part !== undefined && typeof part !== "function") {
      refuse(`${key} is no function: expected one that makes a ${key} for the pages of a heap`);
    }
  }
  if (fields !== undefined && (typeof fields !== "object" || fields === null)) {
    refuse('fields is no map: expected values by path, as in { "goal.retainExtraPercent": 20 }');
  }
  if (fit === undefined && scavenger === undefined) {
    refuse("it brings neither a fit nor a scavenger: for other values of fields, a .yaml file is enough");
  }
}

function baseOf(spec: unknown, base: (spec: string) => Policy, refuse: (problem: string) => never): Policy {
  if (typeof spec !== "string")
    return refuse("extends is missing: expected the name of a policy, such as go1.22");
  if (isModulePath(spec) || /\.ya?ml$/.test(spec))
    return refuse("a module cannot extend a file: expected a preset");
  try {
    return base(spec);
  } catch (error) {
    return refuse(`extends: ${(error as Error).message}`);
  }
}
