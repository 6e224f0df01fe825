/**
 * The figures and pictures of the section "Releases side by side" of docs/policies.md, made by the commands in it.
 *
 *     npx tsx .ci/release-tables.ts            runs them, and writes tables and pictures anew
 */

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withReleaseTables } from "../test/docs/release-tables.js";

const ROOT = join(import.meta.dirname, "..");
const DOCUMENT = join(ROOT, "docs", "policies.md");

const text = readFileSync(DOCUMENT, "utf8");
const section = /^## Releases side by side\n[\s\S]*?(?=^## )/m.exec(text)![0];
const folder = mkdtempSync(join(tmpdir(), "mheapsim-releases-"));
try {
  for (const [, block] of section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)) {
    for (const command of block!.trimEnd().split("\n")) {
      const program = `"${process.execPath}" "${join(ROOT, "dist/cli/main.js")}"`;
      const asBuilt = command.replace("npx mheapsim", program);
      const { status, stderr } = spawnSync("sh", ["-c", asBuilt], { cwd: folder, encoding: "utf8" });
      if (status !== 0) throw new Error(`${command}: ${stderr}`);
      console.log(command);
    }
  }
  writeFileSync(DOCUMENT, withReleaseTables(text, folder));
  for (const [, picture] of section.matchAll(/!\[[^\]]*\]\((pictures\/[^)]+)\)/g))
    cpSync(join(folder, picture!), join(ROOT, "docs", picture!));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
