/** Results of a check in the formats of others: JUnit, and annotations of GitHub. */

import type { CaseResult } from "./corpus.js";

/** A JUnit report, XML. */
export function junit(results: readonly CaseResult[]): string {
  const failures = results.filter(({ failure }) => failure !== undefined).length;
  const cases = results.map(({ path, failure }) => {
    const head = `    <testcase classname="mheapsim" name="${xml(path)}"`;
    return failure === undefined
      ? `${head}/>`
      : `${head}>\n      <failure message="${xml(failure)}"/>\n    </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    `  <testsuite name="mheapsim check" tests="${results.length}" failures="${failures}">`,
    ...cases,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

/** Annotations for a pull request, a line for each failure. */
export function githubAnnotations(results: readonly CaseResult[]): string[] {
  return results.flatMap(({ path, failure }) =>
    failure === undefined ? [] : [`::error file=${property(path)}::${message(failure)}`],
  );
}

function xml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;");
}

function message(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return message(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
