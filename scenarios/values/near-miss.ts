/**
 * "Did you mean …?": the known name that is nearest to one that is not known.
 */

/**
 * The nearest of the known names, or `undefined` when none is near: at most a third of the letters wrong, swapped,
 * missing or too many, case aside.
 */
export function nearMiss(name: string, known: readonly string[]): string | undefined {
  if (name.length > 60) return undefined;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const limit = Math.floor(Math.max(name.length, candidate.length) / 3);
    const distance = editDistance(fold(name), fold(candidate));
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? byPart(name, known);
}

/** `; did you mean "x"?`, or a list of what is known when it is short, or nothing. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = nearMiss(name, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  return `expected ${known.length === 1 ? "" : "one of "}${known.join(", ")}`;
}

/** Names are alike whatever their case and however their words are joined: gc-goal, gcGoal and gc_goal. */
function fold(name: string): string {
  return name.toLowerCase().replace(/[-_ ]/g, "");
}

/** The only known name of which the given one is a beginning or an end: `released` for heap_released_bytes. */
function byPart(name: string, known: readonly string[]): string | undefined {
  const part = fold(name);
  if (part.length < 4) return undefined;
  const containing = known.filter(
    (candidate) => fold(candidate).includes(part) || part.includes(fold(candidate)),
  );
  return containing.length === 1 ? containing[0] : undefined;
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from a to b (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, before[j - 2]! + 1);
      }
      row.push(cost);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length]!;
}
