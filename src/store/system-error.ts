// What the operating system said went wrong with a file or process.

/** The code of a system error, such as "ENOENT"; null for anything else. */
export function systemErrorCode(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}
