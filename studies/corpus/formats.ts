/** Results of a check in the formats of others: JUnit, and annotations of GitHub. */

import type { CaseResult } from "./corpus.js";

/** A JUnit report, XML. Cases that cannot be read are its errors. */
export function junit(results: readonly CaseResult[]): string {
  const count = (wanted: CaseResult["verdict"]): number =>
    results.filter(({ verdict }) => verdict === wanted).length;
  const cases = results.map(({ path, verdict, what }) => {
    const head = `    <testcase classname="mheapsim" name="${xml(path)}"`;
    if (verdict === "same") return `${head}/>`;
    const tag = verdict === "changed" ? "failure" : "error";
    return `${head}>\n      <${tag} message="${xml(what)}"/>\n    </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    `  <testsuite name="mheapsim check" tests="${results.length}" failures="${count("changed")}" errors="${count("unreadable")}">`,
    ...cases,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

/** Annotations for a pull request, a line for each case that is not as it was. */
export function githubAnnotations(results: readonly CaseResult[]): string[] {
  return results.flatMap(({ path, verdict, what }) =>
    verdict === "same" ? [] : [`::error file=${property(path)}::${message(what)}`],
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
