#!/usr/bin/env node
/**
 * Where the program starts. Everything else is in program.ts, which takes a tenth of a second and more to load; the threads of a study
 * are started before it and load at the same time.
 */

import { studyThreads } from "./study-threads.js";

const threads = studyThreads(process.argv.slice(2));
if (threads === undefined) await import("./program.js");
else {
  const { CellPool } = await import("../studies/cells/cell-pool.js");
  CellPool.startEarly(threads.workers);
  try {
    await import("./program.js");
  } finally {
    await CellPool.dismissEarly();
  }
}
