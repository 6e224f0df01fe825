/**
 * The measuring process of our side: one workload file, as many runs as it is told to. It runs as compiled by tsc, as the
 * tool itself does (see ours.ts).
 *
 * Each workload has a process of its own, since code that was compiled for another one is slower or faster for reasons
 * that have nothing to do with it. It answers each message, the number of operations of a slice or 0 for no slices, with one
 * Measured.
 */

import { generated } from "./generated.js";
import { measure, Tables } from "./measure.js";
import { readWorkload } from "./workload.js";

const source = process.argv[2] ?? "";
const workload = source.startsWith("generated:")
  ? generated(source.slice("generated:".length))
  : await readWorkload(source);
const tables = new Tables(workload);

process.on("message", (message) => {
  if (typeof message === "number")
    process.send?.(measure(workload, tables, message === 0 ? Infinity : message));
  else process.disconnect();
});
process.send?.("ready");
