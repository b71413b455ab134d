// The policy as an ONNX graph: from numbers in their units to positions on the knobs, with everything in between inside.
//
// levels    settledRps [N, 1] → row of the level → action [N, knobs]
// network   observation [N, features] → ln(1 + x), offset, scale → layers → scores [N, values]
//           → knob by knob the best score that the mask's automaton leaves open → action [N, knobs]
// In double precision: what the graph says is what the policy says. Rows and positions are in range by construction.

import {
  type ClusterState,
  canonicalJson,
  ExportError,
  type ExportSource,
  type LevelsForm,
  type NetworkForm,
  type PolicyExporter,
  type PortablePolicy,
} from "../core/index.ts";
import { always } from "./exact.ts";
import { OnnxGraph } from "./onnx-graph.ts";
import { runOnnx } from "./onnx-run.ts";
import { networkInput } from "./program.ts";
import { settledRate } from "./table-inputs.ts";

/** A score no open position has. */
const CLOSED = -1e300;

function metadataOf({ spec, lattice, intervalS }: ExportSource, inputs: unknown): Record<string, string> {
  const { kind, environment, sha256, bounds, knobs } = spec;
  return {
    kind,
    environment,
    sha256,
    intervalS: String(intervalS),
    inputs: canonicalJson(inputs),
    actionSpace: canonicalJson(lattice.toJSON()),
    knobs: canonicalJson(knobs.map(({ name, values }) => ({ name, values }))),
    guardrails: canonicalJson(bounds),
  };
}

function levelsGraph(form: LevelsForm, source: ExportSource): Promise<Uint8Array> {
  const rows =
    form.rows.length > 0
      ? form.rows.map(({ positions }) => positions)
      : [[...source.lattice.coordinates(form.initial)]];
  const bounds = form.rows.slice(0, -1).map(({ level }) => form.loadLevel.ratio ** (level + 1));
  // A bound nothing reaches, so that the graph is the same where there is one row.
  const thresholds = [...bounds, Number.MAX_VALUE];
  const knobs = source.lattice.knobs.length;
  const graph = new OnnxGraph();
  const reached = graph.node("GreaterOrEqual", [
    settledRate.name,
    graph.constant("double", [1, thresholds.length], thresholds),
  ]);
  const counted = graph.node("Cast", [reached], { to: 7 });
  const row = graph.node("ReduceSum", [counted, graph.constant("int64", [1], [1])], { keepdims: 0 });
  graph.node("Gather", [graph.constant("int64", [rows.length, knobs], rows.flat()), row], { axis: 0 }, "action");
  const { name, unit, about } = settledRate;
  return graph.encode([[name, "double", 1]], [["action", "int64", knobs]], metadataOf(source, [{ name, unit, about }]));
}

function layersOf(graph: OnnxGraph, form: NetworkForm): string {
  const width = form.features.length;
  const row = (values: readonly number[]): string => graph.constant("double", [1, width], values);
  const positive = graph.node("Relu", ["observation"]);
  const logged = graph.node("Log", [graph.node("Add", [positive, graph.constant("double", [1, 1], [1])])]);
  const flags = form.features.map(({ transform }) => (transform === "log1p" ? 1 : 0));
  const told = graph.node("Where", [graph.constant("bool", [1, width], flags), logged, "observation"]);
  const centred = graph.node("Sub", [told, row(form.features.map(({ offset }) => offset))]);
  let x = graph.node("Div", [centred, row(form.features.map(({ scale }) => scale))]);
  let inputs = width;
  form.network.layers.forEach(({ units, activation, kernel, bias }, layer) => {
    const last = layer === form.network.layers.length - 1;
    const product = graph.node("MatMul", [x, graph.constant("double", [inputs, units], kernel)]);
    const sum = [product, graph.constant("double", [1, units], bias)];
    const name = last && activation === "linear" ? "scores" : undefined;
    x = graph.node("Add", sum, {}, name);
    if (activation !== "linear")
      x = graph.node(activation === "tanh" ? "Tanh" : "Relu", [x], {}, last ? "scores" : undefined);
    inputs = units;
  });
  return x;
}

function chosen(graph: OnnxGraph, form: NetworkForm, source: ExportSource): void {
  const lengths = source.lattice.knobs.map(({ values }) => values.length);
  const mask = form.mask ?? lengths.map((length) => [new Array<number>(length).fill(0)]);
  const one = graph.constant("int64", [1], [1]);
  let state: string | null = null;
  let from = 0;
  const positions = mask.map((states, k) => {
    const length = lengths[k] ?? 0;
    const columns = [from, from + length].map((end) => graph.constant("int64", [1], [end]));
    const [start = "", end = ""] = columns;
    const own = graph.node("Slice", ["scores", start, end, one]);
    from += length;
    const penalties = states.flatMap((next) => next.map((to) => (to < 0 ? CLOSED : 0)));
    const table = graph.constant("double", [states.length, length], penalties);
    const closed: string = state === null ? table : graph.node("Gather", [table, state], { axis: 0 });
    const position = graph.node("ArgMax", [graph.node("Add", [own, closed])], { axis: 1, keepdims: 0 });
    const following = graph.constant(
      "int64",
      [states.length * length],
      states.flat().map((to) => Math.max(0, to)),
    );
    const at: string =
      state === null
        ? position
        : graph.node("Add", [graph.node("Mul", [state, graph.constant("int64", [1], [length])]), position]);
    state = graph.node("Gather", [following, at], { axis: 0 });
    return graph.node("Unsqueeze", [position, one]);
  });
  graph.node("Concat", positions, { axis: 1 }, "action");
}

function networkGraph(form: NetworkForm, source: ExportSource): Promise<Uint8Array> {
  if (form.network.recurrent !== null) {
    throw new ExportError(
      "onnx: expected a network of dense layers, found a recurrent one, whose windows before the first are no observation; export it as javascript, python or go",
    );
  }
  const graph = new OnnxGraph();
  layersOf(graph, form);
  chosen(graph, form, source);
  const { knobs } = source.lattice;
  const width = knobs.reduce((sum, { values }) => sum + values.length, 0);
  return graph.encode(
    [["observation", "double", form.features.length]],
    [
      ["action", "int64", knobs.length],
      ["scores", "double", width],
    ],
    metadataOf(source, form.features),
  );
}

function graphOf(form: PortablePolicy, source: ExportSource): Promise<Uint8Array> {
  if (form.form === "levels") return levelsGraph(form, source);
  if (form.form === "network") return networkGraph(form, source);
  throw new ExportError(
    "onnx: expected a policy of load levels or a network, found a fleet's rules, which scan machine counts over an hour of arrivals; export them as javascript, python or go",
  );
}

/** The graph's input for an observation, in the features' units. */
export function onnxInput(source: ExportSource, observation: ClusterState): number[] {
  const form = source.portable();
  return form.form === "network" ? networkInput(source, observation) : [settledRate.read(observation)];
}

/** Exports a policy as an ONNX model. */
export const onnxExporter: PolicyExporter = {
  format: "onnx",
  mediaType: "application/octet-stream",
  summary: "ONNX model with normalisation, mask and choice inside; units and guardrails in its metadata",
  exact: always,
  export: async (source) => [{ name: "policy.onnx", content: await graphOf(source.portable(), source) }],
  replay: async (files, source) => {
    const content = files[0]?.content;
    if (content === undefined || typeof content === "string") throw new ExportError("onnx: expected bytes, found text");
    const run = await runOnnx(content);
    return (observation) => source.lattice.at(run(onnxInput(source, observation)).action);
  },
};
