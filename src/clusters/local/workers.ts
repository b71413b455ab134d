// The model servers of a local cluster: as many as wanted, with the threads wanted; new ones are ready before old ones go.

import type { BackendSettings } from "../../gateway/index.ts";
import { endProcess, type LocalProcess, startProcess } from "./process.ts";

/** What servers there are to be. */
export interface WorkerPlan {
  readonly count: number;
  /** Of each, within a batch. */
  readonly threads: number;
}

interface Worker extends LocalProcess {
  readonly threads: number;
  readonly number: number;
}

/** Told the servers there are whenever that changes; resolves once requests go to no others. */
export type Announce = (backends: readonly BackendSettings[]) => Promise<void>;

/** Keeps model servers running. */
export class Workers {
  readonly #seed: number;
  readonly #announce: Announce;
  readonly #onError: (error: unknown) => void;
  #workers: readonly Worker[] = [];
  /** No longer wanted, and running until it is heard that requests go to others. */
  #leaving: Worker[] = [];
  /** Whether the last announcement was heard. */
  #heard = true;
  #started = 0;
  #closed = false;

  constructor(seed: number, announce: Announce, onError: (error: unknown) => void) {
    this.#seed = seed;
    this.#announce = announce;
    this.#onError = onError;
  }

  /** Servers that run. */
  get count(): number {
    return this.#workers.length;
  }

  /** Name of the runtime they use; null before the first has started. */
  get runtime(): string | null {
    return this.#workers[0]?.ready[1] ?? null;
  }

  /** Brings about a plan. @throws {Error} when a server does not start; those there were go on */
  async become({ count, threads }: WorkerPlan): Promise<void> {
    const fit = this.#workers.filter((worker) => worker.threads === threads).slice(0, count);
    const starting = await Promise.allSettled(Array.from({ length: count - fit.length }, () => this.#start(threads)));
    const fresh = starting.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const failed = starting.find((one) => one.status === "rejected");
    if (failed !== undefined || this.#closed) {
      await Promise.all(fresh.map(endProcess));
      if (failed !== undefined) throw failed.reason;
      return;
    }
    const old = this.#workers.filter((worker) => !fit.includes(worker));
    this.#workers = [...fit, ...fresh];
    if (old.length + fresh.length === 0 && this.#heard) return;
    this.#leaving.push(...old);
    await this.#announceAll();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const workers = [...this.#workers, ...this.#leaving];
    this.#workers = [];
    this.#leaving = [];
    await Promise.all(workers.map(endProcess));
  }

  async #start(threads: number): Promise<Worker> {
    this.#started += 1;
    const number = this.#started;
    const args = [String(threads), String(this.#seed)];
    const process = await startProcess("src/clusters/local/model-server.ts", args, /(\S+) on port (\d+)/);
    const worker: Worker = { ...process, threads, number };
    void worker.ended.then(() => this.#replace(worker));
    return worker;
  }

  /** One that ended unasked is replaced. */
  async #replace(worker: Worker): Promise<void> {
    if (this.#closed || !this.#workers.includes(worker)) return;
    try {
      const fresh = await this.#start(worker.threads);
      if (this.#closed || !this.#workers.includes(worker)) {
        await endProcess(fresh);
        return;
      }
      this.#workers = this.#workers.map((one) => (one === worker ? fresh : one));
      await this.#announceAll();
    } catch (error) {
      this.#onError(error);
    }
  }

  async #announceAll(): Promise<void> {
    this.#heard = false;
    await this.#announce(
      this.#workers.map(({ ready, number }) => ({
        name: `worker-${number}`,
        url: `http://127.0.0.1:${ready[2] ?? ""}`,
        weight: 1,
      })),
    );
    this.#heard = true;
    const gone = this.#leaving;
    this.#leaving = [];
    await Promise.all(gone.map(endProcess));
  }
}
