/**
 * The background scavenger with a switch.
 *
 * Switched off it finishes the round that it is in, and is not woken any more. Generations go on, since the heap releases
 * memory when it grows, and when the program asks for it, with or without a background scavenger.
 */

import { BackgroundScavenger } from "../scavenge/background.js";

export class SwitchableScavenger extends BackgroundScavenger {
  private enabled = true;
  /** Called before a new generation starts. */
  onGeneration: (() => void) | null = null;

  /** Switches it on or off. On: sysmon is asked to wake it, as after a sweep. */
  setEnabled(enabled: boolean): void {
    if (enabled === this.enabled) return;
    this.enabled = enabled;
    if (enabled) this.sysmon.askForScavenger();
    else this.sysmon.scavengerWoken();
  }

  override wake(): boolean {
    return this.enabled && super.wake();
  }

  override sweepDone(): void {
    this.onGeneration?.();
    super.sweepDone();
    // Nobody is to be woken, so sysmon need not look again and again.
    if (!this.enabled) this.sysmon.scavengerWoken();
  }
}
