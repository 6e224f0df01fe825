// Takes the library example out of the README, and what it prints.
//
//     node .ci/readme-example.mjs README.md FOLDER
//
// writes FOLDER/example.mjs and the same as example.mts (the block after <!-- example: library -->), and FOLDER/expected.txt
// (the next block of text).

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [readme, folder] = process.argv.slice(2);
const [, code, expected] =
  /<!-- example: library -->\s*```ts\n(.*?)```.*?```text\n(.*?)```/s.exec(readFileSync(readme, "utf8")) ?? [];
if (code === undefined)
  throw new Error(`${readme} has no library example: expected <!-- example: library --> before it`);
writeFileSync(join(folder, "example.mjs"), code);
writeFileSync(join(folder, "example.mts"), code);
writeFileSync(join(folder, "expected.txt"), expected);
