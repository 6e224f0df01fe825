import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // With a configuration of their own, since they need a browser.
    exclude: ["test/browser/**"],
    // The tests of the command line run the compiled program.
    globalSetup: ["test/setup/build.ts"],
    // Each file in a process of its own: some tests change the working folder or read standard input.
    pool: "forks",
    // Much of the time goes into waiting for child processes, so every core may have a file.
    maxWorkers: "100%",
    // Replays of whole recordings take seconds, and more on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // A hanging test fails; it must not hang the run as well.
    teardownTimeout: 10_000,
  },
});
