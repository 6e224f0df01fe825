import { describe, expect, it } from "vitest";
import { PiController } from "../../../sim/scavenge/pi-controller.js";
import { SLEEP_TUNING } from "../../../sim/scavenge/sleep-pacer.js";

describe("the PI controller", () => {
  it("gives the error its proportional part at once and the integral one sample later", () => {
    const controller = new PiController({ kp: 2, ti: 10, tt: 100, min: -50, max: 50 });
    // error 3: proportional 6, integral 2·5/10·3 = 3 for the next one
    expect(controller.next(1, 4, 5)).toBe(6);
    // error −1: −2 + 3; integral 3 − 1
    expect(controller.next(5, 4, 5)).toBe(1);
    expect(controller.next(4, 4, 5)).toBe(2);
  });

  it("clamps, and feeds back what it cut off", () => {
    const controller = new PiController({ kp: 1, ti: 1, tt: 2, min: 0, max: 10 });
    // raw 30, output 10; integral 30·1 + (1/2)·(10 − 30) = 20
    expect(controller.next(0, 30, 1)).toBe(10);
    expect(controller.next(30, 30, 1)).toBe(10);
    // raw 20, cut by 10: integral 20 − 5 = 15, then 15 − 2.5
    expect(controller.next(36, 30, 1)).toBe(9);
    const low = new PiController({ kp: 1, ti: 1e9, tt: 1e9, min: 0.5, max: 10 });
    expect(low.next(30, 0, 1)).toBe(0.5);
  });

  it("begins anew after an overflow, and says so", () => {
    const controller = new PiController(SLEEP_TUNING);
    controller.next(0.001, 0.01, 1e9);
    expect(controller.failed).toBe(false);
    expect(controller.next(Number.POSITIVE_INFINITY, 0.01, 1)).toBe(SLEEP_TUNING.min);
    expect(controller.failed).toBe(true);
    // No integral is left: the proportional part alone, below the minimum.
    expect(controller.next(0.01, 0.01, 1)).toBe(SLEEP_TUNING.min);
    expect(controller.failed).toBe(false);
    expect(controller.next(0, 1, Number.POSITIVE_INFINITY)).toBe(SLEEP_TUNING.min);
    expect(controller.failed).toBe(true);
  });

  it("answers a first second of sleep as the scavenger of Go 1.18 does: a third of a second, then a burst", () => {
    const controller = new PiController(SLEEP_TUNING);
    const first = controller.next(1e6 / 1.001e9, 0.01, 1.001e9);
    expect(1e6 / first).toBeGreaterThan(0.3e9);
    expect(1e6 / first).toBeLessThan(0.35e9);
    const second = controller.next(1e6 / 331e6, 0.01, 331e6);
    expect(second).toBeGreaterThan(0.9);
  });
});
