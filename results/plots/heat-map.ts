/** A metric over two parameters: a grid of cells, the darker (on a dark screen, the lighter) the more, with the mean in each. */

import type { SweepMean } from "../sweep-folder.js";
import { textWidth } from "./font-metrics.js";
import { PANEL_WIDTH, type Spec } from "./panels.js";
import { quantityText } from "./quantities.js";
import { LABEL_SIZE, type Theme } from "./theme.js";

export interface HeatPanel {
  readonly title: string;
  readonly unit: string;
  readonly xName: string;
  readonly xs: readonly string[];
  readonly yName: string;
  readonly ys: readonly string[];
  /** From the lightest colour to the darkest: what is compared shares them. */
  readonly domain: readonly [least: number, most: number];
  /** Undefined where there is none. */
  at(x: string, y: string): SweepMean | undefined;
}

const ROW_HEIGHT = 26;

/** The specification of a panel. */
export function heatPanel(panel: HeatPanel, theme: Theme, datasets: Record<string, unknown>): Spec {
  const { title, unit, xName, xs, yName, ys, domain, at } = panel;
  const [least, most] = domain;
  const cells = ys.flatMap((y) =>
    xs.map((x) => {
      const value = at(x, y)?.mean ?? Number.NaN;
      return { x, y, value: Number.isFinite(value) ? value : null, text: quantityText(value, unit) };
    }),
  );
  const data = `panel_${Object.keys(datasets).length + 1}`;
  datasets[data] = cells;
  const room = PANEL_WIDTH / xs.length;
  const hasTexts = cells.every(({ text }) => textWidth(text, LABEL_SIZE) + 6 <= room);
  const position = {
    x: {
      field: "x",
      type: "ordinal",
      title: xName,
      scale: { domain: xs },
      axis: { labelAngle: 0, ...named(xs, room) },
    },
    y: { field: "y", type: "ordinal", title: null, scale: { domain: [...ys].reverse() } },
  };
  const middle = (least + most) / 2;
  return {
    title: { text: title, subtitle: `rows: ${yName}` },
    width: PANEL_WIDTH,
    height: ROW_HEIGHT * ys.length,
    data: { name: data },
    layer: [
      {
        mark: { type: "rect", aria: false },
        encoding: {
          ...position,
          color: {
            field: "value",
            type: "quantitative",
            scale: { domain: [least, most === least ? least + 1 : most], range: theme.heat },
            legend: null,
          },
        },
      },
      ...(hasTexts
        ? [
            {
              mark: { type: "text", fontSize: LABEL_SIZE },
              encoding: {
                ...position,
                text: { field: "text", type: "nominal" },
                color: {
                  condition: { test: `datum.value > ${middle}`, value: theme.background },
                  value: theme.ink,
                },
              },
            },
          ]
        : []),
    ],
  };
}

/** The values that have room for their names. */
function named(names: readonly string[], room: number): Spec {
  const widest = Math.max(...names.map((name) => textWidth(name, LABEL_SIZE))) + 8;
  const every = Math.ceil(widest / room);
  return { values: names.filter((_, i) => i % every === 0), labelOverlap: false };
}
