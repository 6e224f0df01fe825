import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { COLUMNS } from "../../results/columns.js";
import { TOOL_VERSION } from "../../results/version.js";
import { listing, mheapsim, ROOT, runProgram, TestFolder, textOf, tracePath } from "../setup/files.js";

const folder = new TestFolder();
const FILES = ["histograms.json", "manifest.json", "summary.json", "timeseries.csv"];
const HELLO = tracePath("hello-gmp1");

interface Manifest {
  readonly tool: { readonly name: string; readonly version: string };
  readonly name: string;
  readonly scenario: { readonly file: string; readonly sha256: string; readonly rows: number };
  readonly result: { readonly end: string; readonly message: string | null };
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
}

const manifestOf = (out: string): Manifest => JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
const sha256 = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

/** The bytes of all files. */
function contents(out: string): Record<string, string> {
  expect(listing(out)).toEqual(FILES);
  return Object.fromEntries(FILES.map((name) => [name, readFileSync(join(out, name), "utf8")]));
}

describe("the result", () => {
  test("is four files, and a table for people", async () => {
    const cwd = folder.fresh();
    const { code, stdout, stderr } = await mheapsim(["run", HELLO], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    const out = join(cwd, "out", "hello-gmp1-go1.18");
    expect(readdirSync(cwd)).toEqual(["out"]);
    expect(readdirSync(join(cwd, "out"))).toEqual(["hello-gmp1-go1.18"]);
    const files = contents(out);
    expect(stdout).toMatch(/^hello-gmp1 under go1\.18: 1 ms, 79 rows, 153 recorded results equal\n/);
    expect(stdout).toContain(`written to ${join("out", "hello-gmp1-go1.18")}: timeseries.csv`);
    expect(stdout).toContain(`fingerprint ${JSON.parse(files["manifest.json"]!).fingerprint}`);
    const rows = files["timeseries.csv"]!.split("\n");
    expect(rows[0]).toBe(COLUMNS.map((column) => column.name).join(","));
    expect(rows.at(-1)).toBe("");
  });

  test("the bundled trace is the default, under its name", async () => {
    const cwd = folder.fresh();
    const named = await mheapsim(["run", "compile-gotypes-gmp1", "--out", "named"], { cwd });
    const standard = await mheapsim(["run"], { cwd });
    expect([named.code, standard.code]).toEqual([0, 0]);
    expect(standard.stdout).toContain(
      "compile-gotypes-gmp1 under go1.18: 2.16 s, 39329 rows, 68939 recorded",
    );
    expect(contents(join(cwd, "named"))).toEqual(contents(join(cwd, "out", "compile-gotypes-gmp1-go1.18")));
  });

  test("is the same bytes each time, in any folder, with any locale and time zone", async () => {
    const [here, there] = [folder.fresh(), folder.fresh()];
    const trace = tracePath("link-cmdgo-gmp4");
    const env = { ...process.env, TZ: "Asia/Kathmandu", LANG: "de_DE.UTF-8", LC_ALL: "de_DE.UTF-8" };
    copyFileSync(trace, join(there, "link-cmdgo-gmp4.csv.gz"));
    for (const run of [
      await mheapsim(["run", trace, "--out", "one"], { cwd: here }),
      await mheapsim(["run", trace, "--out", "two"], { cwd: here }),
      await mheapsim(["run", "link-cmdgo-gmp4.csv.gz", "--out", join(here, "deep", "er", "three")], {
        cwd: there,
        env,
      }),
    ]) {
      expect([run.code, run.stderr]).toEqual([0, ""]);
    }
    const first = contents(join(here, "one"));
    expect(contents(join(here, "two"))).toEqual(first);
    expect(contents(join(here, "deep", "er", "three"))).toEqual(first);
  });

  test("has a manifest that tells everything needed to make it again, and nothing of this machine", async () => {
    const cwd = folder.fresh();
    const { code } = await mheapsim(["run", HELLO, "--sample", "100us", "--out", "o"], { cwd });
    expect(code).toBe(0);
    const out = join(cwd, "o");
    const manifest = manifestOf(out);
    expect(manifest.tool).toEqual({ name: "mheapsim", version: TOOL_VERSION });
    expect(manifest).toMatchObject({
      name: "hello-gmp1",
      node: process.version,
      policy: "go1.18",
      platform: {
        name: "linux/amd64",
        page_bytes: 8192,
        phys_page_bytes: 4096,
        phys_huge_page_bytes: 2097152,
      },
      parameters: { sample_ns: 100_000 },
      result: { end: "finished", message: null, compared: 153, mismatches: 0 },
    });
    expect(manifest.scenario).toEqual({
      kind: "trace",
      file: "hello-gmp1.csv.gz",
      sha256: sha256(HELLO),
      rows: 79,
      mode: "every row",
    });
    expect(manifest.files).toEqual(
      ["timeseries.csv", "summary.json", "histograms.json"].map((name) => ({
        name,
        sha256: sha256(join(out, name)),
      })),
    );
    for (const text of Object.values(contents(out))) {
      for (const word of [ROOT, cwd, tmpdir(), hostname()]) expect(text).not.toContain(word);
      expect(text).not.toMatch(/\/(home|root|Users|tmp)\b|[A-Z]:\\/);
      expect(text).not.toMatch(new RegExp(`\\b${new Date().getFullYear()}-`));
      expect(text).not.toMatch(new RegExp(`\\b${userInfo().username}\\b`));
    }
  });

  test("from the spans alone says what was predicted", async () => {
    const out = folder.at("spans");
    const { code, stdout } = await mheapsim(["run", HELLO, "--spans-only", "--out", out]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^hello-gmp1-spans-only under go1\.18: .* 35 of 35 span addresses predicted\n/);
    expect(manifestOf(out)).toMatchObject({
      name: "hello-gmp1-spans-only",
      scenario: { mode: "spans-only" },
      result: { compared: 35, mismatches: 0 },
    });
  });
});

describe("a folder that exists", () => {
  test("is refused without --force, and nothing in it is touched", async () => {
    const out = folder.at("exists");
    expect((await mheapsim(["run", HELLO, "--out", out])).code).toBe(0);
    const before = contents(out);
    const again = await mheapsim(["run", HELLO, "--out", out, "--sample", "1us"]);
    expect([again.code, again.stdout]).toEqual([2, ""]);
    expect(again.stderr).toBe(
      `mheapsim: ${out} exists: add --force to replace it, or name another folder with --out\n`,
    );
    expect(contents(out)).toEqual(before);
  });

  test("with --force is replaced when it is a result, and only when all went well", async () => {
    const out = folder.at("force");
    expect((await mheapsim(["run", HELLO, "--out", out])).code).toBe(0);
    const before = contents(out);
    const bad = await mheapsim(["run", folder.write("bad.csv", "no trace\n"), "--out", out, "--force"]);
    expect(bad.code).toBe(2);
    expect(contents(out)).toEqual(before);
    const good = await mheapsim(["run", HELLO, "--out", out, "--force", "--sample", "1us"]);
    expect(good.code).toBe(0);
    expect(contents(out)["timeseries.csv"]).not.toBe(before["timeseries.csv"]);
    expect(listing(folder.path).filter((name) => name.includes("partial"))).toEqual([]);
  });

  test.each([
    ["no manifest", { "notes.txt": "mine" }, "no manifest.json"],
    [
      "the manifest of something else",
      { "manifest.json": '{"name":"web app"}' },
      "a manifest.json of something else",
    ],
    [
      "the manifest of another tool",
      { "manifest.json": '{"tool":{"name":"bundler"},"files":[]}' },
      "a manifest.json of something else",
    ],
    ["a manifest that is no JSON", { "manifest.json": "mine" }, "a manifest.json of something else"],
  ])("with --force is refused when it holds %s", async (_, files, reason) => {
    const out = folder.fresh();
    for (const [name, text] of Object.entries(files)) writeFileSync(join(out, name), text);
    const { code, stderr } = await mheapsim(["run", HELLO, "--out", out, "--force"]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `mheapsim: ${out} holds other files than a run's (${reason}): name another folder with --out\n`,
    );
    for (const [name, text] of Object.entries(files))
      expect(readFileSync(join(out, name), "utf8")).toBe(text);
    expect(listing(out)).toEqual(Object.keys(files));
  });

  test("with --force is refused when somebody put a file beside a result", async () => {
    const out = folder.at("shared");
    expect((await mheapsim(["run", HELLO, "--out", out])).code).toBe(0);
    writeFileSync(join(out, "analysis.ipynb"), "hours of work");
    const { code, stderr } = await mheapsim(["run", HELLO, "--out", out, "--force"]);
    expect([code, stderr]).toEqual([
      2,
      `mheapsim: ${out} holds other files than a run's (analysis.ipynb): name another folder with --out\n`,
    ]);
    expect(readFileSync(join(out, "analysis.ipynb"), "utf8")).toBe("hours of work");
  });

  test("is used when it is empty, and refused when it is a file", async () => {
    const empty = folder.fresh();
    expect((await mheapsim(["run", HELLO, "--out", empty])).code).toBe(0);
    expect(listing(empty)).toEqual(FILES);
    const file = folder.write("file", "text");
    const { code, stderr } = await mheapsim(["run", HELLO, "--out", file, "--force"]);
    expect([code, stderr]).toEqual([
      2,
      `mheapsim: ${file} exists and is not a folder: name another one with --out\n`,
    ]);
    const below = await mheapsim(["run", HELLO, "--out", join(file, "below")]);
    expect([below.code, below.stderr]).toEqual([
      2,
      `mheapsim: cannot create ${join(file, "below")}: a part of the path is not a folder\n`,
    ]);
    expect(readFileSync(file, "utf8")).toBe("text");
  });
});

const HEADER = "t,p,op,a,b,c,d";
const INIT = "0,-1,init,4096,2,2097152,";
/** A heap of one chunk with two pages in use. */
const START = [
  HEADER,
  INIT,
  "100,-1,alloc,0,1,0,",
  "110,-1,arena,c000000000,67108864,4194304,",
  "120,-1,grow,c000000000,4194304,,",
  "130,-1,alloc,c000000000,1,8192,",
  "140,-1,scavreq,4194304,1,0,0",
  "150,-1,scavret,0,1,,",
  "160,-1,span,c000000000,1,h5,8192",
  "170,-1,alloc,c000002000,1,8192,",
  "180,-1,span,c000002000,1,s,8192",
];
const trace = (...rows: string[]): string => `${[...START, ...rows].join("\n")}\n`;

describe("a trace that is damaged", () => {
  const packed = gzipSync(trace(...Array.from({ length: 3000 }, (_, i) => `${200 + i},-1,stat,1,${i},1,0`)));
  const flipped = Buffer.from(packed);
  flipped[flipped.length - 7]! ^= 0x10;

  test.each<[string, string | Uint8Array, RegExp]>([
    ["nothing", "", /^FILE:1: the file is empty: expected a trace that begins with "t,p,op,a,b,c,d"$/],
    ["a wrong header", "time,p,op\n", /^FILE:1:1: expected the header "t,p,op,a,b,c,d", got "time,p,op"$/],
    ["a header of Go 1.23 alone", `${HEADER},e\n`, /^FILE:2: the trace has no rows/],
    ["a header alone", `${HEADER}\n`, /^FILE:2: the trace has no rows: expected at least its init row$/],
    ["binary data", new Uint8Array(3000).fill(7), /^FILE:1: the last line has no newline/],
    [
      "a cut gzip file",
      packed.subarray(0, packed.length >> 1),
      /^FILE:\d+: the gzip data ends early: the file was cut off/,
    ],
    ["a gzip file without its checksum", packed.subarray(0, -8), /^FILE:\d+: the gzip data ends early/],
    ["a changed gzip file", flipped, /^FILE:\d+: the gzip data is damaged \(.*\): get an intact copy$/],
    [
      "a row that was cut off",
      trace().slice(0, -5),
      /^FILE:11: the last line has no newline: the file was cut off$/,
    ],
    [
      "an unknown operation",
      trace("190,-1,munmap,c000000000,1,,"),
      /^FILE:12:8: unknown operation "munmap": expected one of init, arena/,
    ],
    ["no init row", `${HEADER}\n5,0,procs,0,1,,\n`, /^FILE:2:1: the first row of a trace must be init$/],
    ["a time that is none", trace("soon,-1,free,c000000000,1,,"), /^FILE:12:1: expected a whole number$/],
    ["a negative time", trace("-5,-1,free,c000000000,1,,"), /^FILE:12:1: expected a time of 0 ns or later$/],
    [
      "a P that is none",
      trace("190,-2,free,c000000000,1,,"),
      /^FILE:12:5: expected the number of a P, or -1$/,
    ],
    [
      "an address that is none",
      trace("190,-1,free,0xc000000000,1,,"),
      /^FILE:12:13: expected an address in hexadecimal/,
    ],
    [
      "a huge number",
      trace("190,-1,free,c000000000,99999999999999999999,,"),
      /^FILE:12:24: expected a number below 2\^53/,
    ],
    [
      "a negative count",
      trace("190,-1,free,c000000000,-1,,"),
      /^FILE:12:24: expected a number that is not negative$/,
    ],
    [
      "a bitmap that is short",
      trace("185,-1,procs,0,1,,", "190,0,refill,c000000000,ff,ff,"),
      /^FILE:13:25: expected a bitmap of 16/,
    ],
    ["a missing field", trace("190,-1,free,c000000000"), /^FILE:12:\d+: the line has too few fields$/],
    [
      "a field too many",
      trace("190,-1,free,c000000000,1,,,"),
      /^FILE:12:\d+: expected 7 comma-separated fields$/,
    ],
    [
      "a field that should be empty",
      trace("190,-1,free,c000000000,1,2,"),
      /^FILE:12:26: expected an empty field here$/,
    ],
    [
      "a free of unmapped pages",
      trace("190,-1,free,d000000000,1,,"),
      /^FILE:12:1: free: cannot free 1 pages at 0xd000000000: not mapped$/,
    ],
    [
      "a free of free pages",
      trace("190,-1,free,c000004000,3,,"),
      /^FILE:12:1: free: cannot free 3 pages at 0xc000004000: already free/,
    ],
    [
      "a free of an odd address",
      trace("190,-1,free,c000000001,1,,"),
      /^FILE:12:1: free: 0xc000000001 is not the address of a page/,
    ],
    ["a free of nil", trace("190,-1,free,0,1,,"), /^FILE:12:1: free: 0x0 is not the address of a page/],
    [
      "a free of no pages",
      trace("190,-1,free,c000000000,0,,"),
      /^FILE:12:1: free: 0 pages: expected at least 1/,
    ],
    [
      "a span freed twice",
      trace("190,-1,spanfree,c000002000,1,s,", "191,-1,spanfree,c000002000,1,s,"),
      /^FILE:13:1: spanfree: no live span begins at this address$/,
    ],
    [
      "a span without pages",
      trace("190,-1,span,c000008000,1,s,8192"),
      /^FILE:12:1: span: a span is handed out here whose pages were not allocated before$/,
    ],
    [
      "an allocation elsewhere",
      trace("190,-1,alloc,c000008000,1,8192,"),
      /^FILE:12:1: alloc address: the recording says 0xc000008000, the go1\.18 model 0xc000004000 \(t 190 ns on P -1, searchAddr .*\)$/,
    ],
    [
      "growth that nobody needs",
      trace("190,-1,grow,c000400000,4194304,,"),
      /^FILE:12:1: grow: the heap grows, but no allocation failed before$/,
    ],
    [
      "growth that is missing",
      trace("190,-1,alloc,0,600,0,", "191,-1,alloc,c000004000,1,0,"),
      /^FILE:13:1: alloc: the heap grew before this, but not all of its arena and grow rows are here$/,
    ],
    [
      "wrong statistics",
      trace("190,-1,stat,4194304,8192,4177920,1"),
      /^FILE:12:1: stat heap_sys: the recording says 4194304, the go1\.18 model 4186112/,
    ],
    [
      "a page size of 3",
      `${HEADER}\n0,-1,init,3,2,0,\n`,
      /^FILE:2:1: geometry linux\/amd64: physPageBytes is 3, expected a power of two/,
    ],
    [
      "scavenging of pages in use",
      trace("190,-1,scav,c000000000,1,0,"),
      /^FILE:12:1: scav address: the recording says 0xc000000000, the go1\.18 model 0x0/,
    ],
    [
      "the end of a release that never began",
      trace("190,-1,scavdone,c000000000,1,0,"),
      /^FILE:12:1: scavdone: no release of 1 pages began here before$/,
    ],
    [
      "a release of more than a chunk",
      trace("190,-1,scav,c000000000,1099511627776,0,"),
      /^FILE:12:1: scav: 1099511627776 pages: expected/,
    ],
    [
      "a P beyond all others",
      trace("190,-1,procs,0,4,,", "191,4,calloc,0,1,0,"),
      /^FILE:13:1: calloc: there is no P 4: there were at most 4 so far$/,
    ],
    [
      "more Ps than a machine has",
      trace("190,-1,procs,0,99999999,,"),
      /^FILE:12:1: procs: 99999999 Ps: expected 1 to 65535$/,
    ],
    [
      "an allocation beyond reason",
      trace("190,-1,alloc,0,8589934592,0,"),
      /^FILE:12:1: alloc: 8589934592 pages would make the heap larger than 4 TiB/,
    ],
  ])("%s", async (_, content, message) => {
    const cwd = folder.fresh();
    writeFileSync(join(cwd, "FILE"), content);
    const { code, stdout, stderr } = await mheapsim(["run", "FILE", "--out", join("a", "b")], { cwd });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^mheapsim: [^\n]*\n$/);
    expect(stderr.slice("mheapsim: ".length, -1)).toMatch(message);
    // Not even the folders that were made for the result are left.
    expect(listing(cwd)).toEqual(["FILE"]);
  });

  test.each([
    ["none.csv", "no such file: expected a recording, gzipped or plain"],
    [".", "this is a folder: expected a file"],
  ])("a file that cannot be read: %s", async (name, message) => {
    const cwd = folder.fresh();
    expect(await mheapsim(["run", name, "--sample", "1ms"], { cwd })).toEqual({
      code: 2,
      stdout: "",
      stderr: `mheapsim: ${name}: ${message}\n`,
    });
    expect(await mheapsim(["run", name], { cwd })).toMatchObject({ code: 2, stdout: "" });
    expect(listing(cwd)).toEqual([]);
  });

  test("a time far off is refused before millions of samples are taken", async () => {
    const cwd = folder.fresh();
    writeFileSync(join(cwd, "FILE"), trace("9007199254740991,-1,stat,1,1,1,0"));
    const { code, stderr } = await mheapsim(["run", "FILE", "--sample", "1ns"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toBe(
      "mheapsim: FILE:12:1: more than 1000000 samples up to here: use a longer --sample interval, or mend the time\n",
    );
  });

  test("with --debug the stack is shown", async () => {
    const path = folder.write("debug.csv", "no\n");
    const { code, stderr } = await mheapsim(["run", path, "--debug", "--out", folder.at("never")]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^InputError: .*debug\.csv:1:1: expected the header/);
    expect(stderr).toMatch(/\n {4}at /);
  });
});

describe("standard input", () => {
  const bytes = readFileSync(HELLO);

  test("needs a sample interval, since it cannot be read twice", async () => {
    const cwd = folder.fresh();
    const piped = await mheapsim(["run", "-"], { cwd, input: bytes });
    expect(piped).toEqual({
      code: 2,
      stdout: "",
      stderr: "mheapsim: -: a pipe can be read only once: give the sample interval, such as --sample 10ms\n",
    });
    expect(listing(cwd)).toEqual([]);
  });

  test.skipIf(!existsSync("/dev/stdin"))("needs one under the name of a device, too", async () => {
    const cwd = folder.fresh();
    const { code, stderr } = await mheapsim(["run", "/dev/stdin"], { cwd, input: bytes });
    expect([code, stderr]).toEqual([
      2,
      "mheapsim: /dev/stdin: a pipe can be read only once: give the sample interval, such as --sample 10ms\n",
    ]);
  });

  test.each([
    ["gzipped", bytes],
    ["plain", Buffer.from(textOf(HELLO), "latin1")],
  ])("gives the same bytes as the file: %s", async (_, input) => {
    const cwd = folder.fresh();
    writeFileSync(join(cwd, "file"), input);
    const args = ["--sample", "50us", "--out"];
    expect((await mheapsim(["run", "-", ...args, "piped"], { cwd, input })).stderr).toBe("");
    expect((await mheapsim(["run", "file", ...args, "read"], { cwd })).stderr).toBe("");
    const piped = contents(join(cwd, "piped"));
    const read = contents(join(cwd, "read"));
    expect(piped["timeseries.csv"]).toBe(read["timeseries.csv"]);
    expect(piped["summary.json"]).toBe(read["summary.json"]);
    expect(piped["manifest.json"]!.replace('"stdin"', '"file"').replace('"standard input"', '"file"')).toBe(
      read["manifest.json"],
    );
  });
});

describe("out of memory", () => {
  test("ends the run with the runtime's sentence, and the result is there", async () => {
    const out = folder.at("oom");
    const rows = ["900,-1,alloc,0,17179869184,0,", "901,-1,stat,0,0,0,0"];
    const path = folder.write("oom.csv", trace(...rows));
    const { code, stdout, stderr } = await mheapsim(["run", path, "--out", out, "--sample", "300ns"]);
    const sentence =
      "runtime: out of memory: cannot allocate 140737488355328-byte block (4186112 in use)\nfatal error: out of memory";
    expect([code, stderr]).toEqual([1, `${sentence}\n`]);
    expect(stdout).toContain("oom under go1.18: 900 ns, 11 rows");
    expect(manifestOf(out)).toMatchObject({
      result: { end: "out of memory", message: sentence },
      scenario: { rows: 11 },
    });
    const times = readFileSync(join(out, "timeseries.csv"), "utf8")
      .split("\n")
      .map((row) => row.split(",")[0]);
    expect(times).toEqual(["time_ns", "0", "300", "600", "900", ""]);
  });

  test("from the spans alone, too", async () => {
    const out = folder.at("oom-spans");
    const path = folder.write(
      "oom2.csv",
      `${[HEADER, INIT, "7,-1,span,c000000000,17179869184,h1,0"].join("\n")}\n`,
    );
    const { code, stderr } = await mheapsim(["run", path, "--out", out, "--spans-only"]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      "runtime: out of memory: cannot allocate 140737488355328-byte block (0 in use)\nfatal error: out of memory\n",
    );
    expect(manifestOf(out).result.end).toBe("out of memory");
  });
});

describe.skipIf(process.platform === "win32")("a disk that is full", () => {
  test("is said, and nothing is left", async () => {
    const cwd = folder.fresh();
    // The limit of 16 KiB on the size of files stands for a full disk: writing fails half-way through the time series.
    const { code, stdout, stderr } = await runProgram(
      "bash",
      [
        "-c",
        'trap "" XFSZ; ulimit -f 16; exec "$@"',
        "bash",
        process.execPath,
        join(ROOT, "dist", "cli", "main.js"),
        "run",
        tracePath("link-cmdgo-gmp4"),
        "--out",
        "deep/full",
      ],
      { cwd },
    );
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(
      "mheapsim: cannot write deep/full: the file would be larger than is allowed here; nothing was left behind\n",
    );
    expect(listing(cwd)).toEqual([]);
  });

  test.skipIf(!existsSync("/dev/full"))("behind standard output", async () => {
    const out = folder.at("devfull");
    const main = join(ROOT, "dist", "cli", "main.js");
    const full = 'exec "$@" > /dev/full';
    for (const args of [["list"], ["conform", HELLO], ["run", HELLO, "--out", out]]) {
      const { code, stderr } = await runProgram("bash", [
        "-c",
        full,
        "bash",
        process.execPath,
        main,
        ...args,
      ]);
      expect([code, stderr]).toEqual([2, "mheapsim: cannot write to standard output: the disk is full\n"]);
    }
    expect(listing(out)).toEqual(FILES);
  });
});

describe("links and odd names", () => {
  test("a link to a result is replaced, not what it points to", async () => {
    const real = folder.at("real");
    expect((await mheapsim(["run", HELLO, "--out", real])).code).toBe(0);
    const before = contents(real);
    symlinkSync(real, folder.at("link"));
    const { code } = await mheapsim(["run", HELLO, "--out", folder.at("link"), "--force", "--sample", "1us"]);
    expect(code).toBe(0);
    expect(contents(real)).toEqual(before);
  });

  test("names with spaces, accents and commas", async () => {
    const cwd = mkdtempSync(join(folder.path, "spa ce é,"));
    mkdirSync(join(cwd, "tr ä"));
    copyFileSync(HELLO, join(cwd, "tr ä", "my, tracé.csv.gz"));
    const { code, stderr } = await mheapsim(["run", join("tr ä", "my, tracé.csv.gz")], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expect(contents(join(cwd, "out", "my, tracé-go1.18"))["manifest.json"]).toContain('"my, tracé.csv.gz"');
    rmSync(cwd, { recursive: true });
  });
});
