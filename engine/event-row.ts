/**
 * Events that have come near, none of which can be taken back, in the order in which they will happen.
 *
 * They come as a batch in no order. One pass deals them out to as many places as there are events, evenly over the time from
 * the first to the last one, and another puts right what fell into one place:
 *
 *     batch    31 12 47 26 11 40          places   11 12 │ 26 31 │ – │ 40 47          row   11 12 26 31 40 47
 *
 * That costs a few operations an event, whatever their number, as long as their times lie evenly, as they do between two
 * neighbouring moments of a program. A batch that is crowded, many events at one time or nearly so, is refused.
 *
 * Invariant: what is from `at` on, below `end`, is in order; behind it stands a time of Infinity.
 */

/** Events of a batch at most. */
export const ROW_EVENTS = 1024;
/** A batch is crowded when more events than this fall into one place: sorting those takes the square of their number. */
const CROWD = 16;

export class EventRow {
  /** Time of each event, ns; its order (see event-queue.ts), the number it carries, and its kind. */
  readonly times = new Float64Array(ROW_EVENTS + 1).fill(Number.POSITIVE_INFINITY);
  readonly orders = new Float64Array(ROW_EVENTS);
  readonly numbers = new Float64Array(ROW_EVENTS);
  readonly kinds = new Int32Array(ROW_EVENTS);
  /** Where the first event is, and where the last one ends. */
  at = 0;
  end = 0;

  /** The batch that is being collected. */
  readonly batchTimes = new Float64Array(ROW_EVENTS);
  readonly batchOrders = new Float64Array(ROW_EVENTS);
  readonly batchNumbers = new Float64Array(ROW_EVENTS);
  readonly batchKinds = new Int32Array(ROW_EVENTS);
  batch = 0;

  /** For each event of the batch its place; for each place first how many events it has, then where the next of them goes. */
  private readonly placeOf = new Uint16Array(ROW_EVENTS);
  private readonly places = new Int32Array(ROW_EVENTS);

  /** Adds an event to the batch. @returns false when there is no room */
  collect(timeNs: number, order: number, kind: number, number: number): boolean {
    const i = this.batch;
    if (i === ROW_EVENTS) return false;
    this.batchTimes[i] = timeNs;
    this.batchOrders[i] = order;
    this.batchNumbers[i] = number;
    this.batchKinds[i] = kind;
    this.batch = i + 1;
    return true;
  }

  /**
   * Makes the batch the row, which must be empty, unless it is crowded. Then it stays, to be taken elsewhere.
   * @returns whether there is no batch any more
   */
  sort(): boolean {
    const count = this.batch;
    if (count === 0) return true;
    if (!this.dealOut(count)) return false;
    this.putRight(count);
    this.at = 0;
    this.end = count;
    this.times[count] = Number.POSITIVE_INFINITY;
    this.batch = 0;
    return true;
  }

  /** Puts each event of the batch into its place in the row. @returns false when one is crowded; the row is as it was then */
  private dealOut(count: number): boolean {
    const { batchTimes, placeOf, places } = this;
    let first = batchTimes[0]!;
    let last = first;
    for (let i = 1; i < count; i++) {
      const timeNs = batchTimes[i]!;
      if (timeNs < first) first = timeNs;
      if (timeNs > last) last = timeNs;
    }
    const placesPerNs = (count - 1) / Math.max(1, last - first);
    places.fill(0, 0, count);
    for (let i = 0; i < count; i++) {
      // A product with the same factor keeps the order, rounding and all.
      const place = ((batchTimes[i]! - first) * placesPerNs) | 0;
      placeOf[i] = place;
      places[place]!++;
    }
    let from = 0;
    for (let place = 0; place < count; place++) {
      const events = places[place]!;
      if (events > CROWD) return false;
      places[place] = from;
      from += events;
    }
    const { times, orders, numbers, kinds, batchOrders, batchNumbers, batchKinds } = this;
    for (let i = 0; i < count; i++) {
      const to = places[placeOf[i]!]!++;
      times[to] = batchTimes[i]!;
      orders[to] = batchOrders[i]!;
      numbers[to] = batchNumbers[i]!;
      kinds[to] = batchKinds[i]!;
    }
    return true;
  }

  /** Moves each event of the row before those that it comes before, which are few and next to it. */
  private putRight(count: number): void {
    const { times, orders, numbers, kinds } = this;
    for (let i = 1; i < count; i++) {
      const timeNs = times[i]!;
      const order = orders[i]!;
      let to = i;
      if (!isBefore(timeNs, order, times[to - 1]!, orders[to - 1]!)) continue;
      const number = numbers[i]!;
      const kind = kinds[i]!;
      do {
        times[to] = times[to - 1]!;
        orders[to] = orders[to - 1]!;
        numbers[to] = numbers[to - 1]!;
        kinds[to] = kinds[to - 1]!;
        to--;
      } while (to > 0 && isBefore(timeNs, order, times[to - 1]!, orders[to - 1]!));
      times[to] = timeNs;
      orders[to] = order;
      numbers[to] = number;
      kinds[to] = kind;
    }
  }
}

function isBefore(timeNs: number, order: number, otherNs: number, otherOrder: number): boolean {
  return timeNs < otherNs || (timeNs === otherNs && order < otherOrder);
}
