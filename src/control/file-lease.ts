// A lease held by a lock in a folder of this machine: of the services here that are attached to one cluster, one acts.
//
// The lock names a process, so a holder that was killed leaves it to whoever asks next, with no term to wait for.
// Services on several machines need a lease of the cluster's own: the adapter brings it.

import { createHash } from "node:crypto";
import { chmod, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson, type Lease, type LeaseStanding, StoreError } from "../core/index.ts";
import { acquireLock, type Lock } from "../store/index.ts";

const FOLDER = "trimtab-leases";

/** Services of several users share the folder; what is in it is each one's own. */
const SHARED = 0o1777;

/** Where the lease of a cluster lies: the same for the same adapter and options, whatever the cluster is called. */
export function leaseFolder(adapter: string, options: unknown): string {
  const digest = createHash("sha256")
    .update(canonicalJson([adapter, options]))
    .digest("hex");
  return join(tmpdir(), FOLDER, digest.slice(0, 16));
}

class FileLease implements Lease {
  readonly #folder: string;
  readonly #holder: string;
  #lock: Lock | null = null;

  constructor(folder: string, holder: string) {
    this.#folder = folder;
    this.#holder = holder;
  }

  async hold(): Promise<LeaseStanding> {
    if (this.#lock !== null) return { leads: true, holder: this.#holder };
    await mkdir(this.#folder, { recursive: true });
    // Only its owner can and need open it to others.
    await chmod(join(this.#folder, ".."), SHARED).catch(() => undefined);
    try {
      this.#lock = await acquireLock(this.#folder);
      return { leads: true, holder: this.#holder };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return { leads: false, holder: "another service on this machine" };
    }
  }

  async release(): Promise<void> {
    await this.#lock?.release();
    this.#lock = null;
  }
}

/** @param holder how this service calls itself */
export function fileLease(folder: string, holder: string): Lease {
  return new FileLease(folder, holder);
}
