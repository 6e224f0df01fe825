/**
 * A proportional-integral controller as Go's runtime has it (piController in mgcpacer.go, Go 1.18).
 *
 *     setpoint ──►(−)──► kp · error ─────────────►(+)──► clamp to [min, max] ──► output
 *                  ▲        │                      ▲            │
 *                input      └─► ∫ kp/ti · error ───┘ ◄── 1/tt ──┘ what clamping cut off
 *
 * The integral is updated after the output was computed, so an error shows in the proportional part at once and in the
 * integral one sample later. What clamping cut off is fed back over the reset time tt, lest the integral wind up.
 */

/** What a controller is tuned with. */
export interface PiTuning {
  /** Proportional gain. */
  readonly kp: number;
  /** Integral time constant, in the unit of the periods. */
  readonly ti: number;
  /** Reset time, in the unit of the periods. */
  readonly tt: number;
  /** Bounds of the output. */
  readonly min: number;
  readonly max: number;
}

export class PiController {
  /** Whether the last sample overflowed. The controller began anew then, and its output is the minimum. */
  failed = false;
  /** Whether ever a sample was too large, or the accumulated error became so. */
  inputOverflow = false;
  errorOverflow = false;
  /** The accumulated error. */
  integral = 0;

  private readonly kp: number;
  private readonly ti: number;
  private readonly tt: number;
  private readonly min: number;
  private readonly max: number;

  constructor(tuning: PiTuning) {
    this.kp = tuning.kp;
    this.ti = tuning.ti;
    this.tt = tuning.tt;
    this.min = tuning.min;
    this.max = tuning.max;
  }

  /**
   * Takes a sample.
   * @param input what was measured
   * @param setpoint what it should have been
   * @param period how long it was measured for, in the unit of ti and tt
   * @returns the next output; the minimum when `failed` says that the arithmetic overflowed
   */
  next(input: number, setpoint: number, period: number): number {
    const error = setpoint - input;
    const raw = this.kp * error + this.integral;
    if (!Number.isFinite(raw)) {
      this.inputOverflow = true;
      return this.#giveUp();
    }
    const output = raw < this.min ? this.min : raw > this.max ? this.max : raw;
    this.failed = false;
    if (this.ti === 0 || this.tt === 0) return output;
    this.integral += ((this.kp * period) / this.ti) * error + (period / this.tt) * (output - raw);
    if (!Number.isFinite(this.integral)) {
      this.errorOverflow = true;
      return this.#giveUp();
    }
    return output;
  }

  #giveUp(): number {
    this.integral = 0;
    this.failed = true;
    return this.min;
  }
}
