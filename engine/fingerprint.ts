/**
 * The fingerprint of a run: a rolling hash over all its events.
 *
 * Two runs with the same fingerprint did the same things, to the same addresses, at the same times; a change of one bit
 * anywhere shows. It is not a cryptographic hash: it is meant to catch drift, and to cost a few nanoseconds an event.
 */
export class Fingerprint {
  #a = 0x243f6a88;
  #b = 0x85a308d3;
  /** Events added. */
  events = 0;

  /**
   * Adds an event.
   * @param timeNs virtual time, whole ns below 2^53
   * @param event number of the kind of event
   * @param page page index, or -1
   * @param size pages or bytes, whole and below 2^53
   */
  add(timeNs: number, event: number, page: number, size: number): void {
    this.events++;
    this.#mix(timeNs);
    this.#mix(page);
    this.#mix(size);
    this.#a = Math.imul(this.#a ^ event, 0x9e3779b1) ^ (this.#b >>> 15);
  }

  #mix(value: number): void {
    const lo = value | 0;
    const hi = Math.floor(value / 4294967296) | 0;
    this.#a = Math.imul(this.#a ^ lo, 0x85ebca6b) ^ (this.#b >>> 13);
    this.#b = Math.imul(this.#b ^ hi ^ this.#a, 0xc2b2ae35) ^ (this.#a >>> 16);
  }

  /** The hash as 16 hexadecimal digits. */
  hex(): string {
    return [this.#a, this.#b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }
}
