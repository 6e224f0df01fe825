/**
 * Under what a recording was made: the address space, and the release, from which the policy follows.
 *
 * Both come from the options, else from the `meta.json` in the folder above the file and the `index.json` beside it: the
 * geometry and `goVersion` from the former (traces have `goVersion` in the latter), the physical page sizes of an operation
 * log from its entry in the latter. Where nothing is said, the address space is linux/amd64, and the format tells which
 * release it is of.
 */

import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { InputError } from "../scenarios/input-error.js";
import { HEAP_TRACE_HEADER_INDEXED } from "../scenarios/trace/heap-trace.js";
import { type Geometry, GeometryError } from "../sim/address/geometry.js";
import { geometryFromJson, platform, platformNames } from "../sim/address/platforms.js";
import type { Policy } from "../sim/policies/policy.js";
import { PolicyNameError, policyNamed } from "../sim/policies/registry.js";
import { readHead } from "./read-head.js";

/** What a user said about a recording. */
export interface RecordedOptions {
  /** Name of a geometry, or path of a JSON file with one. */
  readonly geometry?: string;
  readonly physPageBytes?: number;
  readonly hugePageBytes?: number;
  /** The policy that it was recorded under. */
  readonly policy?: Policy;
}

/**
 * The policy that a file was recorded under.
 * @param formats the policy that the format speaks for, where nothing else does
 * @throws InputError when it was recorded under a release that is not known here
 */
export function recordedPolicy(path: string, options: RecordedOptions, formats: string): Policy {
  if (options.policy !== undefined) return options.policy;
  for (const file of [join(dirname(path), "index.json"), metaPathOf(path)]) {
    const version = existsSync(file) ? goVersionIn(file) : undefined;
    if (version !== undefined) return policyOfVersion(file, version);
  }
  return policyNamed(formats);
}

/**
 * The policy that a trace was recorded under. Of a pipe, which can be read only once, nothing is known but what is said.
 * @throws InputError as recordedPolicy does
 */
export function tracePolicy(path: string, options: RecordedOptions): Policy {
  if (options.policy !== undefined) return options.policy;
  const isFile = path !== "-" && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  if (!isFile) return policyNamed("go1.18");
  return recordedPolicy(path, options, headerOf(path) === HEAP_TRACE_HEADER_INDEXED ? "go1.22" : "go1.18");
}

/** The header line of a trace; empty for a file that cannot be read, about which whoever reads it has more to say. */
function headerOf(path: string): string {
  try {
    return readHead(path).split(/\r?\n/, 1)[0] ?? "";
  } catch (error) {
    if (error instanceof InputError) return "";
    throw error;
  }
}

/** The release in what `go version` says, such as `devel go1.18-e11e`. */
function goVersionIn(file: string): string | undefined {
  const meta = readJson(file);
  if (typeof meta !== "object" || meta === null || !("goVersion" in meta)) return undefined;
  return /\bgo\d+\.\d+(?:\.\d+)?/.exec(String(meta.goVersion))?.[0];
}

function policyOfVersion(file: string, version: string): Policy {
  try {
    return policyNamed(version);
  } catch (error) {
    if (error instanceof PolicyNameError)
      throw new InputError(file, 0, 0, `goVersion: ${error.message}; --policy chooses another`);
    throw error;
  }
}

function metaPathOf(path: string): string {
  return join(dirname(path), "..", "meta.json");
}

/** The geometry that a file was recorded under. */
export function recordedGeometry(
  path: string,
  options: RecordedOptions,
): { geometry: Geometry; remark: string | undefined } {
  const metaPath = metaPathOf(path);
  let base: Geometry;
  let remark: string | undefined;
  if (options.geometry !== undefined) base = namedGeometry(options.geometry);
  else if (existsSync(metaPath)) base = geometryOfFile(metaPath, basename(dirname(dirname(resolve(path)))));
  else {
    base = platform("linux/amd64");
    remark = `${path}: no meta.json in the folder above and no --geometry: taking linux/amd64`;
  }
  const entry = options.geometry === undefined ? indexEntry(path) : undefined;
  const phys = options.physPageBytes ?? entry?.physPageSize;
  const huge = options.hugePageBytes ?? entry?.physHugePageSize;
  if (remark !== undefined)
    remark += `, ${phys ?? base.physPageBytes} byte pages, ${huge ?? base.physHugePageBytes} byte huge pages`;
  return {
    geometry: base.withPhysicalPages(phys ?? base.physPageBytes, huge ?? base.physHugePageBytes),
    remark,
  };
}

/** The entry of a file in the index.json beside it; a copy may be packed or not, so the ending .gz does not count. */
function indexEntry(path: string): { physPageSize: number; physHugePageSize: number } | undefined {
  const indexPath = join(dirname(path), "index.json");
  if (!existsSync(indexPath)) return undefined;
  const index = readJson(indexPath);
  if (!Array.isArray(index)) return undefined;
  const plain = (name: unknown): string => String(name).replace(/\.gz$/, "");
  const entry = index.find(
    (e) => typeof e === "object" && e !== null && plain(e.file) === plain(basename(path)),
  );
  if (typeof entry?.physPageSize !== "number" || typeof entry?.physHugePageSize !== "number")
    return undefined;
  return entry;
}

/**
 * A geometry by name or from a JSON file.
 * @throws GeometryError when there is none of that name, InputError when the file is no geometry
 */
export function namedGeometry(name: string): Geometry {
  if (platformNames().includes(name)) return platform(name);
  if (!existsSync(name)) {
    throw new GeometryError(
      `no geometry is called "${name}", and no file is: expected one of ${platformNames().join(", ")}, or a JSON file`,
    );
  }
  return geometryOfFile(name, basename(name));
}

/** The geometry in a JSON file; what is wrong with it is said with the file's name. */
function geometryOfFile(path: string, name: string): Geometry {
  try {
    return geometryFromJson(readJson(path), name);
  } catch (error) {
    if (error instanceof GeometryError) throw new InputError(path, 0, 0, error.message);
    throw error;
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new InputError(path, 0, 0, `not valid JSON: ${(error as Error).message}`);
  }
}
