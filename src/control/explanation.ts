// Explaining a decision: what was seen, what is expected, why not the runner-up, and what would change its mind.
//
// ceiling: the load at which the model has the choice break the SLO, by bisection of log load up to four times the present
// runner-up: the first other voice; else what runs, where it is left; else the single step that saves most

import type {
  ClusterState,
  Configuration,
  Explanation,
  KnobLattice,
  Mode,
  Objective,
  RunnerUp,
  Trust,
} from "../core/index.ts";
import { sameConfiguration } from "../spaces/index.ts";
import type { Decision } from "./decide.ts";
import { changeText, configurationText, reasonText } from "./decision-text.ts";
import type { Expectations } from "./expectation.ts";

/** Largest load the ceiling is looked for at, over the present one, and how finely. */
const HIGHEST_LOAD_RATIO = 4;
const CEILING_STEPS = 5;

/** What an explanation is made from. */
export interface ExplanationParts {
  readonly observation: ClusterState;
  /** Configuration in force, or on its way. */
  readonly target: Configuration;
  readonly decision: Decision;
  readonly expectations: Expectations;
  readonly lattice: KnobLattice;
  readonly objective: Objective;
  readonly committedUsdPerHour: (configuration: Configuration) => number;
  readonly mode: Mode;
  readonly trust: { readonly trust: Trust; readonly reason: string };
  /** Another service that may act here; null when it is this one. */
  readonly leader: string | null;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

function usd(value: number): string {
  return `${value.toFixed(Math.abs(value) < 1 ? 4 : 2)} USD/h`;
}

function percentileName({ slo }: Objective): string {
  return `p${Number((100 * slo[0].percentile).toFixed(3))}`;
}

function sawText({ observation, objective }: ExplanationParts): string {
  const { metrics, configuration, forecast } = observation;
  const name = percentileName(objective);
  const [slo] = objective.slo;
  const latency =
    metrics.latency === null
      ? "nothing completed"
      : `${name} ${ms(metrics.latency.objectiveMs)} of at most ${ms(slo.latencyMs)}, ${(100 * metrics.latency.missRatio).toFixed(2)} % late`;
  const coming = forecast?.ratesRps[0];
  const next = coming === undefined ? "" : `, ${coming.toFixed(1)} expected (${forecast?.method})`;
  return [
    `${metrics.arrivals.rateRps.toFixed(1)} requests/s${next}`,
    latency,
    `utilization ${(100 * metrics.utilization).toFixed(0)} %`,
    `${usd(metrics.costUsdPerHour)}`,
    `running ${configurationText(configuration)}`,
  ].join("; ");
}

function expectsText(parts: ExplanationParts): string | null {
  const { decision, target, expectations, objective } = parts;
  const chosen = decision.proposal.configuration;
  const then = expectations.predict(chosen);
  if (then === null) return null;
  const name = percentileName(objective);
  const words = (prediction: typeof then): string =>
    prediction.stable
      ? `${name} ${ms(prediction.objectiveMs)} at ${usd(prediction.costUsdPerHour)}`
      : `not to keep up, at ${usd(prediction.costUsdPerHour)}`;
  const now = sameConfiguration(chosen, target) ? null : expectations.predict(target);
  return now === null ? words(then) : `${words(then)}; left as it is: ${words(now)}`;
}

/** Why a configuration was not taken, in comparison with the one that was. */
function whyNot(parts: ExplanationParts, other: Configuration): string {
  const { decision, expectations, objective } = parts;
  const chosen = expectations.predict(decision.proposal.configuration);
  const rival = expectations.predict(other);
  if (rival === null) return "the model cannot say what it would do";
  if (!rival.stable) return `expected not to keep up with ${expectations.load.rateRps.toFixed(1)} requests/s`;
  const [slo] = objective.slo;
  const name = percentileName(objective);
  if (rival.objectiveMs > slo.latencyMs)
    return `${name} expected at ${ms(rival.objectiveMs)}, over ${ms(slo.latencyMs)}`;
  if (chosen === null) return "nothing to compare it with";
  const moreUsd = rival.costUsdPerHour - chosen.costUsdPerHour;
  const faster = `${name} ${ms(rival.objectiveMs)} instead of ${ms(chosen.objectiveMs)}`;
  if (moreUsd > 0) return `${usd(moreUsd)} more, for ${faster}`;
  return moreUsd < 0 ? `${usd(-moreUsd)} less, with ${faster}` : `as dear, with ${faster}`;
}

function runnerUpOf(parts: ExplanationParts, by: string, configuration: Configuration, first = ""): RunnerUp {
  const why = `${first}${whyNot(parts, configuration)}`;
  return { by, configuration, expected: parts.expectations.of(configuration), why };
}

/** The single step on one knob that saves most of what the choice commits to; null where none saves. */
function oneStepCheaper({ decision, lattice, committedUsdPerHour }: ExplanationParts): Configuration | null {
  const chosen = decision.proposal.configuration;
  const before = committedUsdPerHour(chosen);
  let best: { readonly configuration: Configuration; readonly usd: number } | null = null;
  for (const knob of lattice.knobs) {
    const at = knob.values.indexOf(chosen[knob.name] ?? "");
    for (const value of [knob.values[at - 1], knob.values[at + 1]]) {
      if (value === undefined) continue;
      const configuration = { ...chosen, [knob.name]: value };
      const after = committedUsdPerHour(configuration);
      if (after < before && after < (best?.usd ?? before) && lattice.contains(configuration)) {
        best = { configuration, usd: after };
      }
    }
  }
  return best?.configuration ?? null;
}

function runnerUp(parts: ExplanationParts): RunnerUp | null {
  const { decision, target, trust } = parts;
  const chosen = decision.proposal.configuration;
  const other = decision.votes.find((vote) => !sameConfiguration(vote.configuration, chosen));
  if (other !== undefined) {
    const guarded = sameConfiguration(other.configuration, decision.proposed) ? "held back by the guards; " : "";
    const learner = other === decision.votes[1] && decision.actor !== "agent";
    const untrusted = learner && guarded === "" ? `its trust is ${trust.trust} (${trust.reason}); ` : "";
    return runnerUpOf(parts, other.by, other.configuration, guarded + untrusted);
  }
  if (!sameConfiguration(chosen, target)) return runnerUpOf(parts, "what runs", target);
  const cheaper = oneStepCheaper(parts);
  return cheaper === null ? null : runnerUpOf(parts, "one step cheaper", cheaper);
}

/** The load at which the choice breaks the SLO; null beyond what is looked at, or where it does so now. */
function ceilingRps({ decision, expectations }: ExplanationParts): number | null {
  const chosen = decision.proposal.configuration;
  const { rateRps } = expectations.load;
  if (!(rateRps > 0) || expectations.holds(chosen) !== true) return null;
  let low = 0;
  let high = Math.log(HIGHEST_LOAD_RATIO);
  if (expectations.holds(chosen, rateRps * HIGHEST_LOAD_RATIO) !== false) return null;
  for (let step = 0; step < CEILING_STEPS; step++) {
    const middle = (low + high) / 2;
    if (expectations.holds(chosen, rateRps * Math.exp(middle)) === false) high = middle;
    else low = middle;
  }
  return rateRps * Math.exp(low);
}

function changesMind(parts: ExplanationParts): string[] {
  const { decision, mode, trust, leader } = parts;
  const conditions = decision.guards.map(({ guard, reason }) => `the guard ${guard} letting go: ${reason}`);
  const ceiling = ceilingRps(parts);
  if (ceiling !== null) conditions.push(`a load above ${ceiling.toFixed(1)} requests/s: the choice would miss the SLO`);
  if (trust.trust !== "serving")
    conditions.push(`the learned policy earning trust: it is ${trust.trust}, ${trust.reason}`);
  if (mode === "shadow" || mode === "advisory") conditions.push(`a mode above ${mode}: nothing is written in it`);
  if (leader !== null) conditions.push(`the lease: ${leader} holds it, and only the holder acts`);
  return conditions;
}

/** The explanation of a decision. Pure: the same parts give the same words. */
export function explanationOf(parts: ExplanationParts): Explanation {
  const { decision, target } = parts;
  const chosen = decision.proposal.configuration;
  const saw = sawText(parts);
  const expects = expectsText(parts);
  const second = runnerUp(parts);
  const mind = changesMind(parts);
  const done = sameConfiguration(chosen, target) ? "Nothing is changed" : changeText(target, chosen);
  const rival =
    second === null ? "" : ` Not ${second.by} (${changeText(chosen, second.configuration)}): ${second.why}.`;
  const text = [
    `Saw ${saw}.`,
    `${done}: ${reasonText(decision.proposal.reason, decision.guards)}.`,
    expects === null ? "The model cannot say what to expect." : `Expected: ${expects}.`,
    `${rival.trim()}`,
    mind.length === 0 ? "" : `What would change this: ${mind.join("; ")}.`,
  ];
  return { saw, expects, runnerUp: second, changesMind: mind, text: text.filter((part) => part !== "").join(" ") };
}
