/**
 * What all result folders have in common: a manifest of this tool and version, and files with the digests that it lists.
 */

import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { TOOL_VERSION } from "./version.js";

/** A folder is not what a command wrote, or not all of it is there. One sentence that says what to do. */
export class RunFolderError extends Error {
  override readonly name = "RunFolderError";
}

/** The part of a manifest that folders of all commands have. */
export interface ToolManifest {
  readonly tool: { readonly name: string; readonly version: string };
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  /** What wrote it, when it was not `run`. */
  readonly study?: string;
  /** The pictures in it, when it is a folder of plots. */
  readonly plots?: readonly string[];
}

/**
 * Reads the manifest of a folder.
 * @throws RunFolderError when it is no folder of this tool, or of another version
 */
export function readToolManifest(folder: string): ToolManifest {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new RunFolderError(`${folder} is not a folder: expected one that mheapsim run wrote`);
  }
  let manifest: Partial<ToolManifest> | null;
  const path = join(folder, "manifest.json");
  try {
    manifest = JSON.parse(readPart(folder, "manifest.json"));
  } catch (error) {
    if (error instanceof RunFolderError) throw error;
    throw new RunFolderError(`${path} is not JSON, so the folder is damaged or not a run's: run it again`);
  }
  if (manifest?.tool?.name !== "mheapsim") {
    throw new RunFolderError(`${path} is not of mheapsim: expected the folder of a run`);
  }
  const { version } = manifest.tool;
  if (version !== TOOL_VERSION) {
    throw new RunFolderError(
      `${folder} was made by mheapsim ${version}, and this is ${TOOL_VERSION}: run it again with this version`,
    );
  }
  if (!Array.isArray(manifest.files)) {
    throw new RunFolderError(`${path} is not that of a run: expected the folder of mheapsim run`);
  }
  return manifest as ToolManifest;
}

/** The folder of a seed's run, within that of its policy. */
export function seedFolder(seed: number): string {
  return `seed-${String(seed).padStart(4, "0")}`;
}

/** The text of a file. @throws RunFolderError when it cannot be read */
export function readPart(folder: string, name: string): string {
  return contentsOf(folder, name).toString("utf8");
}

/** A file as it is. @throws RunFolderError when it cannot be read */
export function readBytes(folder: string, name: string): Uint8Array {
  return contentsOf(folder, name);
}

/** Not exported, so that the package's declarations do without those of Node. */
function contentsOf(folder: string, name: string): Buffer {
  try {
    return readFileSync(join(folder, name));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new RunFolderError(
      code === "ENOENT"
        ? `${folder} has no ${name}: expected the folder of a run that came to its end`
        : `cannot read ${join(folder, name)}: ${message}`,
    );
  }
}

/** @throws RunFolderError unless a file is what was written, by its digest in the manifest */
export function checkDigest(
  folder: string,
  { files }: Pick<ToolManifest, "files">,
  name: string,
  content: string | Uint8Array,
): void {
  const listed = files.find((file) => file.name === name);
  const path = join(folder, name);
  if (listed === undefined) {
    throw new RunFolderError(`${path} is not in the folder's manifest.json: it is of another run`);
  }
  if (listed.sha256 !== createHash("sha256").update(content).digest("hex")) {
    throw new RunFolderError(
      `${path} is not what the run wrote, by its sha256 in manifest.json: it was cut off or changed; run it again`,
    );
  }
}
