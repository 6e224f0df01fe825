/**
 * A mutant: a source patch that breaks one rule of the model, and the tests that must notice.
 *
 *     Rule: What the model does, in one sentence, and what it does with the patch.
 *     Told in: docs/model.md
 *     Caught by: test/studies/vectors.test.ts > gotests/TestPageAllocGrow
 *     Caught by: test/sim/pages/page-allocator.property.test.ts > on linux/amd64
 *
 *     --- a/sim/pages/page-allocator.ts
 *     +++ b/sim/pages/page-allocator.ts
 *     @@ …
 *      context
 *     -as it is
 *     +as it is not
 *
 * Below the head is a unified diff of one file. The line numbers in it are for readers: a hunk goes where its lines are, which
 * must be one place exactly. So a change elsewhere in the file needs no new patch, and one at that place fails the tests
 * instead of breaking something else unnoticed.
 */

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** Who notices: a test file, and a part of a test's full name. Of the tests that have it one at least must fail. */
export interface Catcher {
  readonly file: string;
  readonly test: string;
}

/** Consecutive lines as they are, and as they are with the patch. */
interface Hunk {
  readonly before: string;
  readonly after: string;
}

export interface Mutant {
  /** The name of the patch file, without its extension. */
  readonly name: string;
  /** The rule that it breaks, and how. */
  readonly rule: string;
  /** Where the rule is written down: a path from the root. */
  readonly toldIn: string;
  readonly caughtBy: readonly Catcher[];
  /** The source that is patched: a path from the root. */
  readonly file: string;
  readonly hunks: readonly Hunk[];
}

/** A patch that cannot be read, or does not fit the sources. */
export class PatchError extends Error {
  override readonly name = "PatchError";
}

const PATCHES = join(import.meta.dirname, "patches");

/** All mutants, in the order of their names. @throws PatchError */
export function readMutants(): Mutant[] {
  const files = readdirSync(PATCHES).filter((file) => file.endsWith(".patch"));
  return files
    .sort()
    .map((file) => parse(basename(file, ".patch"), readFileSync(join(PATCHES, file), "utf8")));
}

/** Reads a patch file. @throws PatchError with what is wrong about it */
export function parse(name: string, text: string): Mutant {
  const refuse = (what: string): never => {
    throw new PatchError(`${name}.patch: ${what}`);
  };
  const [head, diff] = cutAt(text, /^--- a\//m) ?? refuse("there is no line that begins with --- a/");
  const fields = [...head.matchAll(/^(Rule|Told in|Caught by): (.+(?:\n {2}.+)*)$/gm)].map(
    ([, key, value]) => [key!, value!.replaceAll("\n ", "")] as const,
  );
  const all = (key: string): string[] => fields.filter(([k]) => k === key).map(([, value]) => value);
  const one = (key: string): string => {
    const [value, ...more] = all(key);
    return value !== undefined && more.length === 0 ? value : refuse(`expected one line "${key}: …"`);
  };
  const caughtBy = all("Caught by").map((value): Catcher => {
    const [file, test] = cutAt(value, / > /) ?? refuse(`"Caught by: ${value}" is not "file > test"`);
    return { file, test: test.slice(3) };
  });
  if (caughtBy.length === 0) refuse('expected a line "Caught by: file > test"');
  const [, from, to] =
    /^--- a\/(\S+)\n\+\+\+ b\/(\S+)\n/.exec(diff) ?? refuse("the two lines with the file are not there");
  if (from !== to) refuse("the patch is not of one file");
  const hunks = diff
    .split(/^@@.*\n/m)
    .slice(1)
    .map(hunkOf);
  if (hunks.length === 0 || hunks.some(({ before, after }) => before === after))
    refuse("a hunk changes nothing");
  return { name, rule: one("Rule"), toldIn: one("Told in"), caughtBy, file: from!, hunks };
}

/** A source with the patch. @throws PatchError when a hunk does not fit in exactly one place */
export function apply(mutant: Mutant, source: string): string {
  return mutant.hunks.reduce((text, { before, after }, i) => {
    const places = countLines(text, before);
    if (places !== 1) {
      const found = places === 0 ? "is not there" : `is there ${places} times`;
      throw new PatchError(
        `${mutant.name}.patch: what hunk ${i + 1} replaces ${found} in ${mutant.file}, expected once`,
      );
    }
    // A function, since $ in a replacement text would mean something.
    return `\n${text}`.replace(`\n${before}`, () => `\n${after}`).slice(1);
  }, source);
}

/** How often these lines are in a text: whole lines, of which the last of one place may be the first of another. */
function countLines(text: string, lines: string): number {
  const padded = `\n${text}`;
  let count = 0;
  for (let at = padded.indexOf(`\n${lines}`); at >= 0; at = padded.indexOf(`\n${lines}`, at + 1)) count++;
  return count;
}

/** The two sides of a hunk; both end with a line break. */
function hunkOf(text: string): Hunk {
  const lines = text.trimEnd().split("\n");
  const side = (marks: string): string =>
    lines
      .map((line) => (line === "" ? " " : line))
      .flatMap((line) => (marks.includes(line[0]!) ? [`${line.slice(1)}\n`] : []))
      .join("");
  return { before: side(" -"), after: side(" +") };
}

/** A text before and from the first match on; undefined when there is none. */
function cutAt(text: string, pattern: RegExp): [string, string] | undefined {
  const at = text.search(pattern);
  return at < 0 ? undefined : [text.slice(0, at), text.slice(at)];
}
