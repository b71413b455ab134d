// What the process takes from its environment variables, read in one place.

/** Folder of measured traces and profiles (`TRIMTAB_DATA`); null where it is not set. */
export function dataFolder(): string | null {
  const folder = process.env["TRIMTAB_DATA"];
  return folder === undefined || folder === "" ? null : folder;
}
