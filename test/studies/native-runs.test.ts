import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { VECTORS } from "../setup/files.js";
import { modelled, NATIVE_RUNS, recorded } from "./native-runs.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 300_000 });

const FOLDER = join(VECTORS, "scavtrace");

describe.each(NATIVE_RUNS)("$file", (run) => {
  test("the model returns what the program did, as fast as it did", async () => {
    const native = recorded(FOLDER, run);
    const model = await modelled(run);
    // Within 15 % of HeapSys at the end.
    const differences = [native, model].map((one) => one.at(run.seconds));
    expect(Math.abs(differences[0]! - differences[1]!)).toBeLessThan(0.15);
    for (const one of [native, model]) {
      if (run.release !== "go1.22") {
        // Nine tenths of what they ever return, within 5 s.
        expect(one.at(run.seconds)).toBeGreaterThan(0.5);
        expect(one.reached(0.9, run.seconds)).toBeLessThan(5);
        continue;
      }
      // Nothing until the next collection: the one at 4 s, or the one that is forced after two minutes.
      const again = run.params.includes("again=4s");
      const next = again ? 4 : 119.5;
      expect(one.at(Math.min(next - 0.1, run.seconds))).toBeLessThan(0.02);
      // Then all within a few seconds.
      if (run.seconds < next) continue;
      expect(one.at(run.seconds)).toBeGreaterThan(0.5);
      expect(one.reached(0.9, run.seconds) - next).toBeLessThan(5);
    }
  });
});
