/**
 * From a Vega-Lite specification to a picture, without a browser: SVG by Vega, PNG by resvg with a font that comes along.
 *
 * The libraries take a good part of a second to load, so nothing but plotting loads them. The same specification gives
 * the same bytes: text is measured by a table (font-metrics.ts), and not by whatever fonts the machine has.
 */

import { createRequire } from "node:module";
import { textWidth } from "./font-metrics.js";
import type { Spec } from "./panels.js";

/** Pixels of a PNG for each px of the picture: enough for print. */
const PNG_SCALE = 2;

export interface Renderer {
  /** The picture as SVG. */
  svg(spec: Spec): Promise<string>;
  /** The same as PNG. @param svg made by this renderer */
  png(svg: string): Uint8Array;
}

/** Loads what draws. */
export async function loadRenderer(): Promise<Renderer> {
  const [vega, vegaLite, { Resvg }] = await Promise.all([
    import("vega"),
    import("vega-lite"),
    import("@resvg/resvg-js"),
  ]);
  // The type declarations of vega do not know textMetrics, which is made for this.
  (vega as unknown as { textMetrics: { width: typeof measure } }).textMetrics.width = measure;
  const logger = strictLogger();
  const { resolve } = createRequire(import.meta.url);
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) =>
    resolve(`dejavu-fonts-ttf/ttf/${name}`),
  );
  return {
    svg: async (spec) => {
      const compiled = vegaLite.compile(spec as unknown as Parameters<typeof vegaLite.compile>[0], {
        logger,
      });
      // Names of clip paths are counted for the whole process otherwise, and the second picture would differ.
      vega.resetSVGDefIds();
      const view = new vega.View(vega.parse(compiled.spec), { renderer: "none", logger });
      const svg = await view.toSVG();
      view.finalize();
      return `${svg}\n`;
    },
    png: (svg) => {
      const font = { fontFiles, loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" };
      return new Resvg(svg, { font, fitTo: { mode: "zoom", value: PNG_SCALE } }).render().asPng();
    },
  };
}

/** Width of an item's text, as Vega asks for it. */
function measure(item: { readonly fontSize?: number; readonly fontWeight?: unknown }, text: string): number {
  const weight = item.fontWeight;
  const isBold = weight === "bold" || Number(weight) >= 600;
  return textWidth(String(text), item.fontSize ?? 11, isBold);
}

/** What Vega warns of is a fault in a specification of ours, and not for the user to see. */
function strictLogger(): import("vega").LoggerInterface {
  const fail = (...texts: readonly unknown[]): never => {
    throw new Error(`the plot's specification is wrong: ${texts.join(" ")}`);
  };
  const quiet = (): typeof logger => logger;
  const logger: import("vega").LoggerInterface = {
    level: ((level?: number) =>
      level === undefined ? 2 : logger) as import("vega").LoggerInterface["level"],
    error: fail,
    warn: fail,
    info: quiet,
    debug: quiet,
  };
  return logger;
}

/** A specification as text: the picture first, its data below, a line for each value. */
export function specText(spec: Spec): string {
  const { datasets, ...rest } = spec;
  const text = JSON.stringify(rest, null, 2).replace(/\n}$/, "");
  const tables = Object.entries(datasets as Record<string, readonly unknown[]>).map(
    ([name, rows]) =>
      `    ${JSON.stringify(name)}: [\n${rows.map((row) => `      ${JSON.stringify(row)}`).join(",\n")}\n    ]`,
  );
  return `${text},\n  "datasets": {\n${tables.join(",\n")}\n  }\n}\n`;
}
