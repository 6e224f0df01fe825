/** What may be wrong with the folder of a run, and what is said about it: the same by whatever reads runs. */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { COLUMNS } from "../../results/columns.js";
import { TOOL_VERSION } from "../../results/version.js";

/** What is done to the copy `bad` of a run's folder, and the sentence about it. */
export const DAMAGES: readonly (readonly [string, (bad: string) => void, string])[] = [
  [
    "nothing there",
    (bad) => rmSync(bad, { recursive: true }),
    "bad is not a folder: expected one that mheapsim run wrote",
  ],
  ["a file", (bad) => replaced(bad), "bad is not a folder: expected one that mheapsim run wrote"],
  [
    "an empty folder",
    (bad) => emptied(bad),
    "bad has no manifest.json: expected the folder of a run that came to its end",
  ],
  [
    "no series",
    (bad) => rmSync(join(bad, "timeseries.csv")),
    "bad has no timeseries.csv: expected the folder of a run that came to its end",
  ],
  [
    "no summary",
    (bad) => rmSync(join(bad, "summary.json")),
    "bad has no summary.json: expected the folder of a run that came to its end",
  ],
  [
    "no histograms",
    (bad) => rmSync(join(bad, "histograms.json")),
    "bad has no histograms.json: expected the folder of a run that came to its end",
  ],
  [
    "half a manifest",
    (bad) => cut(bad, "manifest.json"),
    "bad/manifest.json is not JSON, so the folder is damaged or not a run's: run it again",
  ],
  [
    "a manifest of something else",
    (bad) => edit(bad, "manifest.json", () => '{"name":"app"}'),
    "bad/manifest.json is not of mheapsim: expected the folder of a run",
  ],
  [
    "a manifest that is null",
    (bad) => edit(bad, "manifest.json", () => "null"),
    "bad/manifest.json is not of mheapsim: expected the folder of a run",
  ],
  [
    "another version",
    (bad) =>
      edit(bad, "manifest.json", (json) =>
        json.replace(`"version": "${TOOL_VERSION}"`, '"version": "0.0.9"'),
      ),
    `bad was made by mheapsim 0.0.9, and this is ${TOOL_VERSION}: run it again with this version`,
  ],
  [
    "a manifest without fingerprint",
    (bad) => edit(bad, "manifest.json", (json) => json.replace('"fingerprint"', '"finger"')),
    "bad/manifest.json is not that of a run: expected the folder of mheapsim run",
  ],
  [
    "files of no list",
    (bad) => edit(bad, "manifest.json", (json) => json.replace('"timeseries.csv"', '"times.csv"')),
    "bad/timeseries.csv is not in the folder's manifest.json: it is of another run",
  ],
  [
    "half a series",
    (bad) => cut(bad, "timeseries.csv"),
    "bad/timeseries.csv does not end with a newline: it was cut off; run it again",
  ],
  [
    "a series cut at a line",
    (bad) => edit(bad, "timeseries.csv", (csv) => `${csv.split("\n").slice(0, 20).join("\n")}\n`),
    "bad/timeseries.csv is not what the run wrote, by its sha256 in manifest.json: it was cut off or changed; run it again",
  ],
  [
    "a changed number",
    (bad) => edit(bad, "timeseries.csv", (csv) => csv.replace("4194304", "4194305")),
    "bad/timeseries.csv is not what the run wrote, by its sha256 in manifest.json: it was cut off or changed; run it again",
  ],
  [
    "an empty series",
    (bad) => edit(bad, "timeseries.csv", () => ""),
    "bad/timeseries.csv does not end with a newline: it was cut off; run it again",
  ],
  [
    "a series with its header only",
    (bad) => edit(bad, "timeseries.csv", (csv) => `${csv.split("\n")[0]}\n`),
    "bad/timeseries.csv has no samples: expected at least one",
  ],
  [
    "a missing column",
    (bad) => edit(bad, "timeseries.csv", (csv) => csv.replace(",find_calls,", ",find_falls,")),
    "bad/timeseries.csv:1: the column find_calls is missing: expected those of mheapsim list columns",
  ],
  [
    "a column too many",
    (bad) => edit(bad, "timeseries.csv", (csv) => csv.replace("\n", ",rss_bytes\n")),
    "bad/timeseries.csv:1: the column rss_bytes is one too many: expected those of mheapsim list columns",
  ],
  [
    "a column twice",
    (bad) => edit(bad, "timeseries.csv", (csv) => csv.replace("\n", ",time_ns\n")),
    "bad/timeseries.csv:1: the column time_ns stands there twice: expected those of mheapsim list columns",
  ],
  [
    "a short row",
    (bad) => line(bad, 3, (row) => row.replace(/,[^,]*$/, "")),
    `bad/timeseries.csv:3: ${COLUMNS.length - 1} cells, but the header has ${COLUMNS.length} columns`,
  ],
  [
    "a word for a number",
    (bad) => line(bad, 4, (row) => row.replace(/^(\d+),\d+/, "$1,lots")),
    'bad/timeseries.csv:4: mapped_bytes is "lots": expected a number',
  ],
  [
    "a sample without a time",
    (bad) => line(bad, 4, (row) => row.replace(/^\d+/, "")),
    'bad/timeseries.csv:4: time_ns is "": expected a number',
  ],
  [
    "time that stands still",
    (bad) => line(bad, 4, (row) => row.replace(/^\d+/, "0")),
    "bad/timeseries.csv:4: time_ns is not later than in the line before",
  ],
  [
    "a changed summary",
    (bad) => edit(bad, "summary.json", (json) => json.replace("{", "{ ")),
    "bad/summary.json is not what the run wrote, by its sha256 in manifest.json: it was cut off or changed; run it again",
  ],
  [
    "half the histograms",
    (bad) => cut(bad, "histograms.json"),
    "bad/histograms.json is not JSON: it was cut off or changed; run it again",
  ],
  [
    "other histograms",
    (bad) => resigned(bad, "histograms.json", "{}"),
    "bad/histograms.json does not hold histograms: run it again",
  ],
];

export function edit(bad: string, name: string, change: (text: string) => string): void {
  const path = join(bad, name);
  const before = readFileSync(path, "utf8");
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
}

export function cut(bad: string, name: string): void {
  edit(bad, name, (whole) => whole.slice(0, Math.floor(whole.length / 2) + 3));
}

function line(bad: string, number: number, change: (row: string) => string): void {
  edit(bad, "timeseries.csv", (csv) => {
    const lines = csv.split("\n");
    lines[number - 1] = change(lines[number - 1]!);
    return lines.join("\n");
  });
}

function replaced(bad: string): void {
  emptied(bad);
  rmSync(bad, { recursive: true });
  writeFileSync(bad, "a file");
}

function emptied(bad: string): void {
  rmSync(bad, { recursive: true });
  mkdirSync(bad);
}

/** Another content, of which the manifest knows. */
export function resigned(bad: string, name: string, content: string): void {
  const old = sha256(readFileSync(join(bad, name), "utf8"));
  writeFileSync(join(bad, name), content);
  edit(bad, "manifest.json", (json) => json.replace(old, sha256(content)));
}

function sha256(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}
