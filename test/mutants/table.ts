/** The table of mutants in docs/mutants.md. */

import type { Catcher, Mutant } from "./patch.js";

/** Where the table begins and ends. */
const MARKS = ["<!-- mutants -->\n", "<!-- end of mutants -->"] as const;

/** A document with the table of these mutants between its marks. */
export function withTable(document: string, mutants: readonly Mutant[]): string {
  const [begin, end] = MARKS;
  const from = document.indexOf(begin) + begin.length;
  const to = document.indexOf(end);
  return `${document.slice(0, from)}\n${tableOf(mutants)}\n${document.slice(to)}`;
}

function tableOf(mutants: readonly Mutant[]): string {
  const rows = mutants.map(({ name, rule, toldIn, file, caughtBy }) =>
    [
      `\`${name}\``,
      rule,
      `\`${file}\``,
      toldIn === file ? "there" : `\`${toldIn}\``,
      caughtBy.map(nameOf).join("<br>"),
    ].join(" | "),
  );
  return [
    "| mutant | the rule that it breaks | patched | told in | caught by |",
    "|---|---|---|---|---|",
    ...rows.map((row) => `| ${row} |`),
    "",
  ].join("\n");
}

function nameOf({ file, test }: Catcher): string {
  return `\`${file.replace(/^test\//, "").replace(/\.test\.ts$/, "")}\`: ${test}`;
}
