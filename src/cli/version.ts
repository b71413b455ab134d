// The version of this package.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../store/index.ts";

/** As package.json says. */
export function packageVersion(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  return manifest.version;
}
