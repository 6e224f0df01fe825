/**
 * manifest.json: where a result comes from, completely enough to make it again, and nothing that would differ between
 * two machines: no clock, host or path.
 */

import type { Geometry } from "../sim/address/geometry.js";
import { TOOL_VERSION } from "./version.js";

/** Pages of the runtime and of the system, in bytes. */
export interface Platform {
  readonly name: string;
  readonly page_bytes: number;
  readonly phys_page_bytes: number;
  readonly phys_huge_page_bytes: number;
}

/** What a manifest says. Values are written in the order given. */
export interface ManifestContent {
  readonly name: string;
  readonly scenario: Readonly<Record<string, string | number>>;
  /** Name of the policy in force. */
  readonly policy: string;
  /** What was asked for: of a Go release the preset in force is taken, so this may be another name. */
  readonly policy_requested: string;
  readonly platform: Platform;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** What was changed about a scenario besides its parameters, `path=value`; not there when nothing was. */
  readonly set?: readonly string[];
  /** Which keyframes were asked for, how many or at which times, ns; not there without a heap map. */
  readonly keyframes?: number | readonly number[];
  readonly result: Readonly<Record<string, string | number | null>>;
  readonly fingerprint: string;
  /** sha256 of the other files by name. */
  readonly files: ReadonlyMap<string, string>;
}

/** What a manifest says of the address space. */
export function platformOf({ name, pageBytes, physPageBytes, physHugePageBytes }: Geometry): Platform {
  return {
    name,
    page_bytes: pageBytes,
    phys_page_bytes: physPageBytes,
    phys_huge_page_bytes: physHugePageBytes,
  };
}

/** The text of a run's manifest.json. */
export function manifest(content: ManifestContent): string {
  const { files, ...rest } = content;
  return manifestText(rest, files);
}

/**
 * The text of any manifest.json: which tool made it, what the content says, and which other files belong to it. An output
 * folder is replaced only when a manifest lists everything in it.
 */
export function manifestText(
  content: Readonly<Record<string, unknown>>,
  files: ReadonlyMap<string, string>,
): string {
  const json = {
    tool: { name: "mheapsim", version: TOOL_VERSION },
    node: process.version,
    ...content,
    files: [...files].map(([name, sha256]) => ({ name, sha256 })),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}
