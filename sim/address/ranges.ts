/**
 * Ordered, disjoint ranges of addresses (addrRanges in mranges.go).
 *
 * The page heap keeps two of these: the memory it was given (inUse), and what the scavenger has not looked at in this
 * generation. Bases and limits are offsets in bytes, so that they compare in the order of the line. A range is
 * [base, limit). Neighbours that touch are one range, so the list is as short as the heap has holes.
 *
 *     #0 [base, limit)   <   #1 [base, limit)   <   …        totalBytes = Σ (limit − base)
 *
 * Invariants: base < limit in every range, and limit of a range < base of the next one.
 */

export class AddressRangeError extends Error {
  override readonly name = "AddressRangeError";
}

export class AddressRanges {
  /** Bases and limits of the ranges, by rank. Read them freely, change them only through the methods. */
  readonly bases: number[] = [];
  readonly limits: number[] = [];
  totalBytes = 0;
  /** What the last removeLast took out: [takenBase, takenLimit), both 0 when there was nothing. */
  takenBase = 0;
  takenLimit = 0;

  get length(): number {
    return this.bases.length;
  }

  /** The rank of the first range whose base is greater than `off`; the number of ranges when there is none. */
  findSucc(off: number): number {
    let low = 0;
    let high = this.bases.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.bases[middle]! > off) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Whether some range holds the byte at `off`. */
  contains(off: number): boolean {
    const i = this.findSucc(off);
    return i > 0 && off < this.limits[i - 1]!;
  }

  /** The lowest address in the ranges that is ≥ `off`, or -1 when all lie below it. */
  findAddrGreaterEqual(off: number): number {
    const i = this.findSucc(off);
    if (i > 0 && off < this.limits[i - 1]!) return off;
    return i < this.bases.length ? this.bases[i]! : -1;
  }

  /**
   * Adds [base, limit), which must not overlap any range, and joins it with the neighbours it touches.
   * @throws AddressRangeError when the range is empty or overlaps
   */
  add(base: number, limit: number): void {
    if (!(base < limit)) throw new AddressRangeError("attempted to add an empty or inverted address range");
    const i = this.findSucc(base);
    if ((i > 0 && this.limits[i - 1]! > base) || (i < this.bases.length && this.bases[i]! < limit)) {
      throw new AddressRangeError("attempted to add an address range that overlaps one in use");
    }
    const joinsDown = i > 0 && this.limits[i - 1] === base;
    const joinsUp = i < this.bases.length && this.bases[i] === limit;
    if (joinsDown && joinsUp) {
      this.limits[i - 1] = this.limits[i]!;
      this.bases.splice(i, 1);
      this.limits.splice(i, 1);
    } else if (joinsDown) {
      this.limits[i - 1] = limit;
    } else if (joinsUp) {
      this.bases[i] = base;
    } else {
      this.bases.splice(i, 0, base);
      this.limits.splice(i, 0, limit);
    }
    this.totalBytes += limit - base;
  }

  /**
   * Takes up to `bytes` from the top of the highest range; at most that range, even if more was asked for.
   * What was taken stands in takenBase and takenLimit afterwards.
   */
  removeLast(bytes: number): void {
    const last = this.bases.length - 1;
    this.takenBase = 0;
    this.takenLimit = 0;
    if (last < 0) return;
    const limit = this.limits[last]!;
    const size = limit - this.bases[last]!;
    this.takenLimit = limit;
    if (size > bytes) {
      this.takenBase = limit - bytes;
      this.limits[last] = this.takenBase;
      this.totalBytes -= bytes;
      return;
    }
    this.takenBase = this.bases[last]!;
    this.bases.pop();
    this.limits.pop();
    this.totalBytes -= size;
  }

  /** Removes everything at or above `off`; a range that holds `off` is cut there. */
  removeGreaterEqual(off: number): void {
    let keep = this.findSucc(off);
    for (let i = keep; i < this.bases.length; i++) this.totalBytes -= this.limits[i]! - this.bases[i]!;
    if (keep > 0 && off < this.limits[keep - 1]!) {
      this.totalBytes -= this.limits[keep - 1]! - off;
      this.limits[keep - 1] = off;
      if (this.bases[keep - 1] === off) keep--;
    }
    this.bases.length = keep;
    this.limits.length = keep;
  }

  /** Makes this list equal to another one. */
  copyFrom(other: AddressRanges): void {
    this.bases.length = 0;
    this.limits.length = 0;
    for (let i = 0; i < other.bases.length; i++) {
      this.bases.push(other.bases[i]!);
      this.limits.push(other.limits[i]!);
    }
    this.totalBytes = other.totalBytes;
  }
}
