/**
 * What zod finds, as sentences: what is wrong, and what would be right.
 */

import type { z } from "zod";
import { knownKeys } from "../schema/common.js";
import { isMap } from "../schema/tagged.js";
import { describe } from "../values/describe.js";
import { nearMiss, suggestion } from "../values/near-miss.js";
import { type Path, type Problems, pathText } from "./places.js";

type Issue = z.core.$ZodIssue;

/** Reports what the schema found in a tree. */
export function reportIssues(issues: readonly Issue[], tree: unknown, problems: Problems): void {
  const misspelt = misspeltKeys(issues);
  for (const issue of issues) {
    if (problems.isSpoilt(issue.path) || isShadow(issue, tree, misspelt)) continue;
    reportIssue(issue, tree, problems);
  }
}

/** Objects with unknown keys, and the keys that were probably meant. */
function misspeltKeys(issues: readonly Issue[]): ReadonlyMap<string, readonly (string | undefined)[]> {
  const found = new Map<string, readonly (string | undefined)[]>();
  for (const issue of issues) {
    if (issue.code !== "unrecognized_keys") continue;
    const known = knownKeys(issue.message);
    found.set(
      pathText(issue.path),
      issue.keys.map((key) => nearMiss(key, known)),
    );
  }
  return found;
}

/** Whether an issue only says again that a key is misspelt: the key that was meant is missing, the whole has no kind. */
function isShadow(
  issue: Issue,
  tree: unknown,
  misspelt: ReadonlyMap<string, readonly (string | undefined)[]>,
): boolean {
  if (issue.code === "unrecognized_keys") return false;
  if (issue.code === "custom" && misspelt.has(pathText(issue.path))) return true;
  if (valueAt(tree, issue.path) !== undefined) return false;
  const meant = misspelt.get(pathText(issue.path.slice(0, -1))) ?? [];
  return issue.path.length > 0 && meant.includes(String(issue.path.at(-1)));
}

function reportIssue(issue: Issue, tree: unknown, problems: Problems): void {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(issue.message);
    for (const key of issue.keys) {
      problems.report(
        [...path, key],
        `the key ${describe(key)} is not known, ${suggestion(key, known)}`,
        "key",
      );
    }
    return;
  }
  const found = valueAt(tree, path);
  if (isMissing(issue, found, path)) {
    const expected = issue.code === "custom" ? issue.message : `expected ${expectedOf(issue)}`;
    const key = describe(path.at(-1));
    problems.report(path.slice(0, -1), `${key} is missing, ${expected}`, "key");
    return;
  }
  if (issue.code === "invalid_key") {
    const key = String(path.at(-1));
    problems.report(
      path,
      `${describe(key)} is not a name, expected a letter, then letters, digits, _ and -`,
      "key",
    );
    return;
  }
  problems.report(inTree(tree, path), found === null ? emptyValue(issue) : sentence(issue, found));
}

function isMissing(issue: Issue, found: unknown, path: Path): boolean {
  if (path.length === 0 || found !== undefined) return false;
  return issue.code !== "custom" || issue.params?.["missing"] === true;
}

function emptyValue(issue: Issue): string {
  if (issue.code !== "custom") return `the value is missing, expected ${expectedOf(issue)}`;
  return issue.message.replace(/^an empty value is not .*?, /, "the value is missing, ");
}

function sentence(issue: Issue, found: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return `${describe(found)} cannot stand here, expected ${nounOf(issue.expected)}`;
    case "invalid_union":
      if ("options" in issue && issue.options !== undefined) return unknownWord(found, issue.options);
      return `${describe(found)} cannot stand here, ${issue.message}`;
    case "invalid_value":
      return unknownWord(found, issue.values);
    case "too_small":
    case "too_big":
      return size(issue, found);
    case "custom":
      return issue.message;
    default:
      return `${describe(found)} cannot stand here, expected ${expectedOf(issue)}`;
  }
}

function unknownWord(found: unknown, options: readonly unknown[]): string {
  const words = options.map(String);
  if (typeof found !== "string")
    return `${describe(found)} cannot stand here, expected one of ${words.join(", ")}`;
  return `${describe(found)} is not known, ${suggestion(found, words)}`;
}

function size(issue: Issue & { code: "too_small" | "too_big" }, found: unknown): string {
  if (issue.origin === "string") return "the text is empty, expected at least one letter";
  const wanted = issue.code === "too_small" ? issue.minimum : issue.maximum;
  const entries = (n: number): string => (n === 1 ? "1 entry" : `${n} entries`);
  const number = Array.isArray(found) ? found.length : 0;
  const exactly = issue.code === "too_big" || Number(wanted) > 1 ? "" : "at least ";
  return `the list has ${entries(number)}, expected ${exactly}${entries(Number(wanted))}`;
}

function expectedOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return nounOf(issue.expected);
    case "invalid_union":
      if ("options" in issue && issue.options !== undefined)
        return `one of ${issue.options.map(String).join(", ")}`;
      return issue.message.replace(/^expected /, "");
    case "invalid_value":
      return issue.values.length === 1
        ? describe(issue.values[0])
        : `one of ${issue.values.map(String).join(", ")}`;
    default:
      return issue.message.replace(/^.*expected /, "");
  }
}

/** Names of types, for those who do not write programs all day. */
function nounOf(type: string): string {
  const nouns: Readonly<Record<string, string>> = {
    object: "a map",
    record: "a map",
    array: "a list",
    tuple: "a list",
    string: "a text",
    boolean: "true or false",
    number: "a number",
  };
  return nouns[type] ?? `a ${type}`;
}

/** The value at a path; undefined when there is none. */
export function valueAt(tree: unknown, path: Path): unknown {
  let at = tree;
  for (const key of path) {
    if (isMap(at) && Object.hasOwn(at, key)) at = at[String(key)];
    else if (Array.isArray(at)) at = at[Number(key)];
    else return undefined;
  }
  return at;
}

/** The part of a path that is there: of `rate.constant`, where `rate: 10/s` was written, only `rate`. */
function inTree(tree: unknown, path: Path): Path {
  let length = path.length;
  while (length > 0 && valueAt(tree, path.slice(0, length)) === undefined) length--;
  return path.slice(0, length);
}
