// What the fleet's rules see of the load: causal, scale-free features of the arrival rates so far.
//
// r_w = mean rate of the last w s;  lr(a, b) = log((a + .05) / (b + .05))
// lr(r10, r60), lr(r60, r300), lr(r300, r1800);  base = 30th percentile of the last 60 values of r30, one every 30 s
// lr(r60, base);  a burst is on from r20 > 1.4 base until r20 < 1.25 base;  log(10 + its age), 0 where none is on
// log(10 + min(7200, time since the last burst of at least 60 s ended));  log(.01 + sd of six 10-s rates / r60)
// level feature  z = log((level + .3) / ref),  ref = max(.05, (2 r20 + r60) / 3)
// Source: fleet-switching.md. Differs: .05 requests/s is added in logs of ratios, so that an idle load has a ratio;
//   means are over what there is where the stream is younger than w.

/** Length of the slots rates are told in. */
export const SLOT_S = 10;

/** Features of a moment, the level's own left out. */
export const MOMENT_FEATURES = 7;

/** Names in the order of `write`. */
export const momentFeatureNames: readonly string[] = [
  "log r10/r60",
  "log r60/r300",
  "log r300/r1800",
  "log r60/base",
  "log burst age",
  "log time since burst",
  "log variation",
];

/** Name of the level feature, which comes last in a row. */
export const LEVEL_FEATURE_NAME = "log level/rate";

const RING = 180;
const BASE_SAMPLES = 60;
const BASE_EVERY = 3;
const BASE_QUANTILE = 0.3;
const BURST_ON = 1.4;
const BURST_OFF = 1.25;
const BURST_LEAST_S = 60;
const SINCE_LIMIT_S = 7200;
const IDLE_RPS = 0.05;

function logRatio(a: number, b: number): number {
  return Math.log((a + IDLE_RPS) / (b + IDLE_RPS));
}

/** Where a layer of the fleet lies over the load. @param levelRps load below the layer */
export function levelFeature(levelRps: number, referenceRps: number): number {
  return Math.log((levelRps + 0.3) / referenceRps);
}

/** What a stream holds. */
export interface FeatureState {
  readonly ring: readonly number[];
  readonly base: readonly number[];
  readonly slots: number;
  /** Age of the burst that is on; -1 where none is. */
  readonly burstS: number;
  readonly sinceS: number;
}

/** Follows a load slot by slot. */
export class FeatureStream {
  readonly #ring = new Float64Array(RING);
  readonly #base: number[] = [];
  readonly #sorted: number[] = [];
  #slots = 0;
  #burstS = -1;
  #sinceS = SINCE_LIMIT_S;

  /** Takes the mean rate of the next slot. */
  push(rateRps: number): void {
    this.#ring[this.#slots % RING] = rateRps;
    this.#slots += 1;
    if (this.#slots % BASE_EVERY === 0) this.#addBase(this.mean(BASE_EVERY));
    const base = this.base;
    const r20 = this.mean(2);
    this.#sinceS = Math.min(SINCE_LIMIT_S, this.#sinceS + SLOT_S);
    if (this.#burstS >= 0) {
      this.#burstS += SLOT_S;
      if (r20 < BURST_OFF * base) {
        if (this.#burstS >= BURST_LEAST_S) this.#sinceS = 0;
        this.#burstS = -1;
      }
    } else if (r20 > BURST_ON * base) this.#burstS = 0;
  }

  /** All it holds, as plain data. */
  save(): FeatureState {
    return {
      ring: Array.from(this.#ring),
      base: [...this.#base],
      slots: this.#slots,
      burstS: this.#burstS,
      sinceS: this.#sinceS,
    };
  }

  /** Takes up what `save` gave. */
  restore(state: FeatureState): void {
    this.#ring.set(state.ring.slice(0, RING));
    this.#base.splice(0, this.#base.length, ...state.base);
    this.#sorted.splice(0, this.#sorted.length, ...[...state.base].sort((a, b) => a - b));
    this.#slots = state.slots;
    this.#burstS = state.burstS;
    this.#sinceS = state.sinceS;
  }

  /** Mean rate of the last slots, of as many as there are. */
  mean(slots: number): number {
    const count = Math.min(slots, this.#slots, RING);
    let sum = 0;
    for (let i = 1; i <= count; i++) sum += this.#ring[(this.#slots - i) % RING] ?? 0;
    return count === 0 ? 0 : sum / count;
  }

  /** The quiet rate of the last half hour. */
  get base(): number {
    const count = this.#sorted.length;
    return count === 0 ? this.mean(BASE_EVERY) : (this.#sorted[Math.floor(BASE_QUANTILE * (count - 1))] ?? 0);
  }

  /** The rate that levels are measured against; at least .05. */
  get referenceRps(): number {
    return Math.max(IDLE_RPS, (2 * this.mean(2) + this.mean(6)) / 3);
  }

  /** Mean rate of the last half hour. */
  get halfHourRps(): number {
    return this.mean(RING);
  }

  /** Writes the features of the moment into `into` from `offset` on. */
  write(into: Float64Array, offset: number): void {
    const r60 = this.mean(6);
    const r300 = this.mean(30);
    into[offset] = logRatio(this.mean(1), r60);
    into[offset + 1] = logRatio(r60, r300);
    into[offset + 2] = logRatio(r300, this.halfHourRps);
    into[offset + 3] = logRatio(r60, this.base);
    into[offset + 4] = this.#burstS < 0 ? 0 : Math.log(10 + this.#burstS);
    into[offset + 5] = Math.log(10 + this.#sinceS);
    into[offset + 6] = Math.log(0.01 + this.#deviation(r60) / (r60 + IDLE_RPS));
  }

  #deviation(mean: number): number {
    const count = Math.min(6, this.#slots);
    let squares = 0;
    for (let i = 1; i <= count; i++) squares += ((this.#ring[(this.#slots - i) % RING] ?? 0) - mean) ** 2;
    return count === 0 ? 0 : Math.sqrt(squares / count);
  }

  /** Keeps the last values in order of time and sorted. */
  #addBase(rate: number): void {
    if (this.#base.length === BASE_SAMPLES) {
      const oldest = this.#base.shift() ?? 0;
      this.#sorted.splice(this.#sorted.indexOf(oldest), 1);
    }
    this.#base.push(rate);
    let at = this.#sorted.length;
    while (at > 0 && (this.#sorted[at - 1] ?? 0) > rate) at--;
    this.#sorted.splice(at, 0, rate);
  }
}
