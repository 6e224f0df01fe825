/** The report in a browser: everything that a reader does with it. */

import { writeFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PageState } from "../../results/heapmap/keyframe.js";
import { formatBytes } from "../../results/viewer/format.js";
import { makeReport } from "../../studies/report.js";
import { runScenario } from "../../studies/run-scenario.js";
import { countsAtSamples, mapped, recordMapped, stoppedAt } from "../results/report/mapped-run.js";
import { TestFolder } from "../setup/files.js";
import { drawn, launch, type OpenReport, open, viewOf } from "./browser.js";

const POLICIES = ["go1.18", "next-fit"];
const folder = new TestFolder();
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  for (const policy of POLICIES) await recordMapped(policy, folder.at(policy));
  await runScenario({ scenario: mapped("go1.18"), out: folder.at("plain") });
  const make = (name: string, ...runs: string[]): void =>
    writeFileSync(folder.at(`${name}.html`), makeReport(runs.map((run) => folder.at(run))).html);
  make("one", "go1.18");
  make("two", ...POLICIES);
  make("mixed", "plain", "next-fit");
});

afterAll(() => browser?.close());

/** Opens a report for one test, which must end without a fault. */
async function looking(
  name: string,
  look: (page: Page) => Promise<void>,
  ...how: [size?: { width: number; height: number }, scheme?: "light" | "dark"]
): Promise<void> {
  const { page, faults }: OpenReport = await open(browser, folder.at(`${name}.html`), ...how);
  try {
    await look(page);
    expect(faults).toEqual([]);
  } finally {
    await page.close();
  }
}

/** Pages as bytes, as the report writes them. */
const sizeOf = (pages: number): string => formatBytes(pages * 8192);

const statusOf = (page: Page, panel = 0): Promise<string> =>
  page.locator(".heap-panel").nth(panel).locator(".status").first().innerText();
const pagesTextOf = (page: Page, panel = 0): Promise<string> =>
  page.locator(".heap-panel").nth(panel).locator(".status").nth(1).innerText();

/** The states that a canvas of pages shows, told by the colours in the middles of its cells. */
function shownStates(page: Page, panel = 0): Promise<number[]> {
  return page.evaluate((index) => {
    const canvas = document.querySelectorAll<HTMLCanvasElement>("canvas.pages")[index]!;
    const colors = ["--page-free", "--page-scavenged", "--page-cached", "--page-in-use"].map((name) =>
      getComputedStyle(document.documentElement).getPropertyValue(name).trim(),
    );
    const { width, height } = canvas;
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [width, height];
    const context = copy.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return Array.from({ length: 512 }, (_, cell) => {
      const x = Math.floor((((cell % 64) + 0.5) / 64) * width);
      const y = Math.floor(((Math.floor(cell / 64) + 0.5) / 8) * height);
      const at = (y * width + x) * 4;
      const hex = [0, 1, 2].map((k) => data[at + k]!.toString(16).padStart(2, "0")).join("");
      return colors.indexOf(`#${hex}`);
    });
  }, panel);
}

