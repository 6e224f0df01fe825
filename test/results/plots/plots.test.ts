/**
 * Every kind of plot: the same bytes as the pictures that were looked at (golden/), nothing drawn outside, nothing that
 * overlaps, nothing hidden.
 *
 * After a change that is meant: `UPDATE_GOLDEN=1 npx vitest run test/results/plots`, and look at the pictures again.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { textWidth } from "../../../results/plots/font-metrics.js";
import { PLOT_KINDS } from "../../../results/plots/kinds.js";
import { loadRenderer, type Renderer, specText } from "../../../results/plots/render.js";
import { THEMES } from "../../../results/plots/theme.js";
import type { FinishedRun } from "../../../results/run-folder.js";
import { madeUpRun } from "./runs.js";

vi.setConfig({ testTimeout: 120_000 });

const GOLDEN = join(import.meta.dirname, "golden");
const { resolve } = createRequire(import.meta.url);

const one = [madeUpRun()];
const two = [madeUpRun(), madeUpRun({ seed: "8", scale: 2.5, lengthNs: 3e9, folder: "other" })];
const seven = Array.from({ length: 7 }, (_, i) =>
  madeUpRun({ seed: `a-rather-long-seed-${i}`, scale: 1 + i / 3, samples: 200 }),
);
const nothing = madeUpRun();
for (const [name, values] of Object.entries(nothing.columns)) if (name !== "time_ns") values.fill(0);
const undefinedRun = madeUpRun();
for (const [name, values] of Object.entries(undefinedRun.columns))
  if (name !== "time_ns") values.fill(Number.NaN);

const CASES: readonly (readonly [string, readonly FinishedRun[], "light" | "dark"])[] = [
  ["one", one, "light"],
  ["one-dark", one, "dark"],
  ["two", two, "light"],
  ["seven", seven, "light"],
  ["wide", [madeUpRun({ longestRun: 20 }), madeUpRun({ longestRun: 20, seed: "8" })], "light"],
  ["wider", [madeUpRun({ longestRun: 59 })], "light"],
  ["zeros", [nothing], "light"],
  ["nothing", [undefinedRun], "light"],
  ["short", [madeUpRun({ samples: 2, lengthNs: 1500 })], "light"],
  ["single", [madeUpRun({ columns: madeUpRun().columns, samples: 2, lengthNs: 1 })], "light"],
];

/** Between two texts on a line, px. */
const GAP = 3;

let renderer: Renderer;
beforeAll(async () => {
  renderer = await loadRenderer();
});

describe.each(PLOT_KINDS)("$name", (kind) => {
  const specOf = (runs: readonly FinishedRun[], theme: "light" | "dark") =>
    kind.spec(runs, { theme: THEMES[theme], atNs: [] });

  it.each(kind.name === "memory" ? ["one", "one-dark", "two"] : ["one", "two"])(
    "is the golden picture: %s",
    async (name) => {
      const [, runs, theme] = CASES.find(([given]) => given === name)!;
      const svg = await renderer.svg(specOf(runs, theme));
      const path = join(GOLDEN, `${kind.name}-${name}.svg`);
      if (process.env.UPDATE_GOLDEN === "1") writeFileSync(path, svg);
      expect(existsSync(path), `${path} is missing`).toBe(true);
      expect(svg === readFileSync(path, "utf8"), `${path} differs; look at what changed`).toBe(true);
    },
  );

  it.each(CASES)("has all text within the picture, and none over another: %s", async (_, runs, theme) => {
    const svg = await renderer.svg(specOf(runs, theme));
    const { width, height, texts } = textBoxes(svg);
    expect(texts.length).toBeGreaterThan(3);
    // Frame, labels of the y axis, padding, and half a label of the x axis; no legend and no title makes it wider.
    expect(width).toBeLessThanOrEqual(640 + 70 + 28 + 20);
    for (const box of texts) {
      expect(box.left, box.text).toBeGreaterThanOrEqual(0);
      expect(box.right, box.text).toBeLessThanOrEqual(width);
      expect(box.top, box.text).toBeGreaterThanOrEqual(0);
      expect(box.bottom, box.text).toBeLessThanOrEqual(height);
    }
    for (const [i, a] of texts.entries())
      for (const b of texts.slice(i + 1)) {
        const apart =
          a.right + GAP <= b.left || b.right + GAP <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        expect(apart, `${JSON.stringify(a)} over ${JSON.stringify(b)}`).toBe(true);
      }
  });

  it("says scenario, policy, seed and version", async () => {
    const svg = await renderer.svg(specOf(one, "light"));
    for (const text of ["made-up: ", "go1.18 · seed 7 · mheapsim 1.2.3", "scale = 1 · idle = 3s"])
      expect(svg).toContain(text);
    const both = await renderer.svg(specOf(two, "light"));
    for (const text of ["seed 7, scale = 1", "seed 8, scale = 2.5"]) expect(both).toContain(text);
  });

  it("is the same from the specification that --format vl writes", async () => {
    const spec = specOf(two, "light");
    const again = await renderer.svg(JSON.parse(specText(spec)));
    expect(again).toBe(await renderer.svg(spec));
  });
});

