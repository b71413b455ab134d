// The risk bank: every decision earns a little risk, every trial pays its predicted risk, so search neither rushes nor stops.
//
// bank ← min(limit, bank + α), α/8 after an aborted canary;  a trial needs P(safe) ≥ 1 - max(.02, bank);  bank -= 1 - P

/** Settings of a bank. */
export interface RiskBankSettings {
  /** Earned per decision; trades speed for safety. */
  readonly alpha: number;
  /** Balance at the start. */
  readonly initial: number;
}

/** Largest balance: no trial is ever certain to fail. */
const LIMIT = 0.95;

/** Risk below this is always affordable. */
const FLOOR = 0.02;

/** What share of the earning an aborted canary leaves. */
const AFTER_ABORT = 1 / 8;

/** A balance of risk. */
export class RiskBank {
  readonly #settings: RiskBankSettings;
  balance: number;

  constructor(settings: RiskBankSettings) {
    this.#settings = settings;
    this.balance = settings.initial;
  }

  /** Earns for one decision. */
  earn(afterAbort: boolean): void {
    const { alpha } = this.#settings;
    this.balance = Math.min(LIMIT, this.balance + (afterAbort ? alpha * AFTER_ABORT : alpha));
  }

  /** Least probability of being safe that a trial may have now. */
  get leastProbability(): number {
    return 1 - Math.max(FLOOR, this.balance);
  }

  /** Pays for a trial. */
  pay(risk: number): void {
    this.balance -= risk;
  }

  reset(): void {
    this.balance = this.#settings.initial;
  }
}
