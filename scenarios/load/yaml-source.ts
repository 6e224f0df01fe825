/**
 * A YAML file as plain values, with the place of each.
 *
 * Of YAML 1.2 only the plain part is taken: maps with text keys, lists, numbers, texts, truth values. Anchors, aliases,
 * merge keys and tags are refused, since a parameter says the same with a name and a range, and since an alias that
 * stands for a list of aliases can stand for a billion values.
 */

import { createRequire } from "node:module";
import type { Alias, Document, LineCounter, Node, YAMLError } from "yaml";
import { describe } from "../values/describe.js";
import { type Path, type Place, Places, Problems } from "./places.js";

/** The parser comes with the first file: a thread that runs the cells of a study loads this module and reads none. */
let yaml: typeof import("yaml");

/** Longest file that is read, in characters. */
const MAX_LENGTH = 4 * 1024 * 1024;
/** Deepest nesting. Mixtures of mixtures have a use; this is far beyond it. */
const MAX_DEPTH = 100;

/** A file's values and places. */
export interface YamlSource {
  /** Maps are objects without prototype, so that no key has a meaning of its own. */
  readonly tree: unknown;
  readonly problems: Problems;
}

/** Reads a file's text. Faults are in `problems`; the tree is undefined when there was nothing to go on with. */
export function readYaml(text: string, file: string): YamlSource {
  yaml ??= createRequire(import.meta.url)("yaml");
  const lines = new yaml.LineCounter();
  const problems = new Problems(new Places(file, { line: 1, column: 1 }));
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (text.length > MAX_LENGTH) {
    problems.reportAt(
      { line: 1, column: 1 },
      `the file is longer than ${MAX_LENGTH} characters, expected a scenario`,
    );
    return { tree: undefined, problems };
  }
  const deep = tooDeep(text);
  if (deep >= 0) {
    problems.reportAt(
      placeInText(text, deep),
      `brackets are nested deeper than ${MAX_DEPTH}, expected fewer`,
    );
    return { tree: undefined, problems };
  }
  const document = parse(text, lines);
  if (document === undefined) {
    problems.reportAt({ line: 1, column: 1 }, "it is nested too deep to be read, expected fewer levels");
    return { tree: undefined, problems };
  }
  reportSyntax(document.errors, text, placeOf, problems);
  for (const warning of document.warnings) {
    problems.reportAt(placeOf(warning.pos[0]), yamlSentence(warning, text));
  }
  if (document.contents === null) {
    if (!problems.any)
      problems.reportAt({ line: 1, column: 1 }, "the file is empty, expected a scenario with a name");
    return { tree: undefined, problems };
  }
  const tree = new Converter(problems, placeOf, document).convert(document.contents as Node, []);
  return {
    tree: document.errors.some((error) => error.code !== "DUPLICATE_KEY") ? undefined : tree,
    problems,
  };
}

