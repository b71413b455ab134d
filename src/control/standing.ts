// How far a loop may go now: the operator's mode and budget, and whether this service or another may act.

import type { Lease, Mode } from "../core/index.ts";
import { writes } from "./mode.ts";

/** What a loop may do at a moment. */
export interface Standing {
  readonly mode: Mode;
  readonly budgetUsdPerHour: number | null;
  /** Who may act, where it is another service or nobody knows; null when it is this one. */
  readonly leader: string | null;
}

/** Keeps the standing of one loop. */
export class StandingBook {
  readonly #lease: Lease | null;
  #mode: Mode;
  #budgetUsdPerHour: number | null;
  #leader: string | null = null;

  /** @param lease null where nobody else could act */
  constructor(mode: Mode, budgetUsdPerHour: number | null, lease: Lease | null) {
    this.#mode = mode;
    this.#budgetUsdPerHour = budgetUsdPerHour;
    this.#lease = lease;
  }

  get now(): Standing {
    return { mode: this.#mode, budgetUsdPerHour: this.#budgetUsdPerHour, leader: this.#leader };
  }

  /** What decisions are made under: who does not lead does as in `shadow`. */
  get effectiveMode(): Mode {
    return this.#leader !== null && this.#mode !== "off" ? "shadow" : this.#mode;
  }

  /** Whether anything may be written. @param approved by a person, change by change */
  mayWrite(approved: boolean): boolean {
    const mode = this.effectiveMode;
    return writes(mode) || (approved && mode === "advisory");
  }

  setMode(mode: Mode): void {
    this.#mode = mode;
  }

  setBudget(usdPerHour: number | null): void {
    this.#budgetUsdPerHour = usdPerHour;
  }

  /** Takes or keeps the lease. @returns whether this service may act; never throws: who cannot tell does not act */
  async hold(): Promise<boolean> {
    if (this.#lease === null) return true;
    try {
      const { leads, holder } = await this.#lease.hold();
      this.#leader = leads ? null : holder;
    } catch (error) {
      this.#leader = `nobody, because who does could not be told: ${error instanceof Error ? error.message : String(error)}`;
    }
    return this.#leader === null;
  }

  /** Lets other services act. */
  async release(): Promise<void> {
    await this.#lease?.release();
  }
}
