/**
 * The measuring process of our side: one workload file, as many runs as it is told to.
 *
 * Each workload has a process of its own, since code that was compiled for another one is slower or faster for reasons
 * that have nothing to do with it. It answers each message `run` with one Measured.
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
  if (message === "run") process.send?.(measure(workload, tables));
  else process.disconnect();
});
process.send?.("ready");
