/**
 * The report in the browser: tables, charts, heap maps, all looking at the same moment.
 *
 * It runs from a file and asks the network for nothing.
 */

import "uplot/dist/uPlot.min.css";
import "./style.css";
import { showCharts } from "./charts.js";
import { element, section } from "./dom.js";
import { HeapPanel, PAGE_LEGEND } from "./heap-panel.js";
import { Player } from "./player.js";
import { loadReport, type Report } from "./runs.js";
import { contents, help, runSection, tableSection } from "./sections.js";
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
  const charts = element("div");
  charts.className = "charts";
  const sections = [
    runSection(data.runs),
    ...data.tables.map(tableSection),
    section("time", "Over time", charts),
    section("heap", "Heap map", heapMaps(report, view)),
  ];
  const head = element("header", "", element("h1", data.title), contents(sections), themeButton(view));
  document.body.append(
    element("main", "", head, player(report, view, endNs), ...sections, help()),
    element("footer", `mheapsim ${data.tool}`),
  );
  showCharts(charts, runs, view);
  view.setMoment(endNs);
  view.flush();
  document.documentElement.dataset["ready"] = "true";
}

function player({ runs }: Report, view: View, endNs: number): HTMLElement {
  const samples = Math.max(1, ...runs.map(({ run }) => run.timesNs.length - 1));
  const keyframes = runs.flatMap(({ map }) => map?.keyframes.map(({ sample }) => map.timesNs[sample]!) ?? []);
  const ascending = [...new Set(keyframes)].sort((a, b) => a - b);
  return new Player(view, endNs / samples, ascending).element;
}

function heapMaps({ runs, axis }: Report, view: View): HTMLElement {
  const host = element("div");
  const recorded = runs.filter(({ map }) => map !== null);
  for (const { run } of runs.filter(({ map }) => map === null)) {
    host.append(
      element(
        "p",
        `${run.label} has no heap map. Record one with `,
        element("code", `${run.command} --heapmap`),
        ", and make the report again.",
      ),
    );
  }
  if (recorded.length === 0) return host;
  const panels = recorded.map((run) => new HeapPanel(run, axis, view));
  const maps = element("div", "", ...panels.map((panel) => panel.element));
  maps.className = "maps";
  host.append(legend(), maps);
  const observer = new ResizeObserver(() => {
    for (const panel of panels) panel.redraw();
  });
  observer.observe(maps);
  return host;
}

function legend(): HTMLElement {
  const list = element("ul");
  list.className = "legend";
  for (const [color, name] of PAGE_LEGEND) {
    const swatch = element("span");
    swatch.style.background = `var(${color})`;
    list.append(element("li", "", swatch, name));
  }
  return list;
}

/** Switches between light and dark; without a choice the system's counts. */
function themeButton(view: View): HTMLElement {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const button = element("button");
  button.id = "theme";
  button.type = "button";
  let isDark = system.matches;
  const show = (): void => {
    document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
    button.textContent = isDark ? "Light" : "Dark";
    view.themeChanged();
  };
  button.addEventListener("click", () => {
    isDark = !isDark;
    show();
  });
  system.addEventListener("change", () => {
    isDark = system.matches;
    show();
  });
  show();
  return button;
}

main().catch((error: Error) => {
  const message = element("p", `The report cannot be shown: ${error.message}`);
  message.className = "fault";
  document.body.append(message);
  throw error;
});
