// Rehearsal: what an agent lives through in an imagined cluster before it may act, and how it fares there beside the optimizer.
//
// remembered  the arrivals of the latest windows; z, the logarithm of how much longer service takes than the model says; and
//             how much service times scatter
// shown       the optimizer decides on remembered arrivals, the agent looks on
// practice    the agent decides, on remembered arrivals, the rates of an episode times U_log(1/r, r)
// appraisal   its frozen policy and the optimizer live through all that is remembered, by the same chance, and through some
//             of it at r times and at 1/r of the rates: what is good at the load of the day alone is not good

import { z } from "zod";
import type {
  Agent,
  AgentContext,
  ArrivalRecord,
  ClusterState,
  Policy,
  Proposal,
  Random,
  Transition,
} from "../src/core/index.ts";
import { mean, variance } from "../src/math/index.ts";
import { tuningProblem } from "../src/optimizers/index.ts";
import type { Evidence } from "../src/trust/index.ts";
import { canImagine, type ImaginedDecider, type ImaginedWindow, imagine } from "./imagined-cluster.ts";
import { loadLevel } from "./load-level.ts";

/** Windows remembered: eight hours at a decision a minute. */
const MOST_REMEMBERED = 480;

/** Windows of an episode of practice. */
const EPISODE_WINDOWS = 96;

/** Windows appraised at each of the other rates. */
const STRETCHED_WINDOWS = 48;

/** Weight of a new window in the slowdown, and the largest believed. */
const SLOWDOWN_SHARE = 0.05;
const LARGEST_SLOWDOWN = Math.log(3);

/** Scatter taken for granted until it is measured, and the largest believed. */
const SERVICE_CV = 0.1;
const LARGEST_CV = 1;

/** What is remembered, in a snapshot. */
export const rehearsalSchema = z.strictObject({
  arrivals: z.array(
    z.strictObject({
      timeS: z.number(),
      durationS: z.number(),
      rateRps: z.number(),
      recentRatesRps: z.array(z.number()),
    }),
  ),
  slowdown: z.number(),
  serviceCv: z.number().nonnegative(),
});

/** What the optimizer of a context wants now. */
export function optimizerProposal(context: AgentContext, observation: ClusterState): Proposal {
  const { name } = context.optimizer;
  const { configuration, explanation } = context.optimizer.solve(tuningProblem(context, observation));
  return { configuration, reason: `${name}: ${explanation}` };
}

/** Arrivals to live through, at a multiple of their rates. */
interface Stage {
  readonly name: string;
  readonly arrivals: readonly ArrivalRecord[];
  readonly factor: number;
}

function frozen(policy: Policy): ImaginedDecider {
  return { act: (observation) => ({ configuration: policy.act(observation), reason: "" }) };
}

/** The stage an agent rehearses on. */
export class Rehearsal {
  /** Whether there is a cluster to imagine; nothing else may be asked where there is none. */
  readonly possible: boolean;
  readonly #context: AgentContext;
  readonly #stretch: number;
  #arrivals: ArrivalRecord[] = [];
  #slowdown = 0;
  #serviceCv = SERVICE_CV;

  /** @param stretch r, by how much practice multiplies or divides rates at most */
  constructor(context: AgentContext, stretch: number) {
    this.possible = canImagine(context);
    this.#context = context;
    this.#stretch = stretch;
  }

  /** Windows remembered. */
  get remembered(): number {
    return this.#arrivals.length;
  }

