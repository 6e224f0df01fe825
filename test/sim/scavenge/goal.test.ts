import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { SCAVENGE_DISABLED, scavengeGoal } from "../../../sim/scavenge/goal.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const MIB = 2 ** 20;

/** The rule in 64-bit whole numbers; only the ratio of the goals is a fraction. */
function plainGoal(
  heapGoal: number,
  lastHeapGoal: number,
  inUse: number,
  retained: number,
  phys: number,
): number {
  if (lastHeapGoal === 0) return Number.POSITIVE_INFINITY;
  const ratio = heapGoal / lastHeapGoal;
  let goal = BigInt(Math.trunc(inUse * ratio));
  goal += goal / 10n;
  const unit = BigInt(phys);
  while (goal % unit !== 0n) goal += unit - (goal % unit);
  const excess = BigInt(retained) - goal;
  return excess < unit ? Number.POSITIVE_INFINITY : Number(goal);
}

describe("the scavenge goal", () => {
  it("is that of the rule in whole numbers", () => {
    const bytes = fc.oneof(
      fc.nat(2 ** 26),
      fc.integer({ min: 1, max: 2 ** 31 - 1 }).map((x) => x * 4096),
    );
    let enabled = 0;
    let disabled = 0;
    fc.assert(
      fc.property(
        bytes,
        bytes,
        bytes,
        fc.integer({ min: -3, max: 200 }),
        fc.constantFrom(4096, 16384, 65536),
        (heapGoal, lastHeapGoal, inUse, around, phys) => {
          // Retained memory near the goal, where the rule decides, as often as far above it.
          const scaled = lastHeapGoal === 0 ? 0 : Math.trunc(inUse * (heapGoal / lastHeapGoal) * 1.1);
          const retained = Math.max(0, Math.ceil(scaled / phys) * phys + around * 1024);
          if (!Number.isSafeInteger(retained)) return;
          const goal = scavengeGoal(heapGoal, lastHeapGoal, inUse, retained, phys);
          expect(goal).toBe(plainGoal(heapGoal, lastHeapGoal, inUse, retained, phys));
          if (goal === SCAVENGE_DISABLED) disabled++;
          else enabled++;
        },
      ),
      { seed: SEED, numRuns: 2000 },
    );
    expect(Math.min(enabled, disabled)).toBeGreaterThan(200);
  });

  it("does not exist before the first cycle", () => {
    expect(scavengeGoal(4 * MIB, 0, 100 * MIB, 200 * MIB, 4096)).toBe(SCAVENGE_DISABLED);
  });

  it("is a tenth above the heap in use, and follows the heap goal", () => {
    expect(scavengeGoal(8 * MIB, 8 * MIB, 40 * MIB, 100 * MIB, 4096)).toBe(44 * MIB);
    expect(scavengeGoal(4 * MIB, 8 * MIB, 40 * MIB, 100 * MIB, 4096)).toBe(22 * MIB);
  });

  it("does not exist when less than a physical page is above it", () => {
    expect(scavengeGoal(MIB, MIB, 40 * MIB, 44 * MIB + 4095, 4096)).toBe(SCAVENGE_DISABLED);
    expect(scavengeGoal(MIB, MIB, 40 * MIB, 44 * MIB + 4096, 4096)).toBe(44 * MIB);
  });
});