/** The document; undefined when it is nested deeper than the parser, which calls itself, can follow. */
function parse(text: string, lineCounter: LineCounter) {
  try {
    return yaml.parseDocument(text, { lineCounter, prettyErrors: false, version: "1.2" });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Only the first fault of syntax is told: the ones after it are mostly its shadow. Keys that are there twice cast none. */
function reportSyntax(
  errors: readonly YAMLError[],
  text: string,
  placeOf: (offset: number) => Place,
  problems: Problems,
): void {
  let told = false;
  for (const error of errors) {
    if (error.code !== "DUPLICATE_KEY" && told) continue;
    told ||= error.code !== "DUPLICATE_KEY";
    problems.reportAt(placeOf(error.pos[0]), yamlSentence(error, text));
  }
}

function yamlSentence({ code, message, pos }: YAMLError, text: string): string {
  const word = describe(/^[^\s:,\]}]*/.exec(text.slice(pos[0], pos[0] + 100))![0]);
  switch (code) {
    case "DUPLICATE_KEY":
      return `the key ${word} is there twice, expected each key once`;
    case "TAB_AS_INDENT":
      return "a tab indents the line, expected spaces";
    case "MULTIPLE_DOCS":
      return "a second document begins, expected one scenario in a file";
    case "TAG_RESOLVE_FAILED":
      return `the tag ${word} has no meaning here, expected a plain value`;
    case "BAD_SCALAR_START":
      return `a value cannot begin with ${describe(text[pos[0]])}, expected it in quotes`;
    case "BLOCK_AS_IMPLICIT_KEY":
      return "a second colon stands in the line, expected one key and one value, or the value in quotes";
    case "BAD_DIRECTIVE":
      return `the directive ${word} has no meaning here, expected a scenario`;
    case "BAD_ALIAS":
      return "an alias is used, expected a parameter (params and $name) instead";
    default:
      return `it is not valid YAML (${lowerFirst(message.replace(/\s+/g, " ").replace(/[.;:].*$/, ""))}), expected keys and values, indented alike`;
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

class Converter {
  constructor(
    private readonly problems: Problems,
    private readonly placeOf: (offset: number) => Place,
    private readonly document: Document,
  ) {}

  convert(node: Node | null, path: Path): unknown {
    if (node === null) return null;
    if (yaml.isAlias(node) || node.anchor !== undefined) {
      const what = yaml.isAlias(node) ? `the alias *${node.source}` : `the anchor &${node.anchor}`;
      this.refuse(node, path, `${what} is used, expected a parameter (params and $name) instead`);
    }
    // What an alias of a plain value stands for is taken all the same, so that it is not reported as missing too.
    if (yaml.isAlias(node)) return this.aliased(node);
    if (yaml.isScalar(node)) return this.scalar(node.value);
    if (path.length > MAX_DEPTH) {
      this.refuse(node, path, `it is nested deeper than ${MAX_DEPTH}, expected fewer levels`);
      return undefined;
    }
    if (yaml.isSeq(node)) {
      return node.items.map((item, i) => {
        const place = this.place(item as Node | null) ?? this.place(node)!;
        this.problems.places.set([...path, i], place, place);
        return this.convert(item as Node | null, [...path, i]);
      });
    }
    return yaml.isMap(node) ? this.map(node.items as never, path) : undefined;
  }

  private aliased(alias: Alias): unknown {
    const target = alias.resolve(this.document);
    return yaml.isScalar(target) ? target.value : undefined;
  }

  /** YAML has no dates or big integers in its core schema: what is left is text, numbers, truth values and null. */
  private scalar(value: unknown): unknown {
    return value;
  }

  private map(pairs: readonly { key: Node | null; value: Node | null }[], path: Path): unknown {
    const result: Record<string, unknown> = Object.create(null);
    for (const { key, value } of pairs) {
      const name = this.keyName(key, path);
      if (name === undefined) continue;
      const below = [...path, name];
      const keyPlace = this.place(key) ?? { line: 1, column: 1 };
      this.problems.places.set(below, keyPlace, this.place(value) ?? keyPlace);
      const converted = this.convert(value, below);
      // Of a key that is there twice, which is an error, the first counts.
      if (!Object.hasOwn(result, name)) result[name] = converted;
    }
    return result;
  }

  private keyName(key: Node | null, path: Path): string | undefined {
    if (!yaml.isScalar(key)) {
      this.refuse(key, path, "a key is not a text, expected a name followed by a colon");
      return undefined;
    }
    if (key.anchor !== undefined) {
      this.refuse(
        key,
        path,
        `the anchor &${key.anchor} is used, expected a parameter (params and $name) instead`,
      );
    }
    // 1: and 0x10: and on: are keys as they are written.
    const name = typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
    if (name === "<<") {
      this.refuse(key, path, "merge keys are not supported, expected the keys themselves");
      return undefined;
    }
    if (name === "__proto__" || name === "") {
      this.refuse(key, path, `${describe(name)} cannot be a key, expected a name`);
      return undefined;
    }
    return name;
  }

  private refuse(node: Node | null, path: Path, message: string): void {
    const place = this.place(node);
    if (place === undefined) this.problems.report(path, message);
    else this.problems.reportAt(place, message);
  }

  private place(node: Node | null): Place | undefined {
    const range = node?.range;
    return range === undefined || range === null ? undefined : this.placeOf(range[0]);
  }
}

/** Offset of the bracket that is one too deep, -1: none. The parser would run out of stack on thousands of them. */
function tooDeep(text: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "[" || c === "{") depth++;
    else if (c === "]" || c === "}") depth = Math.max(0, depth - 1);
    // Brackets in texts and comments do not nest; they would have to be many to be mistaken.
    else if (c === "\n" && depth > 0 && text[i + 1] !== " ") depth = 0;
    if (depth > MAX_DEPTH) return i;
  }
  return -1;
}

function placeInText(text: string, offset: number): Place {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: before.at(-1)!.length + 1 };
}
