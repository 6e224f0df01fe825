/**
 * Pictures of finished runs.
 *
 *     run folders ──► readRunFolder ──► kind.spec ──► Vega-Lite specification ──► .vl.json
 *                                                           └──► SVG ──► .svg, .png          + manifest.json
 *
 * They go to a folder of their own, which appears when it is complete; its manifest says of which runs they are.
 */

import { resolve } from "node:path";
import { manifestText } from "../results/manifest.js";
import { OutputError, OutputFolder } from "../results/output-folder.js";
import type { PlotKind } from "../results/plots/kind.js";
import { PLOT_KINDS } from "../results/plots/kinds.js";
import { loadRenderer, specText } from "../results/plots/render.js";
import { THEMES, type ThemeName } from "../results/plots/theme.js";
import { type FinishedRun, readRunFolder } from "../results/run-folder.js";
import type { Plotter } from "./recording.js";

export const PLOT_FORMATS = ["svg", "png", "vl"] as const;
export type PlotFormat = (typeof PLOT_FORMATS)[number];

/** Runs in a picture at most: there are no more colours that all eyes tell apart. */
export const MOST_RUNS = THEMES.light.runs.length;

/** What to draw. */
export interface PlotRequest {
  /** Folders of runs, at least one and at most MOST_RUNS. */
  readonly runs: readonly string[];
  readonly kinds: readonly PlotKind[];
  readonly formats: readonly PlotFormat[];
  readonly theme: ThemeName;
  /** Times of the moments that `sizes` shows, ns. */
  readonly atNs: readonly number[];
  readonly out: string;
  /** Whether earlier plots in that folder may be replaced. */
  readonly force: boolean;
  readonly onProgress?: (share: number) => void;
}

/**
 * Draws plots.
 * @returns names of the files in the output folder, without its manifest
 * @throws RunFolderError when a folder is not a run's, OutputError when the result cannot be written; nothing is left then
 */
export async function plotRuns(request: PlotRequest): Promise<string[]> {
  const { kinds, formats, theme, atNs } = request;
  const runs = request.runs.map(readRunFolder);
  refuseRunAsOutput(request);
  const folder = new OutputFolder(request.out, request.force, "-o");
  try {
    const renderer = await loadRenderer();
    const digests = new Map<string, string>();
    let done = 0;
    for (const kind of kinds) {
      const spec = kind.spec(runs, { theme: THEMES[theme], atNs });
      const svg = formats.some((format) => format !== "vl") ? await renderer.svg(spec) : "";
      const contents = { svg: () => svg, png: () => renderer.png(svg), vl: () => specText(spec) };
      for (const format of formats) {
        const name = fileName(kind, format);
        digests.set(name, folder.write(name, contents[format]()));
      }
      request.onProgress?.(++done / kinds.length);
    }
    folder.write("manifest.json", manifestText(contentOf(request, runs), digests));
    folder.commit();
    return [...digests.keys()];
  } catch (error) {
    folder.discard();
    throw error;
  }
}

/** The plots that `run --plots` leaves: every usual kind, as SVG for light paper. */
export async function loadPlotter(): Promise<Plotter> {
  const renderer = await loadRenderer();
  return async (run) => {
    const files = new Map<string, string>();
    for (const kind of PLOT_KINDS.filter(({ isUsual }) => isUsual)) {
      files.set(
        fileName(kind, "svg"),
        await renderer.svg(kind.spec([run], { theme: THEMES.light, atNs: [] })),
      );
    }
    return files;
  };
}

function fileName({ name }: PlotKind, format: PlotFormat): string {
  return format === "vl" ? `${name}.vl.json` : `${name}.${format}`;
}

/** --force must never replace what it is to draw. */
function refuseRunAsOutput({ runs, out }: PlotRequest): void {
  if (runs.some((run) => resolve(run) === resolve(out))) {
    throw new OutputError(`${out} is a run that is to be drawn: name another folder with -o`);
  }
}

function contentOf(
  { kinds, theme, atNs }: PlotRequest,
  runs: readonly FinishedRun[],
): Record<string, unknown> {
  return {
    plots: kinds.map(({ name }) => name),
    theme,
    ...(atNs.length === 0 ? {} : { at_ns: atNs }),
    runs: runs.map(({ folder, name, policy, seed, parameters, fingerprint }) => ({
      folder,
      name,
      policy,
      ...(seed === "" ? {} : { seed }),
      parameters,
      fingerprint,
    })),
  };
}
