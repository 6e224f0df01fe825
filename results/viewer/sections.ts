/** The parts of the page that stand still: which runs, how to make them again, tables, keys. */

import type { ReportRun, ReportTable } from "../report/report-data.js";
import { element, section } from "./dom.js";

/** What there is to know of each run. */
export function runSection(runs: readonly ReportRun[]): HTMLElement {
  const cards = element("div", "", ...runs.map(runCard));
  cards.className = "runs";
  return section("runs", runs.length === 1 ? "The run" : "The runs", cards);
}

function runCard(run: ReportRun): HTMLElement {
  const facts = element("dl");
  for (const [name, value] of run.facts) facts.append(element("dt", name), element("dd", value));
  const card = element("section", "", element("h3", run.label), facts, commandLine(run.command));
  card.className = "card";
  if (run.note !== "") card.append(element("p", run.note));
  return card;
}

/** The command that makes the run again, and a button that copies it. */
function commandLine(command: string): HTMLElement {
  const code = element("code", command);
  const button = element("button", "Copy");
  button.type = "button";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command);
      button.textContent = "Copied";
    } catch {
      // Where a page from a file may not write there, the text is marked instead.
      getSelection()?.selectAllChildren(code);
      button.textContent = "Marked";
    }
  });
  const line = element("p", "The same run again: ", code, " ", button);
  line.className = "command";
  return line;
}

/** A table; wide ones scroll by themselves. */
export function tableSection({ id, title, note, groups, head, rows }: ReportTable): HTMLElement {
  const table = element("table");
  if (groups.length > 0) {
    const line = element("tr");
    for (const [name, width] of groups) {
      const cell = element("th", name);
      cell.colSpan = width;
      cell.className = "group";
      line.append(cell);
    }
    table.append(line);
  }
  table.append(element("tr", "", ...head.map((cell) => element("th", cell))));
  for (const [first, ...rest] of rows) {
    table.append(element("tr", "", element("th", first), ...rest.map((cell) => element("td", cell))));
  }
  const scroll = element("div", "", table);
  scroll.className = "scroll";
  const host = section(id, title);
  if (note !== "") host.append(element("p", note));
  host.append(scroll);
  return host;
}

/** Where what is. */
export function contents(sections: readonly HTMLElement[]): HTMLElement {
  const nav = element("nav");
  nav.setAttribute("aria-label", "Contents");
  for (const one of sections) {
    const link = element("a", one.querySelector("h2")!.textContent ?? "");
    link.href = `#${one.id}`;
    nav.append(link);
  }
  return nav;
}

/** What keys and mouse do. */
export function help(): HTMLElement {
  const host = element("details", "", element("summary", "Keys and mouse"));
  const list = element("ul");
  for (const text of [
    "← and → move the moment by a sample, with Shift by ten; Home and End go to its ends; the space bar plays and pauses.",
    "j and k go to the keyframe before and to the next one.",
    "Drag over a chart to zoom all charts and maps in time; double click, or Escape, shows the whole run.",
    "Click a name in a legend, or press Enter on it, to hide its line.",
    "On a map: click chooses a moment and a chunk; the wheel after a click, or with Ctrl, and the keys + and − zoom in address; ↑ and ↓ move; 0 shows all addresses; Enter goes to the chunks.",
    "On the chunks: arrow keys choose one, Enter goes to its pages, Escape comes back; on the pages the same.",
  ])
    list.append(element("li", text));
  host.append(list);
  return host;
}
