// The risk bank: every decision earns a little risk, every trial pays its predicted risk, so search neither rushes nor stops.
//
// bank ← min(limit, bank + α·e), e = 1/8 after an aborted canary, 1/(1 + idle/patience) after idle windows without a
// better incumbent;  a trial needs P(safe) ≥ 1 - max(.02, bank);  bank -= 1 - P

/** Settings of a bank. */
export interface RiskBankSettings {
  /** Earned per decision; trades speed for safety. */
  readonly alpha: number;
  /** Balance at the start. */
  readonly initial: number;
  /** Windows without improvement after which half is earned. */
  readonly patience: number;
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

  /** Earns for one decision. @param idle windows without a better incumbent */
  earn(afterAbort: boolean, idle: number): void {
    const { alpha, patience } = this.#settings;
    const earned = (alpha * (afterAbort ? AFTER_ABORT : 1)) / (1 + idle / patience);
    this.balance = Math.min(LIMIT, this.balance + earned);
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
