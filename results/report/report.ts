/**
 * One HTML file with everything in it: the viewer, the runs as JSON, and their heap maps as they were recorded, in base64.
 */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DATA_ELEMENT, type ReportData } from "./report-data.js";

/** The records of a heap map, deflated, and the id of the element that is to hold them. */
export interface ReportMap {
  readonly element: string;
  readonly deflated: Uint8Array;
}

/** The text of a report. */
export function reportHtml(data: ReportData, maps: readonly ReportMap[]): string {
  // Within a script element only its own end has a meaning, so no < may stand for itself.
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  const elements = [
    `<script type="application/json" id="${DATA_ELEMENT}">${json}</script>`,
    ...maps.map(
      ({ element, deflated }) =>
        `<script type="text/plain" id="${element}">${Buffer.from(deflated).toString("base64")}</script>`,
    ),
  ];
  return template()
    .replace("<!--TITLE-->", () => escapeHtml(data.title))
    .replace("<!--DATA-->", () => elements.join("\n"));
}

/** The page that the build made; when the sources run as they are, it is where the build put it. */
function template(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const beside = join(here, "template.html");
  const built = join(here, "..", "..", "dist", "results", "report", "template.html");
  return readFileSync(existsSync(beside) ? beside : built, "utf8");
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
