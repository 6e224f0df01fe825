/**
 * Policy files: a preset, and what is changed about it.
 *
 *     name: my-idea
 *     extends: go1.22
 *     what: keeps a fifth more
 *     goal: { retainExtraPercent: 20 }
 */

import { readFileSync } from "node:fs";
import { InputError } from "../../scenarios/input-error.js";
import type { Path } from "../../scenarios/load/places.js";
import { readYaml, type YamlSource } from "../../scenarios/load/yaml-source.js";
import { nearMiss } from "../../scenarios/values/near-miss.js";
import { type FieldValue, POLICY_FIELDS } from "../../sim/policies/fields.js";
import type { Policy } from "../../sim/policies/policy.js";
import { PolicyFieldError, varyPolicy } from "./vary.js";

const GROUPS = [...new Set(POLICY_FIELDS.map((field) => field.path.split(".")[0]!))];
const KEYS = ["name", "extends", "what", ...GROUPS];

/**
 * Reads a policy file.
 * @param resolve what `extends` may name
 * @throws InputError with line and column when it is no policy
 */
export function readPolicyFile(path: string, resolve: (spec: string) => Policy): Policy {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "no such policy file" : `cannot be read: ${message}`;
    throw new InputError(path, 0, 0, why);
  }
  const source = readYaml(text, path);
  const policy = new PolicyFile(source, path).read(resolve);
  const fault = source.problems.errors[0];
  if (fault !== undefined) throw fault;
  return policy;
}

class PolicyFile {
  constructor(
    private readonly source: YamlSource,
    private readonly path: string,
  ) {}

  read(resolve: (spec: string) => Policy): Policy {
    const { tree } = this.source;
    const fault = this.source.problems.errors[0];
    if (fault !== undefined) throw fault;
    if (!isMap(tree)) this.refuse([], "expected a map with name and extends");
    for (const key of Object.keys(tree)) if (!KEYS.includes(key)) this.refuse([key], this.unknownKey(key));
    const name = this.text(tree, "name");
    if (!/^[\w.+-]+$/.test(name)) {
      this.refuse(["name"], `"${name}" is no name: expected letters, digits, and . _ + - between them`);
    }
    const base = this.base(this.text(tree, "extends"), resolve);
    if (base.name === name)
      this.refuse(["name"], `"${name}" is the policy that it extends: expected another name`);
    const what = tree["what"] === undefined ? `${base.name} with changes` : this.text(tree, "what");
    return { ...this.vary(base, name, tree), what, evidence: "contrast" };
  }

  private vary(base: Policy, name: string, tree: Record<string, unknown>): Policy {
    let policy = base;
    for (const group of GROUPS) {
      const fields = tree[group];
      if (fields === undefined) continue;
      if (!isMap(fields))
        this.refuse([group], `${group} is no map: expected fields, as in goal: { retainExtraPercent: 20 }`);
      for (const [field, value] of Object.entries(fields)) {
        try {
          policy = varyPolicy(policy, name, new Map([[`${group}.${field}`, value as FieldValue]]));
        } catch (error) {
          if (!(error instanceof PolicyFieldError)) throw error;
          this.refuse([group, field], error.message);
        }
      }
    }
    return { ...policy, name };
  }

  private base(spec: string, resolve: (spec: string) => Policy): Policy {
    try {
      if (/\.ya?ml(\{|$)/.test(spec))
        this.refuse(["extends"], "a file cannot extend a file: expected a preset");
      return resolve(spec);
    } catch (error) {
      if (error instanceof InputError) throw error;
      return this.refuse(["extends"], (error as Error).message);
    }
  }

  private text(tree: Record<string, unknown>, key: string): string {
    const value = tree[key];
    if (value === undefined) this.refuse([], `${key} is missing: expected name: and extends: at least`);
    if (typeof value !== "string" || value === "") this.refuse([key], `${key} is no text`);
    return value;
  }

  private unknownKey(key: string): string {
    const near = nearMiss(key, KEYS);
    return `a policy file has no key "${key}": ${near === undefined ? `expected one of ${KEYS.join(", ")}` : `did you mean "${near}"?`}`;
  }

  private refuse(at: Path, problem: string): never {
    this.source.problems.report(at, problem);
    throw this.source.problems.errors[0] ?? new InputError(this.path, 0, 0, problem);
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
