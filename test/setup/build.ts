/**
 * Compiles the program once before the tests, if a source is newer than what is there.
 *
 * Tests of the command line run `node dist/cli/main.js`, as a user does; they must never run yesterday's code.
 */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SOURCES = ["index.ts", "cli", "studies", "results", "scenarios", "sim", "engine"];
const CONFIG = ["tsconfig.json", "tsconfig.build.json", "package.json"];
const MAIN = join(ROOT, "dist", "cli", "main.js");

export default function build(): void {
  const built = existsSync(MAIN) ? statSync(MAIN).mtimeMs : 0;
  if (newest([...SOURCES, ...CONFIG].map((name) => join(ROOT, name))) < built) return;
  // A file that was renamed or removed must not live on in the compiled program. Its time is what tells a build that was
  // interrupted from a finished one, so it goes first.
  rmSync(join(ROOT, "dist"), { recursive: true, force: true });
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  try {
    execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: ROOT, encoding: "utf8" });
  } catch (error) {
    rmSync(MAIN, { force: true });
    throw new Error(`the program does not compile:\n${(error as { stdout: string }).stdout}`);
  }
}

/** Time of the last change to any TypeScript or JSON file of these. A removed file shows in the time of its folder. */
function newest(paths: readonly string[]): number {
  let time = 0;
  for (const path of paths) {
    const stat = statSync(path);
    if (stat.isDirectory()) {
      const below = newest(readdirSync(path).map((name) => join(path, name)));
      time = Math.max(time, below, stat.mtimeMs);
    } else if (/\.(ts|json)$/.test(path)) time = Math.max(time, stat.mtimeMs);
  }
  return time;
}
