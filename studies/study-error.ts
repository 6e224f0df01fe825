/** A study that cannot be made as it is asked for: what is wrong, and what would be right. */
export class StudyError extends Error {
  override readonly name = "StudyError";
}
