// `trimtab bench training`: gradient steps per second, whether memory stays flat over very many, and whether what comes out
// answers as the library does.

import { SeededRandom } from "../src/math/index.ts";
import {
  type Backend,
  type BackendChoice,
  coefficientsOf,
  compile,
  freshAdam,
  initialNetwork,
  type LossSpec,
  type NetworkPair,
  ordinalBasis,
  type Samples,
  TENSORFLOW_VERSION,
  Trainer,
  type TrainingJob,
} from "../src/networks/index.ts";

/** What to run. */
export interface TrainingBenchOptions {
  readonly backend: BackendChoice;
  /** Gradient steps of the long run. */
  readonly steps: number;
  /** Gradient steps each speed is measured over. */
  readonly speedSteps: number;
  readonly onProgress: (share: number, what: string) => void;
}

/** Speed of one loss on one pair of networks. */
export interface StepSpeed {
  readonly loss: LossSpec["name"];
  /** Windows a recurrent layer runs over; 0 without one. */
  readonly recurrentSteps: number;
  readonly batch: number;
  readonly stepsPerSecond: number;
  /** Processor time of a step, in ms: what a step takes on a machine that has nothing else to do. */
  readonly cpuMsPerStep: number;
}

/** What the worker held after some of the long run. */
export interface MemoryPoint {
  readonly steps: number;
  /** JavaScript heap and the buffers outside it, WebAssembly's included, in bytes. */
  readonly workerBytes: number;
  readonly tensors: number;
  /** Resident memory of the whole process, in bytes. */
  readonly residentBytes: number;
}

/** The benchmark's answer. */
export interface TrainingBench {
  readonly backend: Backend;
  readonly tensorflow: string;
  readonly speeds: readonly StepSpeed[];
  readonly memory: {
    readonly steps: number;
    readonly points: readonly MemoryPoint[];
    /** Most the worker held in the second half over most it held in the first. */
    readonly growth: number;
    /** Workers used: 1, as none was replaced. */
    readonly workers: number;
  };
  /**
   * Largest difference between the compiled networks' answers and the library's, after the long run; of answers beyond 1
   * the share of them, since the library computes in 32 bits.
   */
  readonly largestDifference: number;
}

/** A fleet of up to 60 machines with a batch size, a delay and an offload threshold: values of each knob. */
const HEADS = [61, 3, 3, 5];
const FEATURES = 12;
const UNITS = 32;
const BATCH = 32;
const WINDOW_FEATURES = 10;
const WINDOWS = 16;

/** Steps of a job: as many as a plan of `ppo` takes. */
const JOB_STEPS = 50;

const POINTS = 10;

function networksOf(recurrent: boolean): NetworkPair {
  const random = new SeededRandom(1);
  const basis = ordinalBasis(HEADS);
  const outputs = HEADS.reduce((sum, values) => sum + coefficientsOf(values), 0);
  const sequence = { steps: WINDOWS, inputs: WINDOW_FEATURES, units: UNITS };
  const shape = { inputs: FEATURES, hidden: [UNITS, UNITS], ...(recurrent ? { sequence } : {}) };
  return {
    scores: initialNetwork({ ...shape, outputs, basis }, random.split("scores")),
    value: initialNetwork({ inputs: FEATURES, hidden: [UNITS, UNITS], outputs: 1 }, random.split("value")),
  };
}

function samplesOf(rows: number, recurrent: boolean): Samples {
  const random = new SeededRandom(2);
  const scores = HEADS.reduce((sum, values) => sum + values, 0);
  const drawn = (length: number): Float32Array => Float32Array.from({ length }, () => 2 * random.next() - 1);
  const chosen = new Float32Array(rows * scores);
  for (let row = 0, from = 0; row < rows; row++) {
    for (const values of HEADS) {
      chosen[from + Math.floor(random.next() * values)] = 1;
      from += values;
    }
  }
  return {
    rows,
    features: drawn(rows * FEATURES),
    sequence: drawn(recurrent ? rows * WINDOWS * WINDOW_FEATURES : 0),
    chosen,
    open: new Float32Array(rows * scores).fill(1),
    target: drawn(rows),
    advantage: drawn(rows),
    logProbability: drawn(rows).map((value) => value - 5),
  };
}

