/**
 * Compiles the program once before the tests, if a source is newer than what is there.
 *
 * Tests of the command line run `node dist/cli/main.js`, as a user does; they must never run yesterday's code.
 */

import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SOURCES = ["index.ts", "cli", "studies", "results", "scenarios", "sim", "engine"];
const CONFIG = ["tsconfig.json", "tsconfig.build.json", "package.json"];
const MAIN = join(ROOT, "dist", "cli", "main.js");

export default function build(): void {
  const built = existsSync(MAIN) ? statSync(MAIN).mtimeMs : 0;
  if (newest([...SOURCES, ...CONFIG].map((name) => join(ROOT, name))) < built) return;
  // Compiled beside the old program, which is then replaced whole: no file that was renamed or removed lives on, and a
  // build that was interrupted leaves nothing that looks finished.
  const fresh = join(ROOT, "out", `.build-${process.pid}`);
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  try {
    execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", fresh], {
      cwd: ROOT,
      encoding: "utf8",
    });
    execFileSync(process.execPath, [join(ROOT, "results", "viewer", "bundle.mjs"), fresh], {
      encoding: "utf8",
    });
    // npm makes the program executable when it links it, and does not look again.
    chmodSync(join(fresh, "cli", "main.js"), 0o755);
    rmSync(join(ROOT, "dist"), { recursive: true, force: true });
    renameSync(fresh, join(ROOT, "dist"));
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    const { stdout, message } = error as Error & { stdout?: string };
    throw new Error(`the program does not compile:\n${stdout || message}`);
  }
}

/** Time of the last change to any source of these: TypeScript, JSON, the viewer's style and what bundles it. A removed file shows in the time of its folder. */
function newest(paths: readonly string[]): number {
  let time = 0;
  for (const path of paths) {
    const stat = statSync(path);
    if (stat.isDirectory()) {
      const below = newest(readdirSync(path).map((name) => join(path, name)));
      time = Math.max(time, below, stat.mtimeMs);
    } else if (/\.(ts|json|css|mjs)$/.test(path)) time = Math.max(time, stat.mtimeMs);
  }
  return time;
}
