/** A mutant is caught by any counterexample; looking for the smallest one takes longer than all the rest. */

import fc from "fast-check";

fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true });
