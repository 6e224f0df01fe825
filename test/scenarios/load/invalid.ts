/** The table of invalid scenarios: invalid.txt, read. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface InvalidCase {
  readonly title: string;
  readonly text: string;
  /** `line:column: message`, in the order of the file. */
  readonly messages: readonly string[];
}

export const INVALID: readonly InvalidCase[] = readFileSync(join(import.meta.dirname, "invalid.txt"), "utf8")
  .split(/^=== /m)
  .slice(1)
  .map((part) => {
    const lines = part.split("\n");
    const messages = lines.filter((line) => line.startsWith(">>> ")).map((line) => line.slice(4));
    const text = lines.slice(1).filter((line) => !line.startsWith(">>> "));
    return { title: lines[0]!, text: text.join("\n"), messages };
  });
