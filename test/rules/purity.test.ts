/**
 * The rules that keep the simulator exact and its folders in order, read off the source itself.
 *
 * The model (sim/ and engine/) must give the same results everywhere and every time, so it may not ask for the time,
 * for chance, for a locale or for anything of the machine, and it does its arithmetic in doubles and 32-bit words only.
 * Imports run downward:
 *
 *     cli  →  studies  →  scenarios, results  →  sim  →  engine
 *
 * where scenarios and results do not know each other, and scenarios knows of sim no more than a few names.
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it, vi } from "vitest";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Which folders a folder may import from, beside itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  sim: ["engine"],
  scenarios: ["sim", "engine"],
  results: ["sim", "engine"],
  studies: ["scenarios", "results", "sim", "engine"],
  cli: ["studies", "scenarios", "results", "sim", "engine"],
};

/** What scenarios may import from sim: files that hold names and numbers, or types of demands, and no model. */
const KINDS = ["sim/heap/kinds.ts", "sim/demands.ts"];

/** Folders in which nothing of the machine may be used. */
const PURE = ["sim", "engine"];

/** The packages that pure files may import: who, and what. Both compute, and nothing else. */
const PACKAGES: Readonly<Record<string, string>> = {
  "engine/random-streams.ts": "seedrandom/lib/alea.js",
  "engine/distributions/kinds.ts": "d3-random",
};

const FORBIDDEN_NAMES = [
  "Date",
  "performance",
  "BigInt",
  "BigInt64Array",
  "BigUint64Array",
  "Intl",
  "process",
  "console",
];
const FORBIDDEN_MEMBERS = /^(toLocale\w*|localeCompare|getBigInt64|getBigUint64)$/;

/** What a source file does against the rules, one sentence each. `file` is its path from the root, with slashes. */
function violations(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const folder = file.split("/")[0]!;
  const found: string[] = [];
  const report = (node: ts.Node, what: string): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    found.push(`${file}:${line + 1}: ${what}`);
  };
  const visit = (node: ts.Node): void => {
    const target = importedFrom(node);
    if (target !== undefined) {
      const complaint = checkImport(file, folder, target);
      if (complaint !== undefined) report(node, complaint);
    }
    if (PURE.includes(folder)) {
      const complaint = checkPure(node);
      if (complaint !== undefined) report(node, complaint);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The module that a node imports: import and export declarations, import(), require(), import types. */
function importedFrom(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : undefined;
  if (ts.isExternalModuleReference(node)) return literal(node.expression);
  if (!ts.isCallExpression(node)) return undefined;
  const called = node.expression;
  const imports =
    called.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(called) && called.text === "require");
  // A module whose name is computed cannot be judged, and nothing here needs one.
  return imports ? (literal(node.arguments[0]) ?? "(computed)") : undefined;
}

function literal(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function checkImport(file: string, folder: string, target: string): string | undefined {
  if (!target.startsWith(".")) {
    if (!PURE.includes(folder) || PACKAGES[file] === target) return undefined;
    return `imports ${target}, but ${folder} uses nothing but itself`;
  }
  const path = posix.normalize(posix.join(posix.dirname(file), target)).replace(/\.js$/, ".ts");
  const other = path.split("/")[0]!;
  const allowed = MAY_IMPORT[folder];
  if (other === folder || allowed === undefined) return undefined;
  if (!allowed.includes(other)) return `imports ${path}, but ${folder} may not import from ${other}`;
  if (folder === "scenarios" && other === "sim" && !KINDS.includes(path)) {
    return `imports ${path}, but of sim scenarios may import only ${KINDS.join(", ")}`;
  }
  return undefined;
}

function checkPure(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.BigIntLiteral) return `uses the bigint ${node.getText()}`;
  if (node.kind === ts.SyntaxKind.BigIntKeyword) return "uses the type bigint";
  if (ts.isIdentifier(node) && FORBIDDEN_NAMES.includes(node.text)) {
    // A member or a property of that name is not the global one, unless it is taken off globalThis.
    const { parent } = node;
    const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
    if (!isMember && !(ts.isPropertyAssignment(parent) && parent.name === node)) return `uses ${node.text}`;
    if (isMember && parent.expression.getText() === "globalThis") return `uses ${node.text}`;
  }
  if (ts.isIdentifier(node) && /^random[A-Z]/.test(node.text) && isWithoutSource(node)) {
    return `uses ${node.text} without a source, which would be Math.random`;
  }
  const member = memberName(node);
  if (member === undefined) return undefined;
  if (FORBIDDEN_MEMBERS.test(member.name)) return `uses ${member.name}`;
  if (member.name === "random" && member.of === "Math") return "uses Math.random";
  return undefined;
}

/** Whether a function of d3-random is used in any way but to give it a source: they draw from Math.random otherwise. */
function isWithoutSource(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isImportSpecifier(parent)) return false;
  return !(
    ts.isPropertyAccessExpression(parent) &&
    parent.expression === node &&
    parent.name.text === "source"
  );
}

/** The member that a node reads, in any notation: a.b, a["b"], { b } = a. */
function memberName(node: ts.Node): { of: string; name: string } | undefined {
  if (ts.isPropertyAccessExpression(node)) return { of: node.expression.getText(), name: node.name.text };
  if (ts.isElementAccessExpression(node)) {
    const name = literal(node.argumentExpression);
    return name === undefined ? undefined : { of: node.expression.getText(), name };
  }
  if (ts.isBindingElement(node) && ts.isVariableDeclaration(node.parent.parent)) {
    const name = (node.propertyName ?? node.name).getText();
    return { of: node.parent.parent.initializer?.getText() ?? "", name };
  }
  return undefined;
}

