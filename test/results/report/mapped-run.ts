/** A small run with a heap map and something of everything: spans, caches, released and broken pieces; and its report. */

import { inflateRawSync } from "node:zlib";
import { HeapMap } from "../../../results/heapmap/heap-map.js";
import { DATA_ELEMENT, type ReportData } from "../../../results/report/report-data.js";
import { runScenario } from "../../../studies/run-scenario.js";
import { ScenarioRun } from "../../../studies/scenario-run.js";
import { scenario } from "../../../studies/scenarios.js";
import { countsOf, pagesOf } from "../heapmap/pages.js";

/** The scenario under a policy. */
export function mapped(policy: string) {
  return scenario({
    name: "mapped",
    seed: 7,
    policy,
    duration: "3s",
    samples: 60,
    machine: { procs: 2 },
    workloads: {
      small: { kind: "spans", rate: "2000/s", pages: { uniform: { min: 1, max: 12 } }, lifetime: "200ms" },
      large: { kind: "spans", rate: "20/s", pages: 300, lifetime: "500ms" },
      objects: {
        kind: "objects",
        rate: "2000/s",
        size: "900B",
        lifetime: { exponential: { mean: "300ms" } },
      },
    },
    actions: [{ do: "freeOSMemory", at: "1500ms" }],
  });
}

/** Runs it with a heap map. @returns times of keyframes that are asked for */
export async function recordMapped(policy: string, out: string): Promise<void> {
  await runScenario({ scenario: mapped(policy), out, keyframes: [0.5e9, 1.5e9, 2.2e9] });
}

/** What an independent run, stopped at a time, holds: state by page, and spans. */
export function stoppedAt(policy: string, timeNs: number) {
  const run = new ScenarioRun(mapped(policy));
  run.sim.run(timeNs);
  const { pages, npages, kinds } = run.heap.spans.sorted();
  return { pages: pagesOf(run.heap), spans: { pages, npages, kinds }, geometry: run.heap.geometry };
}

/** What an independent run holds at each sample: counts by chunk, in use, scavenged, cached. */
export function countsAtSamples(policy: string): { timeNs: number; counts: Map<number, number[]> }[] {
  const samples: { timeNs: number; counts: Map<number, number[]> }[] = [];
  const onSample = ({ sim, heap }: ScenarioRun): void => {
    samples.push({ timeNs: sim.nowNs, counts: countsOf(heap) });
  };
  new ScenarioRun(mapped(policy), { onlooker: { onSample } }).run();
  return samples;
}

/** The data of a report, taken from its text as a browser would. */
export function dataOf(html: string): { data: ReportData; maps: (HeapMap | null)[] } {
  const elementOf = (id: string): string => {
    const found = new RegExp(`<script type="[^"]*" id="${id}">([^<]*)</script>`).exec(html);
    if (found === null) throw new Error(`there is no element ${id}`);
    return found[1]!;
  };
  const data = JSON.parse(elementOf(DATA_ELEMENT)) as ReportData;
  const maps = data.runs.map(({ heapMap }) => {
    if (heapMap === null) return null;
    const body = inflateRawSync(Buffer.from(elementOf(heapMap.element), "base64"));
    return new HeapMap(heapMap.header, body);
  });
  return { data, maps };
}
