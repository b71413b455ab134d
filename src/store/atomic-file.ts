// Writing a file so that a kill or a power cut leaves the old content or the new, never a mixture.

import { open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const SUFFIX = ".partial";

let writes = 0;

/** Makes the entries of a folder durable: without it a rename may be forgotten by a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file: write beside it, fsync, rename, fsync of the folder. Durable when the promise resolves. */
export async function writeFileAtomically(path: string, data: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  const partial = join(folder, `.${basename(path)}.${process.pid}-${writes++}${SUFFIX}`);
  try {
    const handle = await open(partial, "wx");
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Removes what interrupted writes left in a folder. Only for whoever holds the folder's lock. */
export async function removePartialFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(".") && name.endsWith(SUFFIX)) await rm(join(folder, name), { force: true });
  }
}
