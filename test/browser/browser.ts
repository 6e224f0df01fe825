/** A browser for tests, and reports open in it. */

import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import type { Report } from "../../results/viewer/runs.js";
import type { View } from "../../results/viewer/view.js";

declare global {
  interface Window {
    mheapsim?: { readonly report: Report; readonly view: View };
  }
}

/**
 * Starts the browser that CHROMIUM names, or the system's.
 * @throws Error when there is none: these tests are about nothing else
 */
export async function launch(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  if (!existsSync(executablePath))
    throw new Error(`there is no browser at ${executablePath}: install chromium, or set CHROMIUM to one`);
  // As root, as in containers, chromium has no sandbox of its own.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/** An open report, and everything that it should not have done. */
export interface OpenReport {
  readonly page: Page;
  /** What it wrote to the console, threw, or asked the network for. */
  readonly faults: string[];
}

/** Opens a file in a window of its own. */
export async function open(
  browser: Browser,
  path: string,
  size: { width: number; height: number } = { width: 1280, height: 900 },
  colorScheme: "light" | "dark" = "light",
): Promise<OpenReport> {
  const page = await browser.newPage({ viewport: size, colorScheme });
  const faults: string[] = [];
  const address = pathToFileURL(path).href;
  page.on("console", (message) => faults.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (request.url() !== address) faults.push(`request: ${request.url()}`);
  });
  await page.goto(address);
  await page.waitForSelector("html[data-ready], .fault");
  return { page, faults };
}

/** Waits until what was changed is drawn. */
export async function drawn(page: Page): Promise<void> {
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null)))),
  );
}

/** What the report looks at. */
export function viewOf(page: Page) {
  return page.evaluate(() => {
    const { momentNs, fromNs, toNs, endNs, firstChunk, limitChunk, chunk } = window.mheapsim!.view;
    return { momentNs, fromNs, toNs, endNs, firstChunk, limitChunk, chunk };
  });
}
