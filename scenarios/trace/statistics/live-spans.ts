/**
 * The spans that are live at one point of a trace, by address: what statistics need to know of a span until it is freed.
 */

import { isHeapKind, kindName } from "../../../sim/heap/kinds.js";
import { InputError } from "../../input-error.js";
import { OP_NAMES, type TraceRow } from "../heap-trace.js";

/** Groups of kinds, in the order of the tables. */
export const KIND_GROUPS = ["heap", "stack", "bits", "workbuf"] as const;

/** Index in KIND_GROUPS of a kind. */
export function kindGroup(kind: number): number {
  return isHeapKind(kind) ? 0 : kind - 255;
}

/** A live span. */
export interface LiveSpan {
  readonly kind: number;
  readonly npages: number;
  /** Virtual time of its birth, in ns. */
  readonly bornNs: number;
  /** GC cycles that had begun by then. */
  readonly bornCycle: number;
}

export class LiveSpans<Span extends LiveSpan> {
  readonly #byAddress = new Map<number, Span>();

  /** @param path of the trace, for messages */
  constructor(readonly path: string) {}

  get count(): number {
    return this.#byAddress.size;
  }

  /**
   * A span row.
   * @throws InputError when a span is live there already, or has no pages
   */
  add(row: TraceRow, span: Span): void {
    if (!(row.b >= 1 && row.b < Number.POSITIVE_INFINITY)) this.#fail(row, "expected at least one page");
    if (row.a === 0) this.#fail(row, "expected the address of a span, got nil");
    if (this.#byAddress.has(row.a)) this.#fail(row, "a span is live at this address already");
    this.#byAddress.set(row.a, span);
  }

  /**
   * A spanfree row; the span that it ends.
   * @throws InputError when none is live there, or one of another size or kind
   */
  remove(row: TraceRow): Span {
    const span = this.#byAddress.get(row.a);
    if (span === undefined) this.#fail(row, "no span is live at this address");
    if (span.npages !== row.b)
      this.#fail(row, `the span at this address has ${span.npages} pages, not ${row.b}`);
    if (span.kind !== row.c)
      this.#fail(row, `the span at this address is of kind ${kindName(span.kind)}, not ${kindName(row.c)}`);
    this.#byAddress.delete(row.a);
    return span;
  }

  /** The live spans, in the order of their birth. */
  values(): Iterable<Span> {
    return this.#byAddress.values();
  }

  #fail(row: TraceRow, problem: string): never {
    throw new InputError(this.path, row.line, 1, `${OP_NAMES[row.op]}: ${problem}`);
  }
}
