/**
 * Pictures of finished runs, comparisons and sweeps.
 *
 *     folders ──► what they are of ──► kind.spec ──► Vega-Lite specification ──► .vl.json
 *                                                            └──► SVG ──► .svg, .png          + manifest.json
 *
 * They go to a folder of their own, which appears when it is complete; its manifest says of which runs they are.
 */

import { basename, resolve } from "node:path";
import { type FinishedComparison, readComparisonFolder } from "../results/comparison-folder.js";
import { manifestText } from "../results/manifest.js";
import type { Metric } from "../results/metrics.js";
import { OutputError, OutputFolder } from "../results/output-folder.js";
import type { PlotKind, PlotOptions } from "../results/plots/kind.js";
import { PLOT_KINDS, RUN_KINDS } from "../results/plots/kinds.js";
import type { Spec } from "../results/plots/panels.js";
import { loadRenderer, type Renderer, specText } from "../results/plots/render.js";
import { THEMES, type ThemeName } from "../results/plots/theme.js";
import { RunFolderError, readToolManifest } from "../results/result-folder.js";
import { type FinishedRun, readRunFolder } from "../results/run-folder.js";
import { type FinishedSweep, readSweepFolder } from "../results/sweep-folder.js";
import type { Plotter } from "./recording.js";

export const PLOT_FORMATS = ["svg", "png", "vl"] as const;
export type PlotFormat = (typeof PLOT_FORMATS)[number];

/** Runs in a picture at most: there are no more colours that all eyes tell apart. */
export const MOST_RUNS = THEMES.light.runs.length;

/** What to draw. */
export interface PlotRequest {
  /** Folders of runs, at least one and at most MOST_RUNS; or one folder of a comparison or a sweep. */
  readonly folders: readonly string[];
  /** Default: those that are usual for such folders. */
  readonly kinds?: readonly PlotKind[];
  readonly formats: readonly PlotFormat[];
  readonly theme: ThemeName;
  /** Times of the moments that `sizes` and `pages` show, ns. */
  readonly atNs: readonly number[];
  /** Metrics that are shown where some are. Default: those that matter most. */
  readonly metrics?: readonly Metric[];
  readonly out: string;
  /** Whether earlier plots in that folder may be replaced. */
  readonly force: boolean;
  readonly onProgress?: (share: number) => void;
}

/** What a picture is of. */
type Subject =
  | { readonly of: "runs"; readonly runs: readonly FinishedRun[] }
  | { readonly of: "comparison"; readonly comparison: FinishedComparison }
  | { readonly of: "sweep"; readonly sweep: FinishedSweep };

/** What subjects are called in sentences. */
const SUBJECT_NAMES: Readonly<Record<Subject["of"], string>> = {
  runs: "a run",
  comparison: "a comparison",
  sweep: "a sweep",
};

/**
 * Draws plots.
 * @returns names of the files in the output folder, without its manifest
 * @throws RunFolderError when a folder is not what the kinds show, OutputError when the result cannot be written; nothing is
 *   left then
 */
export async function drawPlots(request: PlotRequest): Promise<string[]> {
  const { formats, theme, atNs, metrics } = request;
  const subject = readSubject(request.folders);
  const kinds = request.kinds ?? usualKinds(subject);
  refuseOtherKinds(kinds, subject, request.folders[0]!);
  refuseSubjectAsOutput(request);
  const folder = new OutputFolder(request.out, request.force, "-o");
  try {
    const renderer = await loadRenderer();
    const digests = new Map<string, string>();
    let done = 0;
    for (const kind of kinds) {
      const options = { theme: THEMES[theme], atNs, ...(metrics === undefined ? {} : { metrics }) };
      const spec = specOf(kind, subject, options);
      const svg = formats.some((format) => format !== "vl") ? await renderer.svg(spec) : "";
      const contents = { svg: () => svg, png: () => renderer.png(svg), vl: () => specText(spec) };
      for (const format of formats) {
        const name = fileName(kind, format);
        digests.set(name, folder.write(name, contents[format]()));
      }
      request.onProgress?.(++done / kinds.length);
    }
    folder.write("manifest.json", manifestText(contentOf(request, kinds, subject), digests));
    folder.commit();
    return [...digests.keys()];
  } catch (error) {
    folder.discard();
    throw error;
  }
}