/** The sources below a folder of the repository, as paths from its root with slashes. */
function sourcesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

describe("the source", () => {
  it.each(Object.keys(MAY_IMPORT))("of %s keeps the rules", (folder) => {
    const found = sourcesBelow(folder).flatMap((file) =>
      violations(file, readFileSync(join(ROOT, file), "utf8")),
    );
    expect(found).toEqual([]);
  });

  it("of the model is there to be read", () => {
    expect(sourcesBelow("sim")).toContain("sim/pages/page-allocator.ts");
    expect(sourcesBelow("engine")).toContain("engine/fnv64.ts");
    for (const kinds of KINDS) expect(sourcesBelow("sim")).toContain(kinds);
  });
});

describe("the rules themselves", () => {
  it.each([
    ['import { readFileSync } from "node:fs";', "imports node:fs"],
    ['import fs = require("fs");', "imports fs"],
    ['const fs = require("fs");', "imports fs"],
    ['const fs = await import("node:fs");', "imports node:fs"],
    ["const m = await import(name);", "imports (computed)"],
    ['import yargs from "yargs";', "imports yargs"],
    ['import type { Run } from "../../studies/run.js";', "imports studies/run.ts"],
    ['export * from "../../cli/main.js";', "imports cli/main.ts"],
    ['type T = import("../../results/csv.js").T;', "imports results/csv.ts"],
    ['import { x } from "../../scenarios/x.js";', "imports scenarios/x.ts"],
    ["const x = Math.random();", "uses Math.random"],
    ['const x = Math["random"]();', "uses Math.random"],
    ["const { random } = Math;", "uses Math.random"],
    ["const t = new Date();", "uses Date"],
    ["const t = Date.now();", "uses Date"],
    ["const t = globalThis.Date.now();", "uses Date"],
    ["const t = performance.now();", "uses performance"],
    ["const n = BigInt(1);", "uses BigInt"],
    ["const n = 10n;", "uses the bigint 10n"],
    ["let n: bigint;", "uses the type bigint"],
    ["const a = new BigUint64Array(1);", "uses BigUint64Array"],
    ["const s = (1).toLocaleString();", "uses toLocaleString"],
    ['const s = "a".localeCompare("b");', "uses localeCompare"],
    ["const f = new Intl.NumberFormat();", "uses Intl"],
    ["const p = process.env.HOME;", "uses process"],
    ['console.log("x");', "uses console"],
    ['import { randomNormal } from "d3-random";', "imports d3-random"],
    ['import alea from "seedrandom/lib/alea.js";', "imports seedrandom"],
    ["const draw = randomNormal(0, 1);", "uses randomNormal without a source"],
    ["const make = [randomLcg];", "uses randomLcg without a source"],
  ])("in sim notice %s", (text, complaint) => {
    const found = violations("sim/pages/bad.ts", `// a line before it\n${text}\n`);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^sim\/pages\/bad\.ts:2: /);
    expect(found[0]).toContain(complaint);
  });

  it.each([
    ["engine/bad.ts", "../sim/probes.js", "engine may not import from sim"],
    ["scenarios/bad.ts", "../results/csv.js", "scenarios may not import from results"],
    ["results/bad.ts", "../scenarios/seeded.js", "results may not import from scenarios"],
    ["results/a/bad.ts", "../../studies/x.js", "results may not import from studies"],
    ["scenarios/bad.ts", "../sim/heap/heap.js", "of sim scenarios may import only"],
    ["studies/bad.ts", "../cli/main.js", "studies may not import from cli"],
    ["studies/bad.ts", "../test/helper.js", "studies may not import from test"],
    ["cli/bad.ts", "../bench/main.js", "cli may not import from bench"],
  ])("notice that %s imports %s", (file, target, complaint) => {
    const found = violations(file, `import { x } from "${target}";`);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(complaint);
  });

  it.each([
    ["engine/random-streams.ts", "d3-random"],
    ["engine/random-streams.ts", "seedrandom"],
    ["engine/distributions/kinds.ts", "seedrandom/lib/alea.js"],
    ["engine/simulation.ts", "d3-random"],
  ])("notice that %s imports %s", (file, target) => {
    expect(violations(file, `import x from "${target}";`)).toHaveLength(1);
  });

  it("let pass the two packages where they are at home", () => {
    for (const [file, target] of Object.entries(PACKAGES)) {
      expect(
        violations(file, `import { randomGamma } from "${target}"; randomGamma.source(stream.double)(1, 2);`),
      ).toEqual([]);
    }
  });

  it("let pass what is allowed", () => {
    const model = [
      '// Date, console.log and 10n in a comment, and import("node:fs") too.',
      'import { Fnv64 } from "../../engine/fnv64.js";',
      'import { x } from "../probes.js";',
      'import type { Y } from "./errors.js";',
      'const text = "Math.random() and process.exit()";',
      "const date = { Date: 1 };",
      "const a = Math.floor(1.5) + model.process + xs.random();",
    ].join("\n");
    expect(violations("sim/pages/good.ts", model)).toEqual([]);
    expect(violations("scenarios/good.ts", 'import { KIND_STACK } from "../sim/heap/kinds.js";')).toEqual([]);
    expect(
      violations("cli/good.ts", 'import fs from "node:fs"; console.log(process.argv, Date.now(), 1n);'),
    ).toEqual([]);
    expect(
      violations("studies/good.ts", 'import { a } from "../results/a.js"; import b from "../sim/b.js";'),
    ).toEqual([]);
  });
});
