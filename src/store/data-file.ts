// Finds the data files that scenarios name: as they are, beside the scenario, or in the data folder.

import { access } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";

/** Where relative paths are looked for, in this order. */
export interface DataFolders {
  /** Folder of the file that names the path. */
  readonly baseFolder: string;
  /** TRIMTAB_DATA, or null where there is none. */
  readonly dataFolder: string | null;
}

/** What a search for a data file gave. */
export interface DataFileSearch {
  /** The first place where the file is; null when it is in none. */
  readonly path: string | null;
  /** Every place tried, in order. */
  readonly places: readonly string[];
  /** What would have helped, to be shown with a refusal. */
  readonly advice: string;
}

async function readable(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Looks for a data file; absolute paths are only looked for where they say. */
export async function findDataFile(path: string, folders: DataFolders): Promise<DataFileSearch> {
  const { baseFolder, dataFolder } = folders;
  const places = isAbsolute(path)
    ? [path]
    : [resolve(baseFolder, path), ...(dataFolder === null ? [] : [resolve(dataFolder, path)])];
  const advice =
    isAbsolute(path) || dataFolder !== null ? "" : `set TRIMTAB_DATA to the folder in which ${path} is to be found`;
  for (const place of places) if (await readable(place)) return { path: place, places, advice };
  return { path: null, places, advice };
}
