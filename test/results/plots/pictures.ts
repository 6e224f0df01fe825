/** What tests ask of every picture: the bytes that were looked at, all text within the picture, and none over another. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { textWidth } from "../../../results/plots/font-metrics.js";

const GOLDEN = join(import.meta.dirname, "golden");

/** Expects the picture of golden/; with UPDATE_GOLDEN=1 it becomes that. */
export function expectGolden(name: string, svg: string): void {
  const path = join(GOLDEN, `${name}.svg`);
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(path, svg);
  expect(existsSync(path), `${path} is missing`).toBe(true);
  expect(svg === readFileSync(path, "utf8"), `${path} differs; look at what changed`).toBe(true);
}

/** Between two texts on a line, px. */
const GAP = 3;
/** Frame, labels of the y axis, padding, and half a label of the x axis; no legend and no title makes a picture wider. */
const WIDTH = 640 + 70 + 28 + 20;

/** Expects all text within the picture, and none over another. */
export function expectReadable(svg: string): void {
  const { width, height, texts } = textBoxes(svg);
  expect(texts.length).toBeGreaterThan(3);
  expect(width).toBeLessThanOrEqual(WIDTH);
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
}

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
