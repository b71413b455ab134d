// The part of an exported module for policies that launch and drop machines of one kind.
import { nearest, policy, value } from "./policy.mjs";

// form
const fleet = policy.rule;
const SLOT_S = 10;
const RING = 180;
const IDLE_RPS = 0.05;

/** Rates of the slots of 10 s that an observation tells of, oldest first; the latest window as finely as it is told. */
function slotRates({ history = [], metrics }) {
  const rates = [];
  for (const window of history.slice(0, -1)) {
    for (let s = 0; s < Math.max(1, Math.round(window.durationS / SLOT_S)); s++) rates.push(window.arrivalRateRps);
  }
  const { rateRps, recentRatesRps = [] } = metrics.arrivals;
  const seconds = Math.round(Math.max(SLOT_S, metrics.durationS));
  for (let slot = 0; slot < Math.floor(seconds / SLOT_S); slot++) {
    let sum = 0;
    for (let at = slot * SLOT_S; at < (slot + 1) * SLOT_S; at++) {
      sum += Math.fround(recentRatesRps[Math.floor((at * recentRatesRps.length) / seconds)] ?? rateRps);
    }
    rates.push(sum / SLOT_S);
  }
  return rates;
}

/** Mean of the last `slots` of the first `end` rates, of as many as there are; summed from the latest back. */
function meanBefore(rates, end, slots) {
  const count = Math.min(slots, end, RING);
  let sum = 0;
  for (let i = 1; i <= count; i++) sum += rates[end - i];
  return count === 0 ? 0 : sum / count;
}

/** What the rules see of the load: seven ratios and ages, and the rate that levels are measured against. */
export function features(observation) {
  const rates = slotRates(observation);
  const samples = [];
  let base = 0;
  let burstS = -1;
  let sinceS = 7200;
  for (let end = 1; end <= rates.length; end++) {
    if (end < 3) base = meanBefore(rates, end, 3);
    if (end % 3 === 0) {
      samples.push(meanBefore(rates, end, 3));
      if (samples.length > 60) samples.shift();
      base = [...samples].sort((a, b) => a - b)[Math.floor(0.3 * (samples.length - 1))];
    }
    const r20 = meanBefore(rates, end, 2);
    sinceS = Math.min(7200, sinceS + SLOT_S);
    if (burstS >= 0) {
      burstS += SLOT_S;
      if (r20 < 1.25 * base) {
        if (burstS >= 60) sinceS = 0;
        burstS = -1;
      }
    } else if (r20 > 1.4 * base) burstS = 0;
  }
  const end = rates.length;
  const mean = (slots) => meanBefore(rates, end, slots);
  const ratio = (a, b) => (a + IDLE_RPS) / (b + IDLE_RPS);
  const r60 = mean(6);
  const count = Math.min(6, end);
  let squares = 0;
  for (let i = 1; i <= count; i++) squares += (rates[end - i] - r60) ** 2;
  const deviation = count === 0 ? 0 : Math.sqrt(squares / count);
  return {
    moment: [
      ratio(mean(1), r60),
      ratio(r60, mean(30)),
      ratio(mean(30), mean(RING)),
      ratio(r60, base),
      burstS < 0 ? 1 : 10 + burstS,
      10 + sinceS,
      0.01 + deviation / (r60 + IDLE_RPS),
    ],
    referenceRps: Math.max(IDLE_RPS, (2 * mean(2) + r60) / 3),
  };
}

/** What an ensemble of trees answers to a row of features. */
function predict({ depth, base, features: asked, thresholds, leaves }, row) {
  let sum = base;
  for (let at = 0, table = 0; at < asked.length; table += 1 << depth) {
    let leaf = 0;
    for (const last = at + depth; at < last; at++) leaf = 2 * leaf + (row[asked[at]] > thresholds[at] ? 1 : 0);
    sum += leaves[table + leaf];
  }
  return sum;
}

/** Machines wanted: launched from the top of what runs, else dropped from the top of what is ready. */
function wanted(ready, running, { moment, referenceRps }) {
  const { rule, capacityRps, most } = fleet;
  if (rule.name === "static") return rule.count;
  const row = (levelRps) => [...moment, (levelRps + 0.3) / referenceRps];
  let count = running;
  for (; count < most; count++) {
    const levelRps = count * capacityRps;
    if (levelRps > 6 * referenceRps || !(predict(rule.up, row(levelRps)) > rule.margin)) break;
  }
  if (count > running) return count;
  let kept = ready;
  for (; kept > 0; kept--) {
    const levelRps = (kept - 1) * capacityRps;
    if (levelRps <= 9 * referenceRps && predict(rule.keep, row(levelRps)) >= 0) break;
  }
  return Math.min(most, running - (ready - kept));
}

function countIn(configuration, knob) {
  const count = value(configuration[knob]);
  return typeof count === "number" ? count : 0;
}

/** The configuration for an observation. */
export function act(observation) {
  const current = observation.inFlight ?? observation.configuration;
  const running = countIn(current, fleet.knob);
  const counted = observation.fleet?.[fleet.host];
  let ready = running;
  if (counted !== undefined) {
    const spot = Math.min(counted.spot, counted.ready);
    ready = Math.min(running, fleet.market === "spot" ? spot : counted.ready - spot);
  }
  const seen = features(observation);
  const count = wanted(ready, running, seen);
  const next = { ...current, [fleet.knob]: count };
  const alone = fleet.others.every((knob) => countIn(current, knob) === 0);
  const carries = ready >= Math.min(count, Math.ceil(seen.referenceRps / fleet.capacityRps));
  if (!alone && !carries) return nearest(next);
  for (const knob of fleet.others) next[knob] = 0;
  return nearest({ ...next, ...fleet.settings });
}
