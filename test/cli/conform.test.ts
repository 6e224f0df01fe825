import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listing, mheapsim, ROOT, TestFolder, TRACES, textOf, tracePath, VECTORS } from "../setup/files.js";

const folder = new TestFolder();
const HELLO = "hello-gmp1.csv.gz";
const LOG = join(VECTORS, "go1.18", "diff", "exhaust-seed1.csv.gz");

/** hello-gmp1 with one address changed, at line 33. */
function changedHello(cwd: string): void {
  const lines = textOf(tracePath("hello-gmp1")).split("\n");
  expect(lines[32]).toContain(",alloc,c00001e000,1,8192,");
  lines[32] = lines[32]!.replace("c00001e000", "c000120000");
  writeFileSync(join(cwd, "changed.csv"), lines.join("\n"));
}

describe("conform", () => {
  test("prints one line a file and one for all", async () => {
    const vectors = join(VECTORS, "go1.18", "gotests", "TestFillAligned.json.gz");
    const { code, stdout, stderr } = await mheapsim(["conform", HELLO, LOG, vectors], { cwd: TRACES });
    expect(stdout).toBe(
      `ok ${HELLO} 153 0\nok ${LOG} 42985 0\nok ${vectors} 700 0\n3 files, 43838 results, 0 mismatches\n`,
    );
    expect([code, stderr]).toEqual([0, ""]);
  });

  test("takes the policy that a recording names, or one that is given", async () => {
    const log = join(VECTORS, "go1.19", "diff", "scav-seed1.csv.gz");
    const trace = join(VECTORS, "traces", "go1.23", HELLO);
    const { stdout, stderr } = await mheapsim(["conform", log, trace]);
    expect([stdout, stderr]).toEqual([
      `ok ${log} 75718 0\nok ${trace} 169 0\n2 files, 75887 results, 0 mismatches\n`,
      "",
    ]);
    const other = await mheapsim(["conform", "--policy", "go1.23", log]);
    expect([other.code, other.stdout.startsWith(`FAIL ${log} `)]).toEqual([1, true]);
    const none = await mheapsim(["conform", "--policy", "go1.99", log]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/^mheapsim: go1\.99 is newer than/)]);
  });

  test("exits with 1 on a mismatch, and shows it with what is around", async () => {
    const cwd = folder.fresh();
    changedHello(cwd);
    const { code, stdout, stderr } = await mheapsim(["conform", "changed.csv", join(TRACES, HELLO)], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^FAIL changed\.csv \d+ 1\nok \S+hello-gmp1\.csv\.gz 153 0\n2 files, \d+ results, 1 mismatches\n$/,
    );
    expect(stderr).toBe(
      "changed.csv:33: alloc address: expected 0xc000120000, got 0xc00001e000\n" +
        "    t 355268 ns on P -1, searchAddr 0xc00001e000, heap_sys 4161536, heap_inuse 90112, heap_released 4071424, generation 0\n",
    );
  });

  test("exits with 2 when a file cannot be read, and compares the others", async () => {
    const cwd = folder.fresh();
    changedHello(cwd);
    writeFileSync(join(cwd, "bad.csv"), "t,p,op,a,b,c,d\n0,-1,init,4096,2,2097152,\n1,-1,what,,,,\n");
    copyFileSync(join(TRACES, HELLO), join(cwd, "good"));
    const files = ["none.csv", "bad.csv", ".", "changed.csv", "good"];
    const { code, stdout, stderr } = await mheapsim(["conform", ...files], { cwd });
    expect(code).toBe(2);
    expect(stdout.replace(/changed\.csv \d+/, "changed.csv N")).toMatch(
      /^FAIL none\.csv 0 0\nFAIL bad\.csv 0 0\nFAIL \. 0 0\nFAIL changed\.csv N 1\nok good 153 0\n5 files, \d+ results, 1 mismatches\n$/,
    );
    expect(stderr).toContain("mheapsim: none.csv: no such file\n");
    expect(stderr).toContain('mheapsim: bad.csv:3:6: unknown operation "what": expected one of init, ');
    expect(stderr).toContain("mheapsim: .: this is a folder: expected a file\n");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("says so when it has to assume an address space", async () => {
    const cwd = folder.fresh();
    copyFileSync(LOG, join(cwd, "log"));
    const assumed = await mheapsim(["conform", "log"], { cwd });
    expect(assumed).toEqual({
      code: 0,
      stdout: "ok log 42985 0\n1 files, 42985 results, 0 mismatches\n",
      stderr:
        "mheapsim: log: no meta.json in the folder above and no --geometry: taking linux/amd64, 4096 byte pages, 2097152 byte huge pages\n",
    });
    const given = await mheapsim(["conform", "log", "--geometry", "linux/amd64"], { cwd });
    expect([given.code, given.stderr]).toEqual([0, ""]);
  });

  test("takes page sizes with units", async () => {
    const cwd = folder.fresh();
    copyFileSync(join(VECTORS, "go1.18", "diff", "scavphys64k-seed1.csv.gz"), join(cwd, "log"));
    const args = ["conform", "log", "--geometry", join(VECTORS, "go1.18", "meta.json")];
    expect((await mheapsim([...args, "--phys-page", "64KiB"], { cwd })).code).toBe(0);
    expect((await mheapsim(args, { cwd })).code).toBe(1);
  });

  test.each([
    [
      ["--geometry", "vax"],
      /^mheapsim: no geometry is called "vax", and no file is: expected one of linux\/amd64, /,
    ],
    [["--geometry", "broken.json"], /^mheapsim: broken\.json: not valid JSON: /],
    [
      ["--phys-page", "64KB"],
      /^mheapsim: "64KB" is not a size: expected a number with B, KiB, MiB, GiB or TiB/,
    ],
    [["--huge-page", "-1"], /^mheapsim: "-1" is not a size/],
  ])("a wrong option is said once, before any file is read: %j", async (args, message) => {
    const cwd = folder.fresh();
    writeFileSync(join(cwd, "broken.json"), "{");
    const { code, stdout, stderr } = await mheapsim(["conform", LOG, LOG, ...args], { cwd });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain("\n");
  });

  test("a page size that does not fit is said for each file", async () => {
    const { code, stdout, stderr } = await mheapsim(["conform", LOG, "--phys-page", "3"]);
    expect([code, stdout]).toEqual([2, `FAIL ${LOG} 0 0\n1 files, 0 results, 0 mismatches\n`]);
    expect(stderr).toMatch(/^mheapsim: .*physPageBytes is 3, expected a power of two from 4096 to 524288\n$/);
  });

  test("cannot take standard input, which it would have to read twice", async () => {
    for (const args of [["-"], ["-", LOG], [LOG, "-"]]) {
      expect(await mheapsim(["conform", ...args])).toEqual({
        code: 2,
        stdout: "",
        stderr: "mheapsim: conform reads files twice, so it cannot take standard input; name a file\n",
      });
    }
  });

  test("--all goes on after a mismatch, --spans-only predicts", async () => {
    const cwd = folder.fresh();
    const lines = textOf(LOG).split("\n");
    const allocs = lines.flatMap((line, i) => (line.startsWith("alloc,") ? [i + 1] : []));
    const changed = [100, 5000, 9000].map((i) => allocs[i]!);
    for (const line of changed) lines[line - 1] = lines[line - 1]!.replace(/,\d+,(0x[0-9a-f]+)$/, ",1,$1");
    mkdirSync(join(cwd, "diff"));
    copyFileSync(join(VECTORS, "go1.18", "meta.json"), join(cwd, "meta.json"));
    writeFileSync(join(cwd, "diff", "log.csv"), lines.join("\n"));
    const all = await mheapsim(["conform", "--all", "diff/log.csv"], { cwd });
    expect([all.code, all.stdout]).toEqual([
      1,
      "FAIL diff/log.csv 42985 3\n1 files, 42985 results, 3 mismatches\n",
    ]);
    expect(all.stderr.match(/^diff\/log\.csv:\d+/gm)).toEqual(changed.map((n) => `diff/log.csv:${n}`));
    const spans = await mheapsim(["conform", "--spans-only", HELLO], { cwd: TRACES });
    expect(spans.stdout).toBe(`ok ${HELLO} 35 0\n1 files, 35 results, 0 mismatches\n`);
  });

  test("writes no file", async () => {
    const cwd = folder.fresh();
    await mheapsim(["conform", join(TRACES, HELLO)], { cwd });
    expect(listing(cwd)).toEqual([]);
    expect(ROOT).not.toBe(cwd);
  });
});
