/**
 * The calibration loop: work that no change of the simulator touches, to compare machines, and moments of one machine, by.
 *
 * A step draws a number from a shift register and adds it to a place of a table of 256 KiB: some integer arithmetic that must
 * wait for itself, and a load and a store that miss the first cache, but not the second, which no other core shares. (Beyond
 * that, what a step takes depends on the neighbours more than on the machine.) Prints the processor time
 * of a step in nanoseconds.
 */

const STEPS = 1e8;
const LOG_PLACES = 16;

function run(table: Int32Array, steps: number): number {
  let x = 118;
  for (let i = 0; i < steps; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    table[x >>> (32 - LOG_PLACES)]! += x;
  }
  return x;
}

const table = new Int32Array(1 << LOG_PLACES);
// Compiled, and all of the table touched, before it counts.
run(table, STEPS / 10);
const from = process.cpuUsage();
const last = run(table, STEPS);
const { user, system } = process.cpuUsage(from);
if (last === 0) throw new Error("the shift register is stuck at 0");
console.log((((user + system) * 1000) / STEPS).toFixed(4));
