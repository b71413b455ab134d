// The lock of a store folder: one writing process at a time; a lock whose process is gone is taken over.

import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StoreError } from "../core/index.ts";
import { systemErrorCode } from "./system-error.ts";

const NAME = "lock";

interface Holder {
  readonly pid: number;
  /** Distinguishes a process from a later one with the same id; null where the system does not tell. */
  readonly startedAt: string | null;
}

/** Start time of a process in clock ticks since boot (field 22 of Linux's /proc/<pid>/stat). */
async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === "EPERM";
  }
}

async function alive(text: string): Promise<boolean> {
  let holder: Partial<Holder>;
  try {
    holder = JSON.parse(text) as Partial<Holder>;
  } catch {
    return false;
  }
  if (typeof holder.pid !== "number" || !runs(holder.pid)) return false;
  const startedAt = await startOf(holder.pid);
  return startedAt === null || holder.startedAt === null || startedAt === holder.startedAt;
}

/** A held lock. */
export interface Lock {
  /** May be called twice. */
  release(): Promise<void>;
}

/** Takes the lock of a folder. @throws {StoreError} when a running process holds it */
export async function acquireLock(folder: string): Promise<Lock> {
  const path = join(folder, NAME);
  const mine = join(folder, `.${NAME}.${process.pid}`);
  const content = JSON.stringify({ pid: process.pid, startedAt: await startOf(process.pid) });
  await writeFile(mine, content);
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      try {
        await link(mine, path);
        return { release: () => release(path, content) };
      } catch (error) {
        if (systemErrorCode(error) !== "EEXIST") throw error;
      }
      await removeStale(folder, path);
    }
  } finally {
    await rm(mine, { force: true });
  }
  throw new StoreError(`${folder}: expected to take the store's lock, found others taking it at the same time`);
}

async function removeStale(folder: string, path: string): Promise<void> {
  let found: string;
  try {
    found = await readFile(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return;
    throw error;
  }
  if (await alive(found)) {
    throw new StoreError(`${folder}: expected a store no other process uses, found one in use by ${found}`);
  }
  // Moved aside first, and put back if another process took the lock over in between.
  const aside = join(folder, `.${NAME}.stale.${process.pid}`);
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return;
    throw error;
  }
  if ((await readFile(aside, "utf8")) !== found) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function release(path: string, content: string): Promise<void> {
  try {
    if ((await readFile(path, "utf8")) === content) await rm(path, { force: true });
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw error;
  }
}
