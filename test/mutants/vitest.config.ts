/** How a copy of the sources is tested: nothing is compiled before, and a property ends at its first counterexample. */

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/mutants/first-counterexample.ts"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 120_000,
    teardownTimeout: 5_000,
  },
});
