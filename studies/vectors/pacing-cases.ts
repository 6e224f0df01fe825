/**
 * Cases about how the background scavenger of Go 1.19 and later is paced: its controller, and its rounds of work and sleep.
 */

import type { VectorFields } from "../../scenarios/trace/vectors/kinds.js";
import { GO_1_18 } from "../../sim/policies/go.js";
import { PiController } from "../../sim/scavenge/pi-controller.js";
import { SleepPacer } from "../../sim/scavenge/sleep-pacer.js";
import { WorkRound } from "../../sim/scavenge/work-round.js";
import type { CaseCheck } from "./case-check.js";

const WORD = new DataView(new ArrayBuffer(8));

/** A double from the 16 hexadecimal digits of its bits. */
function doubleOf(word: string): number {
  WORD.setUint32(0, Number.parseInt(word.slice(0, 8), 16));
  WORD.setUint32(4, Number.parseInt(word.slice(8), 16));
  return WORD.getFloat64(0);
}

function wordOf(value: number): string {
  WORD.setFloat64(0, value);
  const [hi, lo] = [WORD.getUint32(0), WORD.getUint32(4)];
  return hi.toString(16).padStart(8, "0") + lo.toString(16).padStart(8, "0");
}

/** A controller, call by call, bit for bit. */
export function controller(fields: VectorFields<"controller">, c: CaseCheck): void {
  const { kp, ti, tt, min, max } = fields;
  const own = new PiController({ kp, ti, tt, min, max });
  fields.calls.forEach(({ bits, ok, errOverflow, inputOverflow }, i) => {
    c.step(`calls[${i}]`);
    const [input, setpoint, period, output, integral] = bits;
    const got = own.next(doubleOf(input), doubleOf(setpoint), doubleOf(period));
    c.equal("output", output, wordOf(got));
    c.equal("ok", ok, !own.failed);
    c.equal("errIntegral", integral, wordOf(own.integral));
    c.equal("errOverflow", errOverflow, own.errorOverflow);
    c.equal("inputOverflow", inputOverflow, own.inputOverflow);
  });
}

/** The scavenger of Go 1.19 and later: what a short request does, and a controller that fails. */
const AXIS = { ...GO_1_18.scavenger, stopsShort: true, controllerFails: true };

/** Rounds of work, and how long it sleeps after each. */
export function pacing(fields: VectorFields<"pacing">, c: CaseCheck): void {
  const pacer = new SleepPacer(AXIS);
  const round = new WorkRound(AXIS, c.geometry.physPageBytes);
  fields.steps.forEach((step, i) => {
    c.step(`steps[${i}]`);
    round.begin();
    step.scavenge?.forEach(({ request, got, ns }, j) => {
      c.equal(`scavenge[${j}] goes on`, true, !round.isOver);
      c.equal(`scavenge[${j}] bytes wanted`, request, AXIS.quantumBytes);
      round.add(got, ns);
    });
    // Where the last request got all that it asked for, the goals may have been met.
    const last = step.scavenge?.at(-1);
    if (last !== undefined && last.got < last.request)
      c.equal("over after a short request", true, round.isOver);
    c.equal("parked", "parked" in step && step.parked, round.releasedBytes === 0);
    if ("parked" in step) return;
    c.equal("cooldown", step.cooldownBefore, pacer.cooldownNs);
    c.equal("errIntegral", step.errIntegralBefore, pacer.controller.integral);
    c.equal("sleep ratio", step.sleepRatioBefore, pacer.sleepRatio);
    c.equal("sleep", step.sleepNs, pacer.sleepNs(round.workedNs));
    pacer.slept(step.sleptNs, fields.gomaxprocs);
  });
  c.step("final");
  c.equal("cooldown", fields.final.cooldown, pacer.cooldownNs);
  c.equal("errIntegral", fields.final.errIntegral, pacer.controller.integral);
  c.equal("sleep ratio", fields.final.sleepRatio, pacer.sleepRatio);
}
