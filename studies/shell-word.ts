/** A word as a shell takes it: as it is where nothing in it has a meaning there, else in quotes. */
export function shellWord(word: string): string {
  return /^[\w.,:/=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
