/**
 * mheapsim as a library.
 *
 * The page heap of the Go runtime, exact and deterministic, and the studies that the command line offers:
 *
 * ```ts
 * import { Heap, KIND_STACK, platform } from "mheapsim";
 *
 * const heap = new Heap(platform("linux/amd64"));
 * heap.resizeProcs(1);
 * const span = heap.allocSpan(0, 4, KIND_STACK);
 * console.log(heap.geometry.formatPage(span), heap.statistics.heapSysBytes);
 * heap.freeSpan(span);
 * ```
 *
 * Addresses are page indices in the offset address space; geometry.formatPage gives the hexadecimal address.
 */

export { COLUMNS, type Column, type ColumnName } from "./results/columns.js";
export { type ComparisonRow, compareMetrics, type Verdict } from "./results/comparison.js";
export { METRICS, type Metric, Series } from "./results/metrics.js";
export { OutputError } from "./results/output-folder.js";
export type { PlotKind } from "./results/plots/kind.js";
export { PLOT_KINDS } from "./results/plots/kinds.js";
export { RunFolderError } from "./results/result-folder.js";
export { type FinishedRun, readRunFolder } from "./results/run-folder.js";
export { InputError } from "./scenarios/input-error.js";
export type { ScenarioCheck, ScenarioOverrides } from "./scenarios/load/load.js";
export { FOREVER_NS, type Scenario, type WorkloadSpec } from "./scenarios/scenario.js";
export { jsonSchema } from "./scenarios/schema/json-schema.js";
export type { ScenarioInput } from "./scenarios/schema/root.js";
export { Op, readHeapTrace, TraceRow } from "./scenarios/trace/heap-trace.js";
export { Geometry, GeometryError, type GeometrySpec } from "./sim/address/geometry.js";
export { geometryFromJson, platform, platformNames } from "./sim/address/platforms.js";
export { AddressRanges } from "./sim/address/ranges.js";
export type { Fit, FitOptions } from "./sim/heap/fit.js";
export { Fragmentation } from "./sim/heap/fragmentation.js";
export { Heap, type HeapOptions, OutOfMemoryError, SpanError } from "./sim/heap/heap.js";
export { KIND_BITS, KIND_STACK, KIND_WORKBUF } from "./sim/heap/kinds.js";
export { HeapStatistics } from "./sim/heap/statistics.js";
export { AddressSpace } from "./sim/os/address-space.js";
export { BadOperationError, CorruptHeapError } from "./sim/pages/errors.js";
export { PageAllocator, type PageAllocatorOptions } from "./sim/pages/page-allocator.js";
export { PageCache } from "./sim/pages/page-cache.js";
export type { Summary } from "./sim/pages/summary.js";
export type { Evidence, Policy } from "./sim/policies/policy.js";
export { POLICIES, policyNamed } from "./sim/policies/registry.js";
export {
  FAST_PATH_ALLOCS,
  FIND_CALLS,
  FIND_ENTRIES,
  FIND_FAILURES,
  FIND_LEVELS,
} from "./sim/probes.js";
export { GenerationScavenger } from "./sim/scavenge/generations.js";
export { scavengeGoal } from "./sim/scavenge/goal.js";
export { ReleaseRequest, type Scavenger } from "./sim/scavenge/scavenger.js";
export { checkDeterminism, type DeterminismResult } from "./studies/check-determinism.js";
export { type CompareOptions, type CompareResult, compare } from "./studies/compare.js";
export { type ConformOptions, type ConformResult, conformFile } from "./studies/conform.js";
export { geometryOf } from "./studies/platform-geometry.js";
export { drawPlots, type PlotRequest } from "./studies/plot.js";
export type { PolicyModule } from "./studies/policies/module.js";
export { resolvePolicies, resolvePolicy } from "./studies/policies.js";
export { readRecordings } from "./studies/recordings.js";
export { type ReportOptions, type ReportResult, writeReport } from "./studies/report.js";
export { type RunScenarioOptions, type RunScenarioResult, runScenario } from "./studies/run-scenario.js";
export { type RunTraceOptions, type RunTraceResult, runTrace } from "./studies/run-trace.js";
export { type Onlooker, type RunEnd, ScenarioRun, type ScenarioRunOptions } from "./studies/scenario-run.js";
export { checkScenarioFile, readScenario, scenario } from "./studies/scenarios.js";
export { StudyError } from "./studies/study-error.js";
export { parseMetrics, parseSeeds, type WarmUp } from "./studies/study-inputs.js";
export { type SweepOptions, type SweepResult, sweep } from "./studies/sweep.js";
export { parseVariation, type Variation } from "./studies/variation.js";
