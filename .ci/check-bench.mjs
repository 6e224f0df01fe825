// Compares the result hashes of a benchmark with those that were recorded from the real allocator, and shows the ratios.
//
//     node .ci/check-bench.mjs OURS.json RECORDED.json
//
// Exit code 1 when a hash differs or a workload was not measured. How fast is fast enough is not decided here.

import { readFileSync } from "node:fs";

const [ours, recorded] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")));
let failed = 0;
const ratios = [];
for (const { name, resultHash } of recorded) {
  const row = ours.find((r) => r.name === name);
  const same = row?.resultHash === resultHash;
  if (!same) failed++;
  if (row?.ratio !== undefined) ratios.push(row.ratio);
  const speed =
    row === undefined ? "not measured" : `${row.nsPerOp} ns/op, ${row.goVersion} ${row.goNsPerOp} ns/op`;
  console.log(
    `${same ? "ok  " : "FAIL"} ${name.padEnd(12)} ratio ${row?.ratio ?? "-"}   ${speed}   ` +
      `hash ${row?.resultHash ?? "-"}${same ? "" : `, expected ${resultHash}`}`,
  );
}
if (ratios.length !== recorded.length) failed++;
const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
console.log(`geometric mean of ${ratios.length} ratios: ${mean.toFixed(3)}, largest: ${Math.max(...ratios)}`);
process.exitCode = failed > 0 ? 1 : 0;
