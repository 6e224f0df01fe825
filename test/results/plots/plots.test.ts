/**
 * Every kind of plot: the same bytes as the pictures that were looked at (golden/), nothing drawn outside, nothing that
 * overlaps, nothing hidden.
 *
 * After a change that is meant: `UPDATE_GOLDEN=1 npx vitest run test/results/plots`, and look at the pictures again.
 */

import { createRequire } from "node:module";
import { Resvg } from "@resvg/resvg-js";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { textWidth } from "../../../results/plots/font-metrics.js";
import { RUN_KINDS } from "../../../results/plots/kinds.js";
import { loadRenderer, type Renderer, specText } from "../../../results/plots/render.js";
import { THEMES } from "../../../results/plots/theme.js";
import type { FinishedRun } from "../../../results/run-folder.js";
import { expectGolden, expectReadable } from "./pictures.js";
import { madeUpRun } from "./runs.js";

vi.setConfig({ testTimeout: 120_000 });

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

let renderer: Renderer;
beforeAll(async () => {
  renderer = await loadRenderer();
});

describe.each(RUN_KINDS)("$name", (kind) => {
  const specOf = (runs: readonly FinishedRun[], theme: "light" | "dark") =>
    kind.spec(runs, { theme: THEMES[theme], atNs: [] });

  it.each(kind.name === "memory" ? ["one", "one-dark", "two"] : ["one", "two"])(
    "is the golden picture: %s",
    async (name) => {
      const [, runs, theme] = CASES.find(([given]) => given === name)!;
      const svg = await renderer.svg(specOf(runs, theme));
      expectGolden(`${kind.name}-${name}`, svg);
    },
  );

  it.each(CASES)("has all text within the picture, and none over another: %s", async (_, runs, theme) => {
    const svg = await renderer.svg(specOf(runs, theme));
    expectReadable(svg);
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
    const svg = await renderer.svg(RUN_KINDS[0]!.spec(one, { theme: THEMES.light, atNs: [] }));
    const png = renderer.png(svg);
    expect(Array.from(png.subarray(0, 4))).toEqual([0x89, 0x50, 0x4e, 0x47]);
    const withoutText = renderer.png(svg.replace(/<text[^>]*>[^<]*<\/text>/g, ""));
    // Where no font is found, resvg draws no text and says nothing.
    expect(Buffer.compare(png, withoutText)).not.toBe(0);
    expect(png.length).toBeGreaterThan(1.2 * withoutText.length);
  });
});
