/**
 * How large the report of a large heap is, how fast it loads, and how smoothly its time is scrubbed, in headless chromium.
 *
 *     a churned heap of 64 GiB, 1,000 samples, 16 keyframes ──► report.html ──► chromium ──► a table
 *
 *     npm run bench:report
 *
 * The browser is that of the environment variable CHROMIUM, /usr/bin/chromium without. A frame of scrubbing is a change of the
 * slider and everything that follows until the next one can be drawn: charts, maps, chunks, pages. Its rate is that of the
 * browser's frames, 60 a second at most.
 */

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { textTable } from "../results/text-table.js";
import { writeReport } from "../studies/report.js";
import { runScenario } from "../studies/run-scenario.js";
import { scenario } from "../studies/scenarios.js";
import { launch } from "../test/browser/browser.js";

const POLICIES = ["go1.18", "go1.22"] as const;
/** Frames of each way of scrubbing. */
const FRAMES = 300;
/** Loads, of which the middle one counts. */
const LOADS = 5;

/** Spans of 32 pages in the mean, dying at random between collections: about 64 GiB, and few chunks that stay as they are. */
function largeHeap(policy: string) {
  return scenario({
    name: "large-heap",
    seed: 1,
    policy,
    duration: "100s",
    samples: 1000,
    machine: { procs: 4 },
    workloads: {
      spans: {
        kind: "spans",
        rate: "16600/s",
        pages: { uniform: { min: 1, max: 63 } },
        lifetime: { exponential: { mean: "5s" } },
      },
    },
  });
}

/** A way to move through time: the moment of each frame as a share of the run. */
const WAYS: readonly (readonly [name: string, shareOf: (frame: number) => number])[] = [
  ["forward", (frame) => frame / FRAMES],
  ["backward", (frame) => 1 - frame / FRAMES],
  ["to and fro", (frame) => (frame * 0.381966) % 1],
];

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mheapsim-bench-"));
  try {
    for (const policy of POLICIES)
      await runScenario({ scenario: largeHeap(policy), out: join(folder, policy), keyframes: 16 });
    const browser = await launch();
    const rows = [["report", "chunks", "MiB", "load, s", ...WAYS.map(([name]) => `${name}, frames/s`)]];
    try {
      rows.push(await measured(browser, folder, "one run", [POLICIES[0]]));
      rows.push(await measured(browser, folder, "two, side by side", POLICIES));
    } finally {
      await browser.close();
    }
    console.log(textTable(rows, true).join("\n"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(
  browser: Browser,
  folder: string,
  name: string,
  policies: readonly string[],
): Promise<string[]> {
  const out = join(folder, "report.html");
  writeReport({ runs: policies.map((policy) => join(folder, policy)), out, force: true });
  const loads: number[] = [];
  for (let i = 0; i < LOADS; i++) loads.push(await load(browser, out, async (_, seconds) => seconds));
  const rates = await load(browser, out, async (page) => {
    const each: string[] = [];
    for (const [, shareOf] of WAYS) {
      const shares = Array.from({ length: FRAMES }, (_, frame) => shareOf(frame));
      each.push((await scrub(page, shares)).toFixed(0));
    }
    const chunks = await page.evaluate(() => window.mheapsim!.view.chunks[1]);
    return [String(chunks), ...each];
  });
  const middle = loads.sort((a, b) => a - b)[Math.floor(LOADS / 2)]!;
  const mib = (statSync(out).size / 2 ** 20).toFixed(1);
  return [name, rates[0]!, mib, middle.toFixed(2), ...rates.slice(1)];
}

/** Opens a report in a new window; seconds until all of it is drawn go to whoever looks. */
async function load<T>(
  browser: Browser,
  path: string,
  look: (page: Page, seconds: number) => Promise<T>,
): Promise<T> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  try {
    // What tsx wraps functions in is not there in the browser.
    await page.addInitScript({ content: "globalThis.__name = (made) => made" });
    await page.goto(pathToFileURL(path).href, { waitUntil: "commit" });
    await page.waitForSelector("html[data-ready]", { timeout: 120_000 });
    const ms = await page.evaluate(
      () =>
        new Promise<number>((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now())))),
    );
    return await look(page, ms / 1000);
  } finally {
    await page.close();
  }
}

/** Frames a second while the slider moves; a chunk is chosen, so that pages are drawn as well. */
function scrub(page: Page, shares: readonly number[]): Promise<number> {
  return page.evaluate(async (places) => {
    window.mheapsim!.view.setChunk(0);
    const slider = document.querySelector<HTMLInputElement>("#moment")!;
    const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done));
    await frame();
    const start = await frame();
    let end = start;
    for (const share of places) {
      slider.value = String(share * Number(slider.max));
      slider.dispatchEvent(new Event("input"));
      end = await frame();
    }
    return (places.length * 1000) / (end - start);
  }, shares);
}

await main();
