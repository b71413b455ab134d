// The fingerprint of compiled code: one digest of some modules and of everything they import from this package.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Static and dynamic imports of files of this package. */
const RELATIVE_IMPORT = /(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;

async function collect(path: string, found: Map<string, string>): Promise<void> {
  if (found.has(path)) return;
  const text = await readFile(path, "utf8");
  found.set(path, text);
  for (const [, target = ""] of text.matchAll(RELATIVE_IMPORT)) await collect(join(dirname(path), target), found);
}

/** Compiled modules by path. */
export interface FingerprintParts {
  /** Counted with everything they import from this package. */
  readonly whole: readonly string[];
  /** Counted without what they import. */
  readonly alone?: readonly string[];
}

/**
 * Digest of compiled modules, 64 hexadecimal digits: a result kept under it was made by this very code. Packages from
 * elsewhere are pinned by the lock and do not count.
 * @throws when a module cannot be read
 */
export async function codeFingerprint({ whole, alone = [] }: FingerprintParts): Promise<string> {
  const found = new Map<string, string>();
  for (const path of whole) await collect(path, found);
  for (const path of alone) if (!found.has(path)) found.set(path, await readFile(path, "utf8"));
  const hash = createHash("sha256");
  for (const text of [...found.values()].sort()) hash.update(`${text.length}\n${text}`);
  return hash.digest("hex");
}
