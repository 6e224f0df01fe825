/** Opens a file in the browser of the system, where there is one that somebody could see. */

import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * The command that opens a file here.
 * @param isTerminal whether somebody sits there: what scripts run must not open windows
 * @returns the words before the file's name; null when there is no way, or nobody to see it
 */
export function openerOf(
  platform: string,
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): readonly string[] | null {
  if (!isTerminal) return null;
  if (platform === "darwin") return ["open"];
  // The word after start is the title of a window, not the file.
  if (platform === "win32") return ["cmd", "/c", "start", ""];
  const hasDisplay = [env["DISPLAY"], env["WAYLAND_DISPLAY"]].some((one) => one !== undefined && one !== "");
  return hasDisplay ? ["xdg-open"] : null;
}

/** Runs an opener, and does not wait for what it opens. @returns whether it could be started */
export async function openFile([program, ...args]: readonly string[], path: string): Promise<boolean> {
  const child = spawn(program!, [...args, path], { stdio: "ignore", detached: true });
  try {
    await once(child, "spawn");
  } catch {
    return false;
  }
  child.unref();
  return true;
}
