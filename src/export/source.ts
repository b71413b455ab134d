// Where an export comes from: the policy made to act on its own scenario, and observations of it acting.

import { findAgent } from "../../agents/index.ts";
import { agentContext, isScenario, simulatedCluster, type TuningTask } from "../../environments/index.ts";
import {
  CheckpointError,
  type ClusterState,
  ExportError,
  type ExportSource,
  type Policy,
  type PolicySpec,
} from "../core/index.ts";
import { SeededRandom } from "../math/index.ts";
import { createOptimizer } from "../optimizers/index.ts";
import { laterWorkload } from "../workload/index.ts";

/** The optimizer that agents whose policies lean on one are made with. */
const OPTIMIZER = "mark";

/** Stretches of the workload a policy is watched on, from its start to its end. */
const STRETCHES = 8;

/** Arrivals passed over at most on the way to a stretch, but never less than a day's: a workload may be all but endless. */
const PASSED_OVER = 2e7;
const DAY_S = 86_400;

/** Decisions of the learning stretches, and of the held-out ones. */
const LEARNING_STEPS = 38;
const HELD_OUT_STEPS = 12;

/** Observations an export is replayed on: those of the held-out stretches, and uniform ones from the observation space. */
export const HELD_OUT = 256;

/** Lets others in: an export may be asked of a process that answers requests. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * The policy acting on its scenario, stretch by stretch; where the cluster is real and cannot be simulated, as many
 * observations of its observation space. Same label, same observations.
 */
async function watched(
  task: TuningTask,
  policy: Policy,
  seed: number,
  label: string,
  steps: number,
): Promise<ClusterState[]> {
  const random = new SeededRandom(seed).split(`export ${label}`);
  if (!isScenario(task)) {
    return Array.from({ length: STRETCHES * steps }, (_, i) => task.observationSpace.sample(random.split(String(i))));
  }
  const seen: ClusterState[] = [];
  const lengthS = steps * task.intervalS;
  const { durationS, meanRateRps } = task.plan.workload;
  const reachS = Math.max(DAY_S, PASSED_OVER / meanRateRps);
  const lastS = Math.max(0, Math.min(reachS, durationS - lengthS - task.intervalS));
  for (let stretch = 0; stretch < STRETCHES; stretch++) {
    const own = random.split(String(stretch));
    const fromS = Math.floor(((stretch + own.next()) / STRETCHES) * lastS);
    const workload = laterWorkload(task.plan.workload, fromS);
    const cluster = simulatedCluster(task, own.split("cluster"), { workload, scoreFromS: 0 });
    try {
      for (let step = 0; step < steps; step++) {
        await cluster.advance(task.intervalS);
        const observation = await cluster.observe();
        seen.push(observation);
        await cluster.apply(task.lattice.nearest(policy.act(observation)));
        await breathe();
      }
    } finally {
      await cluster.close();
    }
  }
  return seen;
}

/** The observations an export is checked on; no format has learnt from any of them. */
export async function heldOut(open: TuningTask, source: ExportSource): Promise<readonly ClusterState[]> {
  const policy = source.open(source.spec);
  const seen = await watched(open, policy, source.spec.seed, "held out", HELD_OUT_STEPS);
  const random = new SeededRandom(source.spec.seed).split("export sampled");
  const sampled = Array.from({ length: HELD_OUT - seen.length }, () => open.observationSpace.sample(random));
  return [...seen, ...sampled];
}

/**
 * The source of an export.
 * @throws {CheckpointError} when the spec is damaged, or for another environment
 */
export function exportSource(open: TuningTask, spec: PolicySpec): ExportSource {
  if (spec.environment !== open.id) {
    throw new CheckpointError(`policy: environment: expected ${open.id}, found ${spec.environment}`);
  }
  const factory = findAgent(spec.kind);
  const context = agentContext(
    open,
    new SeededRandom(spec.seed).split("export"),
    spec.seed,
    createOptimizer(OPTIMIZER),
  );
  const policy = factory.load(context, spec);
  let observations: Promise<readonly ClusterState[]> | null = null;
  return {
    spec,
    act: (observation) => policy.act(observation),
    open: (other) => findAgent(other.kind).load(context, other),
    portable: () => {
      if (factory.portable !== undefined) return factory.portable(context, spec);
      throw new ExportError(
        `${spec.kind}: expected a policy that needs no performance model to act, found one that solves with it; export its table instead`,
      );
    },
    lattice: open.lattice,
    objective: open.objective,
    intervalS: open.intervalS,
    observations: () => {
      observations ??= watched(open, policy, spec.seed, "learning", LEARNING_STEPS);
      return observations;
    },
  };
}
