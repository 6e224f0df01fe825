import { describe, expect, test } from "vitest";
import { studyThreads } from "../../cli/study-threads.js";

describe("threads that are started before the command line is read", () => {
  test.each([
    [["compare", "steady", "--policies", "go1.17,go1.18"], { workers: undefined }],
    [["sweep", "steady", "--workers", "3"], { workers: 3 }],
    [["compare", "steady", "--workers=2"], { workers: 2 }],
    // The last one counts, as it does for the study.
    [["compare", "steady", "--workers", "2", "--workers=5"], { workers: 5 }],
    // What is wrong is said by whoever reads the command line properly; nothing is started for it.
    [["compare", "steady", "--workers", "0"], undefined],
    [["compare", "steady", "--workers", "many"], undefined],
    [["compare", "steady", "--workers"], undefined],
    [["compare", "steady", "--workers", "100000"], undefined],
    [["compare", "--help"], undefined],
    [["run", "steady"], undefined],
    [[], undefined],
  ])("%j: %j", (args, expected) => {
    expect(studyThreads(args)).toEqual(expected);
  });
});
