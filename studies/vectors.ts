/**
 * Runs the cases of a vector file on our routines and compares every recorded result.
 *
 * The routines are those that the simulator itself uses, and each case begins from its own state, so a mismatch says
 * which function differs, on which input. What the recording itself calls meaningless is not compared: the start of a
 * range of no pages, or where to go on searching in a full bitmap.
 */

import { InputError } from "../scenarios/input-error.js";
import type { VectorFields, VectorKind } from "../scenarios/trace/vectors/kinds.js";
import type { VectorFile, VectorFileOf } from "../scenarios/trace/vectors.js";
import { type Geometry, GeometryError } from "../sim/address/geometry.js";
import { AddressRangeError } from "../sim/address/ranges.js";
import { BadOperationError, CorruptHeapError } from "../sim/pages/errors.js";
import type { Check } from "./check.js";
import * as bitCases from "./vectors/bit-cases.js";
import { CaseCheck, VectorContext } from "./vectors/case-check.js";
import * as indexCases from "./vectors/index-cases.js";
import * as pacingCases from "./vectors/pacing-cases.js";
import * as pageCases from "./vectors/page-cases.js";
import * as rangeCases from "./vectors/range-cases.js";

type Runner<K extends VectorKind> = (fields: VectorFields<K>, c: CaseCheck) => void;

const RUNNERS: { readonly [K in VectorKind]: Runner<K> } = {
  ...pageCases,
  ...bitCases,
  ...rangeCases,
  ...indexCases,
  ...pacingCases,
};

/**
 * Compares all cases of a vector file.
 *
 * @param path names the file in mismatches and errors
 * @param file what it holds
 * @param geometry the address space it was recorded in
 * @param check receives the results; once it has stopped, no further case is run
 * @throws InputError when a case does not fit the geometry
 */
export function conformVectors(path: string, file: VectorFile, geometry: Geometry, check: Check): void {
  runCases(new VectorContext(path, geometry, check), file);
}

function runCases<K extends VectorKind>(context: VectorContext, file: VectorFileOf<K>): void {
  const run: Runner<K> = RUNNERS[file.kind];
  for (const vector of file.cases) {
    if (context.check.stopped) return;
    const c = new CaseCheck(context, vector);
    try {
      run(vector.fields, c);
    } catch (error) {
      reportRefusal(error, c);
    }
  }
}

/** The runtime did what the case says, so a routine of ours that refuses is a mismatch, and no fault of the file. */
function reportRefusal(error: unknown, c: CaseCheck): void {
  if (error instanceof GeometryError) c.reject(error.message);
  const refused =
    error instanceof BadOperationError ||
    error instanceof CorruptHeapError ||
    error instanceof AddressRangeError;
  if (!refused || error instanceof InputError) throw error;
  c.equal("outcome", "done", `refused: ${error.message}`);
}
