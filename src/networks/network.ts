// Neural networks as plain arrays: what a policy decides with, long after whoever trained it is gone.
//
// dense      y = a(x·K + b)
// recurrent  z = σ(x·Kz + h·Rz + bz)   r = σ(x·Kr + h·Rr + br)   c = tanh(x·Kc + (r∘h)·Rc + bc)   h ← z∘h + (1-z)∘c
// Source: K. Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014 (the gated recurrent
// unit); gates in Keras's order z, r, c, with the reset before the product (Keras's `reset_after: false`).

/** What a dense layer does to its sums. */
export type Activation = "linear" | "tanh" | "relu";

/** One dense layer. */
export interface DenseLayer {
  readonly units: number;
  readonly activation: Activation;
  /** Row-major, shape [inputs, units]. */
  readonly kernel: Float32Array;
  /** Shape [units]. */
  readonly bias: Float32Array;
  /** Given, not learnt: training leaves it alone. */
  readonly fixed: boolean;
}

/** One recurrent layer, run over a sequence of known length from a state of zeros; its last state is its output. */
export interface RecurrentLayer {
  readonly units: number;
  /** Length of the sequence. */
  readonly steps: number;
  /** Features of one step. */
  readonly inputs: number;
  /** Row-major, shape [inputs, 3·units]: z, r, c. */
  readonly kernel: Float32Array;
  /** Row-major, shape [units, 3·units]. */
  readonly recurrentKernel: Float32Array;
  /** Shape [3·units]. */
  readonly bias: Float32Array;
}

/** Dense layers over the features and, where there is a recurrent layer, its output after them. */
export interface Network {
  /** Features beside the sequence. */
  readonly inputs: number;
  readonly recurrent: RecurrentLayer | null;
  /** At least one. */
  readonly layers: readonly DenseLayer[];
}

/** Outputs of a network. */
export function outputsOf(network: Network): number {
  return network.layers.at(-1)?.units ?? 0;
}

/** Inputs of the first dense layer. */
export function denseInputsOf(network: Network): number {
  return network.inputs + (network.recurrent?.units ?? 0);
}

/** A network ready to be asked. The answer is overwritten by the next question. */
export type Forward = (features: ArrayLike<number>, sequence?: ArrayLike<number>) => Float64Array;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** sums += x·kernel, kernel row-major of shape [x, sums]. */
function addProduct(
  sums: Float64Array,
  x: ArrayLike<number>,
  from: number,
  length: number,
  kernel: Float32Array,
): void {
  const units = sums.length;
  for (let i = 0; i < length; i++) {
    const value = x[from + i] ?? 0;
    if (value === 0) continue;
    const row = i * units;
    for (let j = 0; j < units; j++) sums[j] = (sums[j] ?? 0) + value * (kernel[row + j] ?? 0);
  }
}

function denseForward(layer: DenseLayer): (x: Float64Array) => Float64Array {
  const { units, activation, kernel, bias } = layer;
  const y = new Float64Array(units);
  return (x) => {
    y.set(bias);
    addProduct(y, x, 0, x.length, kernel);
    if (activation === "tanh") for (let j = 0; j < units; j++) y[j] = Math.tanh(y[j] ?? 0);
    else if (activation === "relu") for (let j = 0; j < units; j++) y[j] = Math.max(0, y[j] ?? 0);
    return y;
  };
}

function recurrentForward(layer: RecurrentLayer): (sequence: ArrayLike<number>) => Float64Array {
  const { units, steps, inputs, kernel, recurrentKernel, bias } = layer;
  const state = new Float64Array(units);
  const gated = new Float64Array(units);
  const fromInput = new Float64Array(3 * units);
  const fromState = new Float64Array(3 * units);
  const ofGated = new Float64Array(3 * units);
  return (sequence) => {
    state.fill(0);
    for (let step = 0; step < steps; step++) {
      fromInput.set(bias);
      addProduct(fromInput, sequence, step * inputs, inputs, kernel);
      fromState.fill(0);
      addProduct(fromState, state, 0, units, recurrentKernel);
      for (let j = 0; j < units; j++) {
        const reset = sigmoid((fromInput[units + j] ?? 0) + (fromState[units + j] ?? 0));
        gated[j] = reset * (state[j] ?? 0);
      }
      ofGated.fill(0);
      addProduct(ofGated, gated, 0, units, recurrentKernel);
      for (let j = 0; j < units; j++) {
        const keep = sigmoid((fromInput[j] ?? 0) + (fromState[j] ?? 0));
        const candidate = Math.tanh((fromInput[2 * units + j] ?? 0) + (ofGated[2 * units + j] ?? 0));
        state[j] = keep * (state[j] ?? 0) + (1 - keep) * candidate;
      }
    }
    return state;
  };
}

/** Compiles a network: no allocation and no library when it is asked. */
export function compile(network: Network): Forward {
  const layers = network.layers.map(denseForward);
  const recurrent = network.recurrent === null ? null : recurrentForward(network.recurrent);
  const input = new Float64Array(denseInputsOf(network));
  return (features, sequence = []) => {
    for (let i = 0; i < network.inputs; i++) input[i] = features[i] ?? 0;
    if (recurrent !== null) input.set(recurrent(sequence), network.inputs);
    let x: Float64Array = input;
    for (const layer of layers) x = layer(x);
    return x;
  };
}
