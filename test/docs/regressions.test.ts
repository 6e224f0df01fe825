/** The walk in docs/regressions.md: each of its steps does and prints what the manual says. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { MAIN, ROOT, TestFolder } from "../setup/files.js";

vi.setConfig({ testTimeout: 240_000 });

const folder = new TestFolder();
const WALK = readFileSync(join(ROOT, "docs", "regressions.md"), "utf8")
  .split("\n## You changed the allocator, now what\n")[1]!
  .split("\n## ")[0]!;
const BLOCK = /^(?:<!-- file: ([\w.-]+) -->\n)?```(\w+)\n([\s\S]*?)^```$/gm;

/** What a shell prints and how it ends; mheapsim is the one that was built. */
function run(command: string, cwd: string): string {
  const shell = `mheapsim() { "${process.execPath}" "${MAIN}" "$@"; }\n${command}`;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", shell], { cwd, encoding: "utf8" });
  return `${stdout}${stderr}${status === 0 ? "" : `exit code ${status}\n`}`;
}

describe("you changed the allocator, now what", () => {
  it("goes as the manual says, step by step", () => {
    let commands = 0;
    for (const [, file, language, text] of WALK.matchAll(BLOCK)) {
      if (file !== undefined) folder.write(file, text!);
      if (language !== "console") continue;
      for (const part of text!.split(/^\$ /m).slice(1)) {
        const [command, ...lines] = part.split("\n");
        const expected = lines.join("\n");
        const printed = run(command!, folder.path);
        commands++;
        // An ellipsis stands for the rest.
        if (expected.endsWith("…\n"))
          expect(printed.slice(0, expected.length - 2), command).toBe(expected.slice(0, -2));
        else expect(printed, command).toBe(expected);
      }
    }
    expect(commands).toBe(8);
  });
});