interface TextBox {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where the texts of a picture stand, by its translations. */
function textBoxes(svg: string): { width: number; height: number; texts: TextBox[] } {
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number) as [number, number, number];
  const texts: TextBox[] = [];
  const places: (readonly [number, number])[] = [[0, 0]];
  for (const [tag, name, attributes = "", inner] of svg.matchAll(
    /<(g|text)\b([^>]*)>(?:(?<=<text\b[^>]*>)(.*?)<\/text>)?|<\/g>/g,
  )) {
    if (tag === "</g>") {
      places.pop();
      continue;
    }
    expect(attributes).not.toContain("rotate");
    const [dx, dy] = translation(attributes);
    const [x, y] = [places.at(-1)![0] + dx, places.at(-1)![1] + dy] as const;
    if (name === "g") {
      if (!attributes.endsWith("/")) places.push([x, y]);
    } else if (!/opacity="0"/.test(attributes)) texts.push(...linesOf(inner!, attributes, x, y));
  }
  expect(places).toEqual([[0, 0]]);
  return { width, height, texts };
}

function translation(attributes: string): readonly [number, number] {
  const found = /translate\(([-\d.]+),([-\d.]+)\)/.exec(attributes);
  return found === null ? [0, 0] : [Number(found[1]), Number(found[2])];
}

/** The boxes of a text element: one, or one for each of its lines. */
function linesOf(inner: string, attributes: string, x: number, y: number): TextBox[] {
  const size = Number(/font-size="([\d.]+)px"/.exec(attributes)![1]);
  const anchor = /text-anchor="(\w+)"/.exec(attributes)?.[1] ?? "start";
  let below = 0;
  const lines = inner.startsWith("<")
    ? [...inner.matchAll(/<tspan([^>]*)>([^<]*)<\/tspan>/g)].map((line) => {
        below += Number(/dy="([-\d.]+)"/.exec(line[1]!)?.[1] ?? 0);
        return [line[2]!, below] as const;
      })
    : [[inner, 0] as const];
  return lines.map(([line, dy]) => {
    const text = unescaped(line);
    const wide = textWidth(text, size, /font-weight="bold"/.test(attributes));
    const left = x - (anchor === "end" ? wide : anchor === "middle" ? wide / 2 : 0);
    // From capitals down to the baseline; descenders may reach into the gap below.
    return { text, left, right: left + wide, top: y + dy - 0.73 * size, bottom: y + dy };
  });
}

const unescaped = (text: string): string =>
  text
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, "&");

describe("the font", () => {
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) =>
    resolve(`dejavu-fonts-ttf/ttf/${name}`),
  );
  const font = { fontFiles, loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" };
  const advance = (text: string, weight: string): number => {
    // The place of a mark after the text tells the width of the text; without the text it stands at 0.
    const markAfter = (before: string): number =>
      new Resvg(
        `<svg xmlns="http://www.w3.org/2000/svg" width="9000" height="200"><text xml:space="preserve" x="0" y="100" ` +
          `font-family="DejaVu Sans" font-weight="${weight}" font-size="64" style="font-kerning:none"><tspan fill="none">${before}</tspan>H</text></svg>`,
        { font },
      ).innerBBox()!.x;
    return markAfter(text) - markAfter("");
  };
  const characters = [...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)), ..."·–—−×µΔ…→≤≥"];

  it.each(["normal", "bold"])("has the widths of the table: %s", (weight) => {
    for (const character of characters) {
      // Between two H no character is kerned.
      const pair = `${character.replace("&", "&amp;").replace("<", "&lt;")}H`;
      const measured = (advance(pair.repeat(10), weight) - advance("H".repeat(10), weight)) / 10;
      // innerBBox is in whole px, so a character is known to a fifth of a px, of 64.
      expect(Math.abs(measured - textWidth(character, 64, weight === "bold")), character).toBeLessThan(0.35);
    }
  });

  it("is drawn into PNGs, whatever the machine has", async () => {
    const svg = await renderer.svg(PLOT_KINDS[0]!.spec(one, { theme: THEMES.light, atNs: [] }));
    const png = renderer.png(svg);
    expect(Array.from(png.subarray(0, 4))).toEqual([0x89, 0x50, 0x4e, 0x47]);
    const withoutText = renderer.png(svg.replace(/<text[^>]*>[^<]*<\/text>/g, ""));
    // Where no font is found, resvg draws no text and says nothing.
    expect(Buffer.compare(png, withoutText)).not.toBe(0);
    expect(png.length).toBeGreaterThan(1.2 * withoutText.length);
  });
});