/** Reads what is to be drawn; what a folder holds, its manifest says. */
function readSubject(folders: readonly string[]): Subject {
  const [first] = folders;
  const { study } = readToolManifest(first!);
  if (study !== "compare" && study !== "sweep") return { of: "runs", runs: folders.map(readRunFolder) };
  const of = study === "compare" ? "comparison" : "sweep";
  if (folders.length > 1) {
    throw new RunFolderError(
      `${first} is the folder of ${SUBJECT_NAMES[of]}, which is drawn by itself: name no other`,
    );
  }
  if (of === "sweep") return { of, sweep: readSweepFolder(first!) };
  return { of, comparison: readComparisonFolder(first!) };
}

function usualKinds(subject: Subject): readonly PlotKind[] {
  if (subject.of === "runs") return RUN_KINDS.filter((kind) => kind.isUsual(subject.runs));
  return PLOT_KINDS.filter(({ of }) => of === subject.of);
}

function refuseOtherKinds(kinds: readonly PlotKind[], { of }: Subject, folder: string): void {
  const other = kinds.find((kind) => kind.of !== of);
  if (other === undefined) return;
  throw new RunFolderError(
    `${folder} is the folder of ${SUBJECT_NAMES[of]}, and ${other.name} is a picture of ${SUBJECT_NAMES[other.of]}`,
  );
}

function specOf(kind: PlotKind, subject: Subject, options: PlotOptions): Spec {
  if (kind.of === "runs" && subject.of === "runs") return kind.spec(subject.runs, options);
  if (kind.of === "comparison" && subject.of === "comparison") return kind.spec(subject.comparison, options);
  if (kind.of === "sweep" && subject.of === "sweep") return kind.spec(subject.sweep, options);
  throw new Error(`${kind.name} is no picture of ${SUBJECT_NAMES[subject.of]}`);
}

/** The plots that `run --plots` leaves: every usual kind, as SVG for light paper. */
export async function loadPlotter(): Promise<Plotter> {
  const renderer = await loadRenderer();
  return async (run) => drawn(renderer, { of: "runs", runs: [run] });
}

/** Draws a study that has just ended: names and texts of files. */
export type StudyPlotter<T> = (study: T) => Promise<ReadonlyMap<string, string>>;

/** The plots that `compare --plots` leaves. */
export async function loadComparisonPlotter(): Promise<StudyPlotter<FinishedComparison>> {
  const renderer = await loadRenderer();
  return async (comparison) => drawn(renderer, { of: "comparison", comparison });
}

/** The plots that `sweep --plots` leaves. */
export async function loadSweepPlotter(): Promise<StudyPlotter<FinishedSweep>> {
  const renderer = await loadRenderer();
  return async (sweep) => drawn(renderer, { of: "sweep", sweep });
}

/** The usual kinds, as SVG for light paper. */
async function drawn(renderer: Renderer, subject: Subject): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const kind of usualKinds(subject)) {
    const spec = specOf(kind, subject, { theme: THEMES.light, atNs: [] });
    files.set(fileName(kind, "svg"), await renderer.svg(spec));
  }
  return files;
}

function fileName({ name }: PlotKind, format: PlotFormat): string {
  return format === "vl" ? `${name}.vl.json` : `${name}.${format}`;
}

/** --force must never replace what it is to draw. */
function refuseSubjectAsOutput({ folders, out }: PlotRequest): void {
  if (folders.some((folder) => resolve(folder) === resolve(out))) {
    throw new OutputError(`${out} is a run that is to be drawn: name another folder with -o`);
  }
}

function contentOf(
  { theme, atNs, metrics, folders }: PlotRequest,
  kinds: readonly PlotKind[],
  subject: Subject,
): Record<string, unknown> {
  return {
    plots: kinds.map(({ name }) => name),
    theme,
    ...(atNs.length === 0 ? {} : { at_ns: atNs }),
    ...(metrics === undefined ? {} : { metrics: metrics.map(({ name }) => name) }),
    ...subjectJson(subject, folders),
  };
}

function subjectJson(subject: Subject, folders: readonly string[]): Record<string, unknown> {
  if (subject.of === "comparison") {
    const { name, baseline, candidates, seeds, parameters } = subject.comparison;
    return {
      comparison: { folder: basename(resolve(folders[0]!)), name, baseline, candidates, seeds, parameters },
    };
  }
  if (subject.of === "sweep") {
    const { name, policies, vary, seeds } = subject.sweep;
    const folder = basename(resolve(folders[0]!));
    return { sweep: { folder, name, policies, vary: Object.fromEntries(vary), seeds } };
  }
  return {
    runs: subject.runs.map(({ folder, name, policy, seed, parameters, fingerprint }) => ({
      folder,
      name,
      policy,
      ...(seed === "" ? {} : { seed }),
      parameters,
      fingerprint,
    })),
  };
}
