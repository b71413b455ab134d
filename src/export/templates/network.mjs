// The part of an exported module for policies that follow the scores of a network.
import { at, nearestPosition, policy, value } from "./policy.mjs";
// form
const { features, network, sequence, mask } = policy.rule;

/** What the network sees of a value. */
function seen({ transform, offset, scale }, given) {
  return ((transform === "log1p" ? Math.log1p(Math.max(0, given)) : given) - offset) / scale;
}

/** Position of each knob's value in a configuration, by the names the network has for them. */
function positionsIn(configuration, prefix) {
  return Object.fromEntries(
    policy.knobs.map((knob) => [`${prefix}.${knob.name}`, nearestPosition(knob, value(configuration[knob.name]))]),
  );
}

function trend(rateRps, before) {
  if (before.length === 0) return 0;
  const mean = before.reduce((sum, window) => sum + window.arrivalRateRps, 0) / before.length;
  return Math.log(Math.max(1e-3, rateRps) / Math.max(1e-3, mean));
}

/** The network's features in an observation, in their units. */
export function featureValues({ metrics, history = [], inFlight, configuration }) {
  const rateRps = metrics.arrivals.rateRps;
  const values = {
    arrivalRateRps: rateRps,
    peakRateRps: history.slice(-10).reduce((peak, window) => Math.max(peak, window.peakRateRps), rateRps),
    rateTrend: trend(rateRps, history.slice(-6, -1)),
    latencyObjectiveMs: metrics.latency?.objectiveMs ?? -1,
    missRatio: metrics.latency?.missRatio ?? 0,
    queueLength: metrics.queueLength,
    utilization: metrics.utilization,
    offloadedShare: metrics.offloadedShare,
    ...positionsIn(inFlight ?? configuration, "target"),
  };
  return features.map(({ name }) => values[name]);
}

/** The latest windows as the network's recurrent part sees them, after as many zeros as are missing. */
export function sequenceInput({ history = [] }) {
  if (network.recurrent === null) return [];
  const { steps, inputs } = network.recurrent;
  const windows = history.slice(-steps);
  const missing = Array.from({ length: steps - windows.length }, () => new Array(inputs).fill(0));
  return [
    ...missing,
    ...windows.map((window) => {
      const values = {
        ...window,
        latencyObjectiveMs: window.objectiveMs ?? -1,
        ...positionsIn(window.configuration, "knob"),
      };
      return sequence.map((feature) => seen(feature, values[feature.name]));
    }),
  ];
}

/** sums + x·kernel, the kernel row-major. */
function product(sums, x, kernel) {
  const result = [...sums];
  x.forEach((given, i) => {
    for (let j = 0; j < result.length; j++) result[j] += given * kernel[i * result.length + j];
  });
  return result;
}

/** The last state of the recurrent part. */
function recurrentState(steps) {
  const { units, kernel, recurrentKernel, bias } = network.recurrent;
  const sigmoid = (x) => 1 / (1 + Math.exp(-x));
  const zeros = new Array(3 * units).fill(0);
  let state = new Array(units).fill(0);
  for (const step of steps) {
    const fromInput = product(bias, step, kernel);
    const fromState = product(zeros, state, recurrentKernel);
    const gated = state.map((held, j) => sigmoid(fromInput[units + j] + fromState[units + j]) * held);
    const ofGated = product(zeros, gated, recurrentKernel);
    state = state.map((held, j) => {
      const keep = sigmoid(fromInput[j] + fromState[j]);
      return keep * held + (1 - keep) * Math.tanh(fromInput[2 * units + j] + ofGated[2 * units + j]);
    });
  }
  return state;
}

const activations = { linear: (x) => x, tanh: Math.tanh, relu: (x) => Math.max(0, x) };

/** A score for each value of each knob, in order. */
export function scores(observation) {
  let x = featureValues(observation).map((given, i) => seen(features[i], given));
  if (network.recurrent !== null) x = [...x, ...recurrentState(sequenceInput(observation))];
  for (const { activation, kernel, bias } of network.layers) x = product(bias, x, kernel).map(activations[activation]);
  return x;
}

/** The automaton of what may be chosen, with what the cluster closes now; as it is where that would leave nothing. */
function openStates(narrower) {
  const all = mask ?? policy.knobs.map(({ values }) => [values.map(() => 0)]);
  if (narrower === null || narrower === undefined) return all;
  const table = [];
  let alive = [true];
  for (let k = all.length - 1; k >= 0; k--) {
    const { name, values } = policy.knobs[k];
    const living = alive;
    const states = all[k].map((next) =>
      next.map((to, j) => {
        const closed = narrower[name] !== undefined && !narrower[name].map(value).includes(value(values[j]));
        return to < 0 || closed || !living[to] ? -1 : to;
      }),
    );
    table.unshift(states);
    alive = states.map((next) => next.some((to) => to >= 0));
  }
  return alive[0] ? table : all;
}

/** The configuration for an observation. */
export function act(observation) {
  const found = scores(observation);
  const table = openStates(observation.mask);
  let state = 0;
  let from = 0;
  const positions = table.map((states) => {
    const next = states[state];
    let best = -1;
    next.forEach((to, j) => {
      if (to >= 0 && (best < 0 || found[from + j] > found[from + best])) best = j;
    });
    state = next[best];
    from += next.length;
    return best;
  });
  return at(positions);
}
