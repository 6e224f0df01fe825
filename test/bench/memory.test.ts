/** What the tool itself costs in memory, measured in a process of its own. */

import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, it } from "vitest";

it("an empty heap costs less than 1 MiB, a 1 TiB heap at most 64 MiB", { timeout: 60_000 }, () => {
  const script = resolve(import.meta.dirname, "../../bench/memory.ts");
  const output = execFileSync(process.execPath, ["--expose-gc", "--import", "tsx", script], {
    encoding: "utf8",
  });
  const mib = [...output.matchAll(/([\d.]+) MiB$/gm)].map((match) => Number(match[1]));
  expect(mib).toHaveLength(3);
  expect(mib[0]).toBeLessThan(1);
  expect(mib[1]).toBeLessThanOrEqual(64);
  expect(mib[2]).toBeLessThanOrEqual(64);
});
