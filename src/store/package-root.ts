// Where this package stands on disk, for the files it ships and the compiled entries of its workers.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of this package's package.json. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}

/**
 * The compiled form of a source file, which is what workers run.
 * @param source path from the package root, such as "src/training/worker.ts"
 */
export function compiledEntry(source: string): string {
  return join(packageRoot(), "dist", source.replace(/\.ts$/, ".js"));
}
