/**
 * How many threads a command line is about to need, by a look at it before anything is loaded that reads it properly. A wrong
 * guess does no harm: a study starts threads of its own if there are none, or not as many as it wants.
 */

/** Commands that run cells. */
const STUDIES = ["compare", "sweep"];
/** Options after which no cell runs. */
const ASKS = ["--help", "-h", "--version"];

/** More than a usual number of cores are hardly meant. */
const MOST_WORKERS = 64;

/** Threads to start at once. */
export interface StudyThreads {
  /** Undefined: one for each core. */
  readonly workers: number | undefined;
}

/** What a command line asks for. @returns undefined when it starts no study, or when it cannot be told */
export function studyThreads(args: readonly string[]): StudyThreads | undefined {
  if (!STUDIES.includes(args[0] ?? "") || args.some((arg) => ASKS.includes(arg))) return undefined;
  const values = args.flatMap((arg, i) =>
    arg === "--workers" ? [args[i + 1] ?? ""] : arg.startsWith("--workers=") ? [arg.slice(10)] : [],
  );
  const last = values.at(-1);
  if (last === undefined) return { workers: undefined };
  const workers = Number(last);
  return /^\d+$/.test(last) && workers >= 1 && workers <= MOST_WORKERS ? { workers } : undefined;
}
