/**
 * The legend of a chart: a button for each line, with its value at the moment, or under the pointer. One run: the buttons flow;
 * several: a table, a row for each kind of line and a column for each run.
 *
 *              go1.18        go1.22
 *     sys      — 76.0 MiB    ┄ 76.0 MiB
 *     in use   — 59.9 MiB    ┄ 59.9 MiB
 */

/** A line as the legend knows it. */
export interface LegendLine {
  readonly label: string;
  /** Index of its run. */
  readonly run: number;
  readonly color: string;
  readonly dash: readonly number[];
}

export class ChartLegend {
  readonly element: HTMLElement;
  private readonly buttons: HTMLButtonElement[];
  private readonly values: HTMLElement[];

  /**
   * @param runs labels of all runs
   * @param hidden lines that are not shown, by index
   * @param onToggle called when a line is shown or hidden
   */
  constructor(
    private readonly lines: readonly LegendLine[],
    runs: readonly string[],
    hidden: ReadonlySet<number>,
    private readonly onToggle: (line: number, isShown: boolean) => void,
  ) {
    this.values = lines.map(() => document.createElement("output"));
    this.buttons = lines.map((line, i) => this.button(line, i, runs, !hidden.has(i)));
    this.element = runs.length === 1 ? this.flow() : this.table(runs);
    this.element.classList.add("chart-legend");
  }

  /** Shows the value of each line. */
  show(texts: readonly string[]): void {
    texts.forEach((text, i) => {
      if (this.values[i]!.textContent !== text) this.values[i]!.textContent = text;
    });
  }

  private button(
    { label, run, color, dash }: LegendLine,
    index: number,
    runs: readonly string[],
    isShown: boolean,
  ): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", String(isShown));
    button.setAttribute("aria-label", runs.length === 1 ? label : `${label}, ${runs[run]}`);
    button.title = "click to hide or show";
    button.append(sample(color, dash));
    if (runs.length === 1) button.append(label);
    button.append(this.values[index]!);
    button.addEventListener("click", () => {
      const shows = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shows));
      this.onToggle(index, shows);
    });
    return button;
  }

  private flow(): HTMLElement {
    const host = document.createElement("div");
    host.append(...this.buttons);
    return host;
  }

  private table(runs: readonly string[]): HTMLElement {
    const host = document.createElement("div");
    host.className = "scroll";
    const table = document.createElement("table");
    const head = table.insertRow();
    head.append(headCell(""), ...runs.map(headCell));
    for (const label of new Set(this.lines.map((line) => line.label))) {
      const row = table.insertRow();
      row.append(headCell(label));
      runs.forEach((_, run) => {
        const index = this.lines.findIndex((line) => line.label === label && line.run === run);
        const cell = row.insertCell();
        if (index >= 0) cell.append(this.buttons[index]!);
      });
    }
    host.append(table);
    return host;
  }
}

function headCell(text: string): HTMLElement {
  const cell = document.createElement("th");
  cell.textContent = text;
  return cell;
}

/** A piece of the line. */
function sample(color: string, dash: readonly number[]): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 26 8");
  svg.setAttribute("class", "line-sample");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", "M0 4H26");
  line.setAttribute("stroke", color);
  line.setAttribute("stroke-width", "2.5");
  line.setAttribute("stroke-dasharray", dash.join(" "));
  svg.append(line);
  return svg;
}