describe("a report in the browser", () => {
  test("opens from a file, asks for nothing else, and says nothing on the console", () =>
    looking("two", async (page) => {
      expect(page.url()).toMatch(/^file:/);
      expect(await page.title()).toBe("mapped: go1.18 and next-fit");
      expect(await page.locator(".card h3").allInnerTexts()).toEqual(POLICIES);
      expect(await page.locator(".card code").first().innerText()).toContain(
        "mheapsim run mapped --seed 7 --set policy=go1.18",
      );
      expect(await page.locator(".chart").count()).toBeGreaterThan(6);
      expect(await page.locator(".heap-panel").count()).toBe(2);
      // Every link of the contents leads somewhere.
      for (const link of await page.locator("nav a").all())
        expect(await page.locator((await link.getAttribute("href"))!).count()).toBe(1);
    }));

  test("scrubbing shows at every sample what another run holds there", () =>
    looking("two", async (page) => {
      const slider = page.locator("#moment");
      await slider.focus();
      await page.keyboard.press("Home");
      await drawn(page);
      expect((await viewOf(page)).momentNs).toBe(0);
      for (const [panel, policy] of POLICIES.entries()) {
        for (const { timeNs, counts } of countsAtSamples(policy)) {
          await page.evaluate((ns) => window.mheapsim!.view.setMoment(ns), timeNs);
          await drawn(page);
          const sum = (k: number): number => [...counts.values()].reduce((all, one) => all + one[k]!, 0);
          const text = await statusOf(page, panel);
          const free = counts.size * 512 - sum(0) - sum(1) - sum(2);
          expect(text).toContain(
            `${(timeNs / 1e9).toFixed(2)} s: ${counts.size} chunks, in use ${sizeOf(sum(0))}, `,
          );
          expect(text).toContain(
            `free ${sizeOf(free)}, released ${sizeOf(sum(1))}, in page caches ${sizeOf(sum(2))}, searchAddr `,
          );
        }
      }
    }));

  test("the slider moves all panels and legends to one moment", () =>
    looking("two", async (page) => {
      const slider = page.locator("#moment");
      const box = (await slider.boundingBox())!;
      await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
      await drawn(page);
      const { momentNs, endNs } = await viewOf(page);
      expect(Math.abs(momentNs / endNs - 0.5)).toBeLessThan(0.03);
      const [left, right] = [await statusOf(page, 0), await statusOf(page, 1)];
      expect(left.split(":")[0]).toBe(right.split(":")[0]);
      const shown = await page.locator(".chart-legend output").first().innerText();
      await page.keyboard.press("Home");
      await drawn(page);
      expect(await page.locator(".chart-legend output").first().innerText()).not.toBe(shown);
    }));

  test("a stretch that is dragged over is shown by all charts and maps, and a double click shows all again", () =>
    looking("two", async (page) => {
      const over = page.locator(".u-over");
      await over.nth(1).scrollIntoViewIfNeeded();
      const box = (await over.nth(1).boundingBox())!;
      const times = await page.locator(".times").first().innerText();
      const ink = (): Promise<string[]> =>
        page.evaluate(() =>
          [...document.querySelectorAll<HTMLCanvasElement>(".chart canvas, canvas.overview")].map((canvas) =>
            canvas.toDataURL(),
          ),
        );
      const whole = await ink();
      const middle = box.y + box.height / 2;
      await page.mouse.move(box.x + box.width * 0.25, middle);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.4, middle, { steps: 4 });
      await page.mouse.move(box.x + box.width * 0.5, middle, { steps: 4 });
      await page.mouse.up();
      await drawn(page);
      const { fromNs, toNs, endNs } = await viewOf(page);
      expect([fromNs / endNs, toNs / endNs].map((share) => Math.round(share * 20) / 20)).toEqual([0.25, 0.5]);
      expect(await page.locator(".times").first().innerText()).not.toBe(times);
      // Maps are computed anew when the stretch has settled.
      await page.waitForTimeout(300);
      const zoomed = await ink();
      zoomed.forEach((one, i) => {
        expect(one, `chart or map ${i}`).not.toBe(whole[i]);
      });
      await over.nth(1).dblclick();
      await drawn(page);
      expect(await viewOf(page)).toMatchObject({ fromNs: 0, toNs: endNs });
      expect(await page.locator(".times").first().innerText()).toBe(times);
      await page.waitForTimeout(300);
      expect(await ink()).toEqual(whole);
    }));

  test("pointing at one chart shows the values of that time in all of them", () =>
    looking("one", async (page) => {
      const outputs = page.locator(".chart-legend output");
      const before = await outputs.allInnerTexts();
      const over = page.locator(".u-over").first();
      await over.scrollIntoViewIfNeeded();
      const box = (await over.boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.3, box.y + 20);
      await page.mouse.move(box.x + box.width * 0.31, box.y + 22);
      await drawn(page);
      const pointed = await outputs.allInnerTexts();
      const charts = await page.locator(".chart").count();
      const changed = await page.evaluate((texts) => {
        const all = [...document.querySelectorAll<HTMLOutputElement>(".chart-legend output")];
        return new Set(all.flatMap((one, i) => (one.innerText === texts[i] ? [] : [one.closest(".chart")])))
          .size;
      }, before);
      expect(changed).toBeGreaterThan(charts / 2);
      const sys = await page.evaluate(() => {
        const { run } = window.mheapsim!.report.runs[0]!;
        return run.columns["heap_sys_bytes"]![Math.round(0.31 * (run.timesNs.length - 1))]!;
      });
      expect(pointed[0]).toBe(sizeOf(sys / 8192));
      await page.mouse.move(0, 0);
      await page.waitForFunction(
        (text) => document.querySelector<HTMLOutputElement>(".chart-legend output")!.innerText === text,
        before[0],
      );
    }));

  test("a line is hidden and shown from its legend by key, and stays so in the other colours", () =>
    looking("two", async (page) => {
      const ink = (): Promise<string> =>
        page.evaluate(() => document.querySelector<HTMLCanvasElement>(".chart canvas")!.toDataURL());
      const button = page.getByRole("button", { name: "in use, next-fit" });
      const all = await ink();
      await button.focus();
      await page.keyboard.press("Enter");
      await drawn(page);
      expect(await button.getAttribute("aria-pressed")).toBe("false");
      expect(await ink()).not.toBe(all);
      await page.locator("#theme").click();
      await drawn(page);
      expect(await button.getAttribute("aria-pressed")).toBe("false");
      await page.locator("#theme").click();
      await button.click();
      await page.mouse.move(0, 0);
      await drawn(page);
      expect(await button.getAttribute("aria-pressed")).toBe("true");
    }));

  test("play runs through the run, and pauses", () =>
    looking("one", async (page) => {
      await page.locator("#play").click();
      await page.waitForFunction(() => {
        const { momentNs, endNs } = window.mheapsim!.view;
        return momentNs > 0.02 * endNs && momentNs < 0.5 * endNs;
      });
      expect(await page.locator("#play").innerText()).toBe("Pause");
      await page.locator("#play").click();
      const { momentNs } = await viewOf(page);
      await page.waitForTimeout(150);
      expect((await viewOf(page)).momentNs).toBe(momentNs);
      expect(await page.locator("#play").innerText()).toBe("Play");
    }));
});

