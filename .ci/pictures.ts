/**
 * Draws the pictures of the documents anew: those of docs/gallery.md and docs/example-design-doc.md by the commands in them, and those of
 * docs/validation-scavenger.md from the traces in ../shared, or in the folder that MHEAPSIM_SHARED names.
 *
 *     npm run pictures
 */

import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadRenderer } from "../results/plots/render.js";
import { THEMES } from "../results/plots/theme.js";
import { PICTURED_TRACES, scavengerPicture } from "../studies/scavenger-picture.js";

const ROOT = join(import.meta.dirname, "..");
const SHARED = process.env.MHEAPSIM_SHARED ?? join(ROOT, "..", "shared");

/** The pictures that a document shows, as paths from docs/. */
function shownIn(document: string): string[] {
  const text = readFileSync(join(ROOT, "docs", document), "utf8");
  return [...text.matchAll(/!\[[^\]]*\]\((pictures\/[^)]+)\)/g)].map((match) => match[1]!);
}

/** Writes the files of a document, runs its commands in a folder of their own, and takes the pictures that it shows. */
function drawn(document: string): void {
  const folder = mkdtempSync(join(tmpdir(), "mheapsim-gallery-"));
  try {
    const text = readFileSync(join(ROOT, "docs", document), "utf8");
    for (const [, name, content] of text.matchAll(/^<!-- file: ([\w.-]+) -->\n```\w+\n([\s\S]*?)^```$/gm))
      writeFileSync(join(folder, name!), content!);
    const commands = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap((match) =>
      match[1]!.trimEnd().split("\n"),
    );
    for (const command of commands) {
      const program = `"${process.execPath}" "${join(ROOT, "dist/cli/main.js")}"`;
      const { status, stdout, stderr } = spawnSync(
        "sh",
        ["-c", command.replaceAll("npx mheapsim", program)],
        {
          cwd: folder,
          encoding: "utf8",
        },
      );
      if (status !== 0) throw new Error(`${command}: ${stderr}`);
      console.log(stdout.trimEnd().split("\n").at(-1));
    }
    for (const picture of shownIn(document)) {
      mkdirSync(dirname(join(ROOT, "docs", picture)), { recursive: true });
      copyFileSync(join(folder, picture), join(ROOT, "docs", picture));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function scavenger(): Promise<void> {
  const renderer = await loadRenderer();
  for (const name of PICTURED_TRACES) {
    const trace = join(SHARED, "traces", "go1.18", `${name}.csv.gz`);
    if (!existsSync(trace)) {
      console.error(
        `${trace} is not there: set MHEAPSIM_SHARED to the folder that has traces/; its picture stays as it is`,
      );
      continue;
    }
    const { spec, error } = await scavengerPicture(trace, THEMES.light);
    const path = join(ROOT, "docs", "pictures", "scavenger", `${name}.svg`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await renderer.svg(spec));
    console.log(`${name}: error ${(100 * error).toFixed(2)} %`);
  }
}

async function main(): Promise<void> {
  drawn("gallery.md");
  drawn("example-design-doc.md");
  await scavenger();
}

void main();
