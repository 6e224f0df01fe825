/**
 * The report in the browser: tables, charts, heap maps, all looking at the same moment.
 *
 * It runs from a file and asks the network for nothing.
 */

import "uplot/dist/uPlot.min.css";
import "./style.css";
import type { ReportRun, ReportTable } from "../report/report-data.js";
import { showCharts } from "./charts.js";
import { HeapPanel, PAGE_LEGEND } from "./heap-panel.js";
import { Player } from "./player.js";
import { loadReport, type Report } from "./runs.js";
import { View } from "./view.js";

declare global {
  interface Window {
    /** For tests and the curious: what the page holds, and what it looks at. */
    mheapsim?: { readonly report: Report; readonly view: View };
  }
}

async function main(): Promise<void> {
  const report = await loadReport();
  const { data, runs, axis } = report;
  const endNs = Math.max(1, ...runs.map(({ run }) => run.timesNs.at(-1) ?? 0));
  const view = new View(endNs, [0, Math.max(1, axis.length)]);
  window.mheapsim = { report, view };
  const page = element("main");
  document.body.append(page);
  const head = element("header");
  head.append(element("h1", data.title), themeButton(view));
  page.append(head, runList(data.runs));
  for (const table of data.tables) page.append(tableOf(table));
  const samples = Math.max(1, ...runs.map(({ run }) => run.timesNs.length - 1));
  page.append(element("h2", "Over time"), new Player(view, endNs / samples).element);
  const charts = element("div");
  charts.className = "charts";
  page.append(charts);
  showCharts(charts, runs, view);
  page.append(element("h2", "Heap map"), heapMaps(report, view));
  page.append(help(), element("footer", `mheapsim ${data.tool}`));
  view.setMoment(endNs);
  document.documentElement.dataset["ready"] = "true";
}

function heapMaps({ runs, axis }: Report, view: View): HTMLElement {
  const host = element("div");
  const recorded = runs.filter(({ map }) => map !== null);
  for (const { run } of runs.filter(({ map }) => map === null)) {
    const note = element("p", `${run.label} has no heap map. `);
    note.append(
      "Record one with ",
      element("code", `${run.command} --heapmap`),
      ", and make the report again.",
    );
    host.append(note);
  }
  if (recorded.length === 0) return host;
  const legend = element("ul");
  legend.className = "legend";
  for (const [color, name] of PAGE_LEGEND) {
    const swatch = element("span");
    swatch.style.background = `var(${color})`;
    const item = element("li");
    item.append(swatch, name);
    legend.append(item);
  }
  const maps = element("div");
  maps.className = "maps";
  const panels = recorded.map((run) => new HeapPanel(run, axis, view));
  maps.append(...panels.map((panel) => panel.element));
  host.append(legend, maps);
  new ResizeObserver(() => {
    for (const panel of panels) panel.redraw();
  }).observe(maps);
  return host;
}

function runList(runs: readonly ReportRun[]): HTMLElement {
  const host = element("div");
  host.className = "runs";
  for (const run of runs) {
    const box = element("section");
    box.append(element("h2", run.label));
    const facts = element("dl");
    for (const [name, value] of [["fingerprint", run.fingerprint], ...run.parameters])
      facts.append(element("dt", name), element("dd", value));
    const how = element("p", "The same run again: ");
    how.append(element("code", run.command));
    box.append(facts, how);
    if (run.note !== "") box.append(element("p", run.note));
    host.append(box);
  }
  return host;
}

function tableOf({ title, head, rows }: ReportTable): HTMLElement {
  const host = element("section");
  const table = element("table");
  const line = (cells: readonly string[], name: "th" | "td"): HTMLElement => {
    const row = element("tr");
    row.append(...cells.map((cell, i) => element(i === 0 ? "th" : name, cell)));
    return row;
  };
  table.append(line(head, "th"), ...rows.map((row) => line(row, "td")));
  const scroll = element("div");
  scroll.className = "scroll";
  scroll.append(table);
  host.append(element("h2", title), scroll);
  return host;
}

/** Switches between light and dark; without a choice the system's counts. */
function themeButton(view: View): HTMLElement {
  const button = element("button", "Light or dark");
  button.id = "theme";
  button.addEventListener("click", () => {
    const root = document.documentElement;
    const isDark =
      root.dataset["theme"] === undefined
        ? matchMedia("(prefers-color-scheme: dark)").matches
        : root.dataset["theme"] === "dark";
    root.dataset["theme"] = isDark ? "light" : "dark";
    view.themeChanged();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => view.themeChanged());
  return button;
}

function help(): HTMLElement {
  const host = element("details");
  host.append(element("summary", "Keys and mouse"));
  const list = element("ul");
  for (const text of [
    "← and → move the moment by a sample, with Shift by ten; Home and End go to its ends; the space bar plays and pauses.",
    "Drag over a chart to zoom all charts and maps in time; double click, or Escape, shows the whole run.",
    "Click a name in a legend, or press Enter on it, to hide its line.",
    "On a map: click chooses a moment and a chunk; the wheel, or + and −, zoom in address; ↑ and ↓ move; 0 shows all addresses.",
    "On the chunks: arrow keys choose one, Enter goes to its pages, Escape comes back.",
  ])
    list.append(element("li", text));
  host.append(list);
  return host;
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, text = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (text !== "") made.textContent = text;
  return made;
}

main().catch((error: Error) => {
  const message = element("p", `The report cannot be shown: ${error.message}`);
  message.className = "fault";
  document.body.append(message);
  throw error;
});