describe("the pages of a keyframe", () => {
  test("are shown as another run that is stopped there has them, whatever the colours", () =>
    looking("two", async (page) => {
      for (const scheme of ["light", "dark"]) {
        if (scheme === "dark") await page.locator("#theme").click();
        for (const timeNs of [0.5e9, 1.5e9, 2.2e9, 3e9]) {
          for (const [panel, policy] of POLICIES.entries()) {
            const { pages } = stoppedAt(policy, timeNs);
            const chunks = [...new Set([...pages.keys()].map((at) => Math.floor(at / 512)))];
            for (const chunk of [chunks[0]!, chunks[Math.floor(chunks.length / 2)]!, chunks.at(-1)!]) {
              await page.evaluate(
                ([ns, index]) => {
                  const { view, report } = window.mheapsim!;
                  view.setMoment(ns!);
                  view.setChunk(report.axis.rankOf(index!));
                },
                [timeNs, chunk],
              );
              await drawn(page);
              const expected = Array.from({ length: 512 }, (_, i) => pages.get(chunk * 512 + i));
              expect(await shownStates(page, panel)).toEqual(expected);
            }
          }
        }
      }
    }));

  test("are reached by keys alone, with state and span of each page", () =>
    looking("two", async (page) => {
      // From the top of the page by Tab, as somebody without a mouse.
      const active = (): Promise<string> =>
        page.evaluate(() => `${document.activeElement!.tagName} ${document.activeElement!.className}`);
      for (let i = 0; i < 200 && (await active()) !== "CANVAS overview"; i++)
        await page.keyboard.press("Tab");
      expect(await active()).toBe("CANVAS overview");
      const { limitChunk } = await viewOf(page);
      await page.keyboard.press("+");
      await drawn(page);
      expect((await viewOf(page)).limitChunk - (await viewOf(page)).firstChunk).toBe(
        Math.round(limitChunk / 2),
      );
      await page.keyboard.press("0");
      await page.keyboard.press("Home");
      await page.keyboard.press("k");
      await drawn(page);
      expect((await viewOf(page)).momentNs).toBe(0.5e9);
      await page.keyboard.press("Enter");
      expect(await active()).toBe("CANVAS chunks");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Enter");
      expect(await active()).toBe("CANVAS pages");
      const { pages, spans, geometry } = stoppedAt(POLICIES[0]!, 0.5e9);
      const chunk = await page.evaluate(() => {
        const { view, report } = window.mheapsim!;
        return report.axis.chunks[view.chunk]!;
      });
      const words = ["free", "released", "in a page cache", "in use"];
      for (let i = 0; i < 70; i++) {
        const at = chunk * 512 + i;
        const text = await pagesTextOf(page);
        expect(text).toContain(`page ${i}: ${geometry.formatPage(at)} ${words[pages.get(at)!]}`);
        const span = spans.pages.findIndex((first, s) => first <= at && at < first + spans.npages[s]!);
        if (span < 0) expect(text).not.toContain("of a span");
        else
          expect(text).toContain(
            `page ${at - spans.pages[span]! + 1} of ${spans.npages[span]} of a span: ${spans.kinds[span]! < 2 ? "large object" : ""}`,
          );
        await page.keyboard.press("ArrowRight");
      }
      await page.keyboard.press("Escape");
      expect(await active()).toBe("CANVAS chunks");
      await page.keyboard.press("Escape");
      expect(await active()).toBe("CANVAS overview");
      await page.keyboard.press("j");
      await page.keyboard.press("End");
      await drawn(page);
      expect((await viewOf(page)).momentNs).toBe((await viewOf(page)).endNs);
    }));

  test("are reached by mouse: wheel, click on the map, click on a chunk, pointing at a page", () =>
    looking("one", async (page) => {
      const map = page.locator("canvas.overview").first();
      await map.scrollIntoViewIfNeeded();
      const box = (await map.boundingBox())!;
      await page.mouse.click(box.x + box.width * 0.6, box.y + box.height * 0.9);
      await page.mouse.wheel(0, -200);
      await drawn(page);
      const { momentNs, endNs, firstChunk, limitChunk, chunk } = await viewOf(page);
      expect(Math.abs(momentNs / endNs - 0.6)).toBeLessThan(0.02);
      expect(firstChunk <= chunk && chunk < limitChunk).toBe(true);
      expect(limitChunk - firstChunk).toBeLessThan(
        await page.evaluate(() => window.mheapsim!.report.axis.length),
      );
      await page
        .locator("canvas.chunks")
        .first()
        .click({ position: { x: 3, y: 3 } });
      await drawn(page);
      expect((await viewOf(page)).chunk).toBe(firstChunk);
      await page.locator("canvas.pages").first().hover();
      expect(await pagesTextOf(page)).toMatch(
        /Keyframe at 1\.50 s.*, page \d+: 0x[0-9a-f]+ (free|released|in )/,
      );
    }));
});

