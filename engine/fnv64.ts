/**
 * FNV-1a, 64 bits, on two 32-bit halves: the hash of the recordings, and of fingerprints.
 *
 * The prime is 2^40 + 0x1b3, so a product modulo 2^64 takes a shift of the low half into the high one and two products
 * with 0x1b3; each partial product fits a double.
 */
const OFFSET_HI = 0xcbf29ce4;
const OFFSET_LO = 0x84222325;
const PRIME_LOW = 0x1b3;

export class Fnv64 {
  #hi = OFFSET_HI;
  #lo = OFFSET_LO;

  /** Adds one byte, 0..255. */
  addByte(byte: number): void {
    const lo = (this.#lo ^ byte) >>> 0;
    const product = lo * PRIME_LOW;
    const carry = Math.floor(product / 4294967296);
    this.#hi = (Math.imul(this.#hi, PRIME_LOW) + carry + (lo << 8)) >>> 0;
    this.#lo = product >>> 0;
  }

  /** Adds a 32-bit word, lowest byte first. */
  addUint32(word: number): void {
    this.addByte(word & 255);
    this.addByte((word >>> 8) & 255);
    this.addByte((word >>> 16) & 255);
    this.addByte(word >>> 24);
  }

  /** Adds a 64-bit word given as halves, lowest byte first. */
  addUint64(hi: number, lo: number): void {
    this.addUint32(lo);
    this.addUint32(hi);
  }

  /** The hash as 16 hexadecimal digits. */
  hex(): string {
    return this.#hi.toString(16).padStart(8, "0") + this.#lo.toString(16).padStart(8, "0");
  }
}
