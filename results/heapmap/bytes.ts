/**
 * Whole numbers as bytes, small ones in few: seven bits a byte, the lowest first, the top bit set on all but the last.
 *
 * Runs in browsers too, so it knows no Buffer.
 */

/** Collects bytes. */
export class ByteWriter {
  private data = new Uint8Array(1 << 16);
  length = 0;

  /** What was written; valid until the next write. */
  get bytes(): Uint8Array {
    return this.data.subarray(0, this.length);
  }

  byte(value: number): void {
    this.reserve(1);
    this.data[this.length++] = value;
  }

  /** A whole number, 0 ≤ value < 2^53. */
  whole(value: number): void {
    this.reserve(8);
    let rest = value;
    // Beyond 32 bits there are no shifts.
    while (rest >= 0x80) {
      this.data[this.length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.data[this.length++] = rest;
  }

  /** A whole number of either sign, |value| < 2^52. */
  signed(value: number): void {
    this.whole(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** A word of 32 bits, the lowest byte first. */
  word(value: number): void {
    this.reserve(4);
    for (let shift = 0; shift < 32; shift += 8) this.data[this.length++] = (value >>> shift) & 0xff;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.data.length) return;
    const grown = new Uint8Array(2 * this.data.length + more);
    grown.set(this.data);
    this.data = grown;
  }
}

/** The bytes end, or say something, where they should not. */
export class ByteError extends Error {
  override readonly name = "ByteError";
}

/** Reads what a ByteWriter wrote. */
export class ByteReader {
  at = 0;

  constructor(private readonly data: Uint8Array) {}

  get done(): boolean {
    return this.at >= this.data.length;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.data.length - this.at;
  }

  /** @throws ByteError at the end of the data, as all readers here */
  byte(): number {
    const value = this.data[this.at++];
    if (value === undefined) throw new ByteError("the data ends too early");
    return value;
  }

  whole(): number {
    const first = this.byte();
    // Most numbers are small.
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let factor = 128; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      if (factor > 2 ** 45) throw new ByteError("a number is too large");
    }
  }

  signed(): number {
    const value = this.whole();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  /** Passes over bytes. */
  skip(bytes: number): void {
    if (bytes > this.left) throw new ByteError("the data ends too early");
    this.at += bytes;
  }

  word(): number {
    return this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24);
  }
}