const losses: readonly LossSpec[] = [
  { name: "imitation", valueWeight: 0.5 },
  { name: "clipped-policy", clip: 0.2, valueWeight: 0.5, entropyWeight: 0.003, largestDivergence: Number.MAX_VALUE },
  { name: "q-learning" },
];

function jobOf(loss: LossSpec, recurrent: boolean, steps: number): TrainingJob {
  const networks = networksOf(recurrent);
  const samples = samplesOf(8 * BATCH, recurrent);
  const batches = Array.from({ length: steps }, (_, step) =>
    Int32Array.from({ length: BATCH }, (__, i) => (step * BATCH + i) % samples.rows),
  );
  const adam = freshAdam(networks);
  return { networks, adam, heads: HEADS, loss, samples, batches, learningRate: 3e-3, largestGradient: 1 };
}

function speedOf(trainer: Trainer, loss: LossSpec, recurrent: boolean, steps: number): StepSpeed {
  const job = jobOf(loss, recurrent, steps);
  // The first steps of a kind compile and allocate.
  trainer.train({ ...job, batches: job.batches.slice(0, 5) });
  const startedMs = performance.now();
  const before = process.cpuUsage();
  trainer.train(job);
  const { user, system } = process.cpuUsage(before);
  return {
    loss: loss.name,
    recurrentSteps: recurrent ? WINDOWS : 0,
    batch: BATCH,
    stepsPerSecond: (1000 * steps) / (performance.now() - startedMs),
    cpuMsPerStep: (user + system) / 1000 / steps,
  };
}

/** Largest difference between what networks are compiled to and what the library makes of them. */
function differenceOf(trainer: Trainer, { networks, samples }: TrainingJob): number {
  const asked = trainer.ask(networks, samples);
  const [scores, value] = [compile(networks.scores), compile(networks.value)];
  const width = asked.scores.length / samples.rows;
  const apart = (own: number, told = Number.NaN): number => Math.abs(own - told) / Math.max(1, Math.abs(told));
  let largest = 0;
  for (let row = 0; row < samples.rows; row++) {
    const features = samples.features.subarray(row * FEATURES, (row + 1) * FEATURES);
    scores(features).forEach((score, i) => {
      largest = Math.max(largest, apart(score, asked.scores[row * width + i]));
    });
    largest = Math.max(largest, apart(value(features)[0] ?? 0, asked.value[row]));
  }
  return largest;
}

/** Measures. The long run's worker is never replaced, however much it grows. */
export function benchTraining({ backend, steps, speedSteps, onProgress }: TrainingBenchOptions): TrainingBench {
  const trainer = new Trainer(backend, Number.POSITIVE_INFINITY);
  try {
    const speeds = losses.flatMap((loss) =>
      [false, true].map((recurrent) => speedOf(trainer, loss, recurrent, speedSteps)),
    );
    let job = jobOf(losses[1] ?? { name: "q-learning" }, false, Math.min(JOB_STEPS, steps));
    const points: MemoryPoint[] = [];
    for (let taken = 0; taken < steps; ) {
      const outcome = trainer.train({ ...job, batches: job.batches.slice(0, steps - taken) });
      job = { ...job, networks: outcome.networks, adam: outcome.adam };
      taken += outcome.steps;
      if (taken < ((points.length + 1) * steps) / POINTS) continue;
      const { bytes, tensors } = trainer.memory;
      points.push({ steps: taken, workerBytes: bytes, tensors, residentBytes: process.memoryUsage.rss() });
      onProgress(taken / steps, `${taken} steps`);
    }
    const most = (half: readonly MemoryPoint[]): number => Math.max(...half.map(({ workerBytes }) => workerBytes));
    const growth = most(points.slice(POINTS / 2)) / most(points.slice(0, POINTS / 2));
    return {
      backend: trainer.backend,
      tensorflow: TENSORFLOW_VERSION,
      speeds,
      memory: { steps, points, growth, workers: trainer.workers },
      largestDifference: differenceOf(trainer, job),
    };
  } finally {
    trainer.close();
  }
}
