import { defineConfig } from "vitest/config";

/** Tests in a browser: `npm run test:browser`. They need a chromium, and are no part of `npm test`. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    globalSetup: ["test/setup/build.ts"],
    pool: "forks",
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
