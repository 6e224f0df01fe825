import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { InputError } from "../../../scenarios/input-error.js";
import { readLines } from "../../../scenarios/trace/lines.js";
import { TestFolder } from "../../setup/files.js";

const folder = new TestFolder();

async function linesOf(
  content: string | Uint8Array,
): Promise<{ lines: string[]; bytes: number; count: number }> {
  const lines: string[] = [];
  let bytes = 0;
  const count = await readLines(
    folder.write("file", content),
    (buffer, from, to, line) => {
      expect(line).toBe(lines.length + 1);
      lines.push(Buffer.from(buffer.subarray(from, to)).toString("latin1"));
    },
    (raw) => {
      bytes += raw.length;
    },
  );
  return { lines, bytes, count };
}

describe("readLines", () => {
  test("hands out every line, however long the file and its lines are", async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => "x".repeat((i * 7919) % 90) + i);
    // Longer than a chunk that is read at a time.
    lines[777] = "y".repeat(700_000);
    const text = Buffer.from(`${lines.join("\n")}\n`);
    const packed = gzipSync(text);
    expect(await linesOf(text)).toEqual({ lines, bytes: text.length, count: lines.length });
    expect(await linesOf(packed)).toEqual({ lines, bytes: packed.length, count: lines.length });
  });

  test("joined gzip files are one, as gzip has it", async () => {
    const both = Buffer.concat([gzipSync("a\nb"), gzipSync("c\n")]);
    expect((await linesOf(both)).lines).toEqual(["a", "bc"]);
  });

  test("an empty file has no lines, and an empty line is one", async () => {
    expect(await linesOf("")).toEqual({ lines: [], bytes: 0, count: 0 });
    expect((await linesOf("\n\na\n")).lines).toEqual(["", "", "a"]);
  });

  test("a line without an end is refused before it fills the memory", async () => {
    const long = Buffer.alloc(5 << 20, 65);
    for (const content of [long, gzipSync(long)]) {
      await expect(linesOf(content)).rejects.toThrow(
        /file:1: the line is longer than 1048576 bytes: not a text file/,
      );
    }
  });

  test.skipIf(process.platform === "win32")("a pipe may give its first byte alone", async () => {
    const pipe = folder.at("pipe");
    execFileSync("mkfifo", [pipe]);
    const lines: string[] = [];
    const reading = readLines(pipe, (buffer, from, to) => {
      lines.push(Buffer.from(buffer.subarray(from, to)).toString("latin1"));
    });
    const packed = gzipSync("a\nb\n");
    const writer = createWriteStream(pipe);
    writer.write(packed.subarray(0, 1));
    // Long enough for the reader to have had it.
    await sleep(300);
    writer.end(packed.subarray(1));
    expect(await reading).toBe(2);
    expect(lines).toEqual(["a", "b"]);
  });

  test("what the handler throws comes out as it is, even an error of some other file", async () => {
    const path = folder.write("file", "a\nb\n");
    const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    const seen: number[] = [];
    const reading = readLines(path, (_bytes, _from, _to, line) => {
      seen.push(line);
      throw full;
    });
    await expect(reading).rejects.toBe(full);
    expect(seen).toEqual([1]);
    await expect(readLines(folder.at("none"), () => {})).rejects.toBeInstanceOf(InputError);
  });
});