  /** Measured over expected service time. */
  get slowdown(): number {
    return Math.exp(this.#slowdown);
  }

  /** Takes in arrivals; the oldest are forgotten. */
  remember(window: ArrivalRecord): void {
    this.#arrivals.push(window);
    if (this.#arrivals.length > MOST_REMEMBERED) this.#arrivals.shift();
  }

  /** Takes in a window that was lived through. */
  measure({ observation, next }: Transition): void {
    const { metrics, timeS, configuration } = next;
    const { rateRps, recentRatesRps } = metrics.arrivals;
    this.remember({ timeS, durationS: metrics.durationS, rateRps, recentRatesRps: [...recentRatesRps] });
    if (!this.possible || metrics.service === null || observation.inFlight !== null) return;
    const host = this.#context.catalogue.instances[0]?.name ?? "host";
    const batch = Math.max(1, Math.round(metrics.meanBatchSize ?? 1));
    const expectedMs = this.#context.model.serviceMs(host, configuration, batch);
    if (!(expectedMs > 0) || !(metrics.service.meanMs > 0)) return;
    const measured = Math.log(metrics.service.meanMs / expectedMs);
    const believed = Math.max(-LARGEST_SLOWDOWN, Math.min(LARGEST_SLOWDOWN, measured));
    this.#slowdown += SLOWDOWN_SHARE * (believed - this.#slowdown);
    const { multipliers } = metrics.service;
    if (multipliers === undefined || multipliers.length < 2) return;
    const cv = Math.min(LARGEST_CV, Math.sqrt(variance(multipliers)));
    this.#serviceCv += SLOWDOWN_SHARE * (cv - this.#serviceCv);
  }

  /** Shows an agent what the optimizer does. */
  show(agent: Agent, windows: number, random: Random): void {
    const teacher: ImaginedDecider = {
      act: (observation) => optimizerProposal(this.#context, observation),
      update: (transition) => agent.update(transition),
      plan: () => agent.plan?.(),
    };
    this.#live(teacher, "optimizer", windows, random);
  }

  /** Lets an agent act and learn. */
  practise(agent: Agent, windows: number, random: Random): void {
    this.#live(agent, "agent", windows, random);
  }

  /** The policy against the optimizer, window by window, the latest at the rates that were remembered. */
  appraise(policy: Policy, random: Random): Evidence[] {
    return this.#stages().flatMap((stage) => this.#compare(policy, stage, random.split(stage.name)));
  }

  /** Mean reward of a policy over what an appraisal looks at. */
  worth(policy: Policy, random: Random): number {
    const lived = this.#stages().flatMap(({ name, arrivals, factor }) =>
      this.#imagine(frozen(policy), "agent", arrivals, factor, random.split(name)),
    );
    return mean(lived.map(({ reward }) => reward));
  }

  save(): z.input<typeof rehearsalSchema> {
    const arrivals = this.#arrivals.map((window) => ({ ...window, recentRatesRps: [...window.recentRatesRps] }));
    return { arrivals, slowdown: this.#slowdown, serviceCv: this.#serviceCv };
  }

  restore({ arrivals, slowdown, serviceCv }: z.output<typeof rehearsalSchema>): void {
    this.#arrivals = arrivals;
    this.#slowdown = slowdown;
    this.#serviceCv = serviceCv;
  }

  /** All that is remembered, and before it some of it at lower and higher rates. */
  #stages(): Stage[] {
    const some = this.#arrivals.slice(-STRETCHED_WINDOWS - 1);
    return [
      { name: "low", arrivals: some, factor: 1 / this.#stretch },
      { name: "high", arrivals: some, factor: this.#stretch },
      { name: "own", arrivals: this.#arrivals, factor: 1 },
    ];
  }

  #compare(policy: Policy, { arrivals, factor }: Stage, random: Random): Evidence[] {
    const rule: ImaginedDecider = { act: (observation) => optimizerProposal(this.#context, observation) };
    const ruled = this.#imagine(rule, "agent", arrivals, factor, random);
    return this.#imagine(frozen(policy), "agent", arrivals, factor, random).map(({ observation, reward }, i) => ({
      timeS: observation.timeS,
      loadLevel: loadLevel(observation),
      advantage: reward - (ruled[i]?.reward ?? reward),
      source: "corrected",
    }));
  }

  /** Episode after episode, each on a stretch of what is remembered. */
  #live(decider: ImaginedDecider, actor: "agent" | "optimizer", windows: number, random: Random): void {
    const arrivals = this.#arrivals;
    for (let lived = 0, episode = 0; lived < windows; episode++) {
      const chance = random.split(`episode ${episode}`);
      const from = Math.floor(chance.next() * Math.max(1, arrivals.length - EPISODE_WINDOWS));
      const factor = this.#stretch ** (2 * chance.next() - 1);
      const length = Math.min(EPISODE_WINDOWS, windows - lived);
      const windowsLived = this.#imagine(
        decider,
        actor,
        arrivals.slice(from, from + length + 1),
        factor,
        chance,
      ).length;
      if (windowsLived === 0) return;
      lived += windowsLived;
    }
  }

  #imagine(
    decider: ImaginedDecider,
    actor: "agent" | "optimizer",
    arrivals: readonly ArrivalRecord[],
    factor: number,
    random: Random,
  ): ImaginedWindow[] {
    if (arrivals.length < 2) return [];
    const { initial } = this.#context;
    const beliefs = { slowdown: this.#slowdown, serviceCv: this.#serviceCv };
    return imagine(
      { context: this.#context, arrivals, factor, ...beliefs, configuration: initial, random },
      decider,
      actor,
    );
  }
}
