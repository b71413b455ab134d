// The risk bank of region-sim: a trial that would be rolled back costs a share of a window, and pays that much of its risk.
//
// bank ← min(1, bank + α·e), e = 1/8 after an aborted canary;  a trial needs P ≥ clip(1 - bank/ab, pmin, .98) and pays
// (1 - P)·ab. Differs from src/slowdown/risk-bank.ts: trials are priced by what a roll-back takes, and idle windows earn.

import type { ReplaySearchSettings } from "./replay-contract.ts";

/** What share of the earning an aborted canary leaves. */
const AFTER_ABORT = 1 / 8;

/** No more certainty than this is ever asked for. */
const CERTAIN = 0.98;

/** Its settings. */
type BankSettings = Pick<ReplaySearchSettings, "alpha" | "initialBank" | "abortCost" | "leastProbability">;

/** A balance of risk. */
export class ReplayBank {
  readonly #settings: BankSettings;
  #balance: number;
  #lastAborted = false;

  constructor(settings: BankSettings) {
    this.#settings = settings;
    this.#balance = settings.initialBank;
  }

  /** Earns for one decision. */
  earn(): void {
    const { alpha } = this.#settings;
    this.#balance = Math.min(1, this.#balance + (this.#lastAborted ? AFTER_ABORT * alpha : alpha));
    this.#lastAborted = false;
  }

  /** A canary was rolled back: the next decision earns less. */
  aborted(): void {
    this.#lastAborted = true;
  }

  /** Least probability of being safe that a trial may have now. */
  get leastProbability(): number {
    const { leastProbability, abortCost } = this.#settings;
    return Math.min(CERTAIN, Math.max(leastProbability, 1 - this.#balance / abortCost));
  }

  /** Pays for a trial. @param probability of being safe */
  pay(probability: number): void {
    this.#balance -= (1 - probability) * this.#settings.abortCost;
  }

  /** As at the start. */
  reset(): void {
    this.#balance = this.#settings.initialBank;
    this.#lastAborted = false;
  }

  save(): { bank: number; lastAborted: boolean } {
    return { bank: this.#balance, lastAborted: this.#lastAborted };
  }

  restore({ bank, lastAborted }: { readonly bank: number; readonly lastAborted: boolean }): void {
    this.#balance = bank;
    this.#lastAborted = lastAborted;
  }
}
