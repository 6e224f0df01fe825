/**
 * How fast objects come and go, and what 20 million of them cost: `npx tsx bench/objects.ts`.
 *
 *     steady      sizes and lifetimes drawn at each allocation, a mark whenever heapLive reached twice what was marked
 *     survivors   20 million objects of 200 bytes, 95 % of which are killed at random (golang/go#78962)
 *
 * The draws are a shift register, so that the time is that of the objects. Beside the rates stands the time of a calibration
 * loop, 100 million steps of the same register, to compare machines by.
 */

import { platform } from "../sim/address/platforms.js";
import { Heap } from "../sim/heap/heap.js";
import { FOREVER, Objects } from "../sim/objects/objects.js";
import { Population } from "../sim/objects/population.js";

const MIB = 2 ** 20;

let state = 118;

function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}

/** Processor time, which other programs on the machine disturb less than the time of day. */
function seconds(work: () => void): number {
  const from = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
}

/** Allocations 200 ns apart on 4 Ps, of 8 to 1024 bytes, which live up to 0.2 s, and one in 64 up to 3 s. */
function steady(count: number): Objects {
  const heap = new Heap(platform("linux/amd64"));
  const objects = new Objects(heap);
  let nowNs = 0;
  let goal = 4 * MIB;
  for (let i = 0; i < count; i++) {
    nowNs += 200;
    const r = random();
    const lifeNs = (r & 63) === 0 ? (r >>> 6) * 44 : r >>> 4;
    objects.alloc(i & 3, 8 + ((r >>> 8) & 1016), (r & 64) !== 0, nowNs + lifeNs);
    if (objects.heapLiveBytes < goal) continue;
    objects.sweep(Number.MAX_SAFE_INTEGER);
    goal = Math.max(4 * MIB, 2 * objects.finishMark(nowNs, nowNs));
  }
  return objects;
}

function survivors(count: number): void {
  const heap = new Heap(platform("linux/amd64"));
  const objects = new Objects(heap);
  const population = new Population();
  const making = seconds(() => {
    for (let i = 0; i < count; i++) population.add(objects.alloc(0, 200, false, FOREVER));
  });
  const bytes = process.memoryUsage.rss();
  const killing = seconds(() => {
    for (let i = Math.round(count * 0.95); i > 0; i--)
      objects.kill(population.take(Math.floor((random() / 4294967296) * population.count)));
    objects.finishMark(1, 1);
    objects.sweep(Number.MAX_SAFE_INTEGER);
  });
  console.log(
    `survivors  ${count / 1e6} M objects: made in ${making.toFixed(2)} s, killed and swept in ${killing.toFixed(2)} s, process ${(bytes / MIB).toFixed(0)} MiB, spans free ${(1 - objects.inUsePages / (count / 39)).toFixed(4)}`,
  );
}

const calibration = seconds(() => {
  for (let i = 0; i < 1e8; i++) random();
});
console.log(`calibration loop ${calibration.toFixed(3)} s`);
for (let round = 0; round < 3; round++) {
  const count = 20e6;
  const took = seconds(() => void steady(count));
  const rate = count / took;
  console.log(
    `steady     ${(rate / 1e6).toFixed(2)} M objects/s, ${((rate * calibration) / 1e8).toFixed(4)} of the loop's steps`,
  );
}
survivors(20e6);