describe("on any screen", () => {
  test.each([360, 700, 1100, 1800])("%d pixels wide nothing is cut off or scrolls aside", (width) =>
    looking(
      "two",
      async (page) => {
        await page.evaluate(() => window.mheapsim!.view.setChunk(1));
        await drawn(page);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
        const panels = await Promise.all(
          (await page.locator(".heap-panel").all()).map(async (panel) => (await panel.boundingBox())!),
        );
        // Side by side where there is room, one below the other where there is not.
        expect(panels[0]!.y === panels[1]!.y).toBe(width > 1000);
        for (const canvas of await page.locator(".heap-panel canvas:not(.cursor)").all()) {
          const box = (await canvas.boundingBox())!;
          expect(box.x >= 0 && box.x + box.width <= width && box.width > 100 && box.height > 10).toBe(true);
        }
      },
      { width, height: 800 },
    ),
  );

  test("a window that changes its width redraws", () =>
    looking("two", async (page) => {
      await page.setViewportSize({ width: 500, height: 800 });
      await drawn(page);
      const sizes = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLCanvasElement>("canvas.overview, .chart canvas")].map(
          ({ width, clientWidth }) => Math.abs(width / devicePixelRatio - clientWidth),
        ),
      );
      expect(Math.max(...sizes)).toBeLessThan(3);
    }));

  test("dark follows the system, and the button changes it", () =>
    looking(
      "one",
      async (page) => {
        const lightness = (): Promise<number> =>
          page.evaluate(() => {
            const [red, green, blue] = getComputedStyle(document.body)
              .backgroundColor.match(/\d+/g)!
              .map(Number);
            return (red! + green! + blue!) / 3;
          });
        const label = (): Promise<string> => page.locator("#theme").innerText();
        expect([(await lightness()) < 64, await label()]).toEqual([true, "Light"]);
        await page.locator("#theme").click();
        expect([(await lightness()) > 192, await label()]).toEqual([true, "Dark"]);
        await page.emulateMedia({ colorScheme: "light" });
        await drawn(page);
        await page.emulateMedia({ colorScheme: "dark" });
        await page.waitForFunction(() => document.documentElement.dataset["theme"] === "dark");
        expect((await lightness()) < 64).toBe(true);
      },
      { width: 1000, height: 700 },
      "dark",
    ));
});

describe("what is not there", () => {
  test("a run without a heap map says how to record one", () =>
    looking("mixed", async (page) => {
      const note = await page.locator("#heap p").first().innerText();
      expect(note).toMatch(
        /^go1\.18 has no heap map\. Record one with mheapsim run mapped .* --heapmap, and make/,
      );
      expect(await page.locator(".heap-panel").count()).toBe(1);
      // Free pages of the other one are there all the same.
      await page.evaluate(() => window.mheapsim!.view.setChunk(0));
      await drawn(page);
      expect((await shownStates(page)).includes(PageState.inUse)).toBe(true);
    }));

  test("a file that was cut off says so", async () => {
    const { html } = makeReport([folder.at("go1.18")]);
    const at = html.indexOf('id="heap-map-0">') + 600;
    writeFileSync(folder.at("damaged.html"), html.slice(0, at) + html.slice(at + 400));
    const { page } = await open(browser, folder.at("damaged.html"));
    expect(await page.locator(".fault").innerText()).toMatch(/^The report cannot be shown: /);
    await page.close();
  });
});
