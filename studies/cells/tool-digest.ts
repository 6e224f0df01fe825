/**
 * A digest of the tool's own code: its version says what was released, this says what runs. Whoever changes a line of the
 * model must not be given the finished runs of yesterday's.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { TOOL_VERSION } from "../../results/version.js";

const FOLDERS = ["engine", "sim", "scenarios", "results", "studies"];

let known: string | undefined;

/** sha256 of version and code, 64 hexadecimal digits. */
export function toolDigest(): string {
  known ??= digestOf(fileURLToPath(new URL("../../", import.meta.url)));
  return known;
}

function digestOf(root: string): string {
  const hash = createHash("sha256").update(TOOL_VERSION);
  for (const folder of FOLDERS) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.[jt]s$/.test(file) && !file.endsWith(".d.ts"))
      .map((file) => file.split(sep).join("/"))
      .sort();
    for (const file of files)
      hash.update(`\n${folder}/${file}\n`).update(readFileSync(join(root, folder, file)));
  }
  return hash.digest("hex");
}
