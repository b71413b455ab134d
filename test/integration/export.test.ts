// Exported policies under the programs they are for: each agrees with its source on 1,000 observations.

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { createAgent } from "../../agents/index.ts";
import { agentContext, type OpenScenario, openScenario } from "../../environments/index.ts";
import type { ClusterState, Configuration, ExportSource, PolicySpec } from "../../src/core/index.ts";
import { exportSource, findExporter } from "../../src/export/index.ts";
import { onnxInput } from "../../src/export/onnx.ts";
import { networkScores, observationText } from "../../src/export/program.ts";
import { settledRate } from "../../src/export/table-inputs.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { createOptimizer } from "../../src/optimizers/index.ts";
import { readCheckpoint } from "../../src/store/index.ts";
import { train } from "../../src/training/index.ts";
import { asJson, parsedLines, peers, provisioned, root, run } from "./peers-of-exports.ts";

const OBSERVATIONS = 1000;

interface Case {
  readonly open: OpenScenario;
  readonly source: ExportSource;
  readonly observations: readonly ClusterState[];
  readonly expected: readonly Configuration[];
}

let folder: string;
let levels: Case;
let fleet: Case;
let network: Case;

function caseOf(open: OpenScenario, spec: PolicySpec): Case {
  const source = exportSource(open, spec);
  const random = new SeededRandom(7);
  const observations = Array.from({ length: OBSERVATIONS }, () => open.observationSpace.sample(random));
  return { open, source, observations, expected: observations.map(source.act) };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trimtab-exports-"));
  const batches = await openScenario(join(root, "test", "fixtures", "tiny-batches.yaml"), { dataFolder: null });
  levels = caseOf(batches, (await train(batches, { agent: "region-q", seed: 1, episodes: 2 })).spec);
  const diurnal = await openScenario("image-diurnal", { dataFolder: null });
  const reference = join(root, "checkpoints", "reference", "image-diurnal.region-fleet.checkpoint");
  const context = agentContext(batches, new SeededRandom(9), 9, createOptimizer("mark"));
  network = caseOf(batches, createAgent("ppo", context).policy().toJSON());
  fleet = caseOf(diurnal, (await readCheckpoint(reference)).spec);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes an export. @returns the folder, and the text of its first file */
async function written(format: string, { source }: Case, name: string): Promise<{ at: string; text: string }> {
  const at = join(folder, `${name}-${format}`);
  await mkdir(at, { recursive: true });
  const files = await findExporter(format).export(source);
  for (const file of files) await writeFile(join(at, file.name), file.content);
  return { at, text: String(files[0]?.content) };
}

const lines = ({ observations }: Case): string => observations.map((one) => `${observationText(one)}\n`).join("");
const cases = (): readonly (readonly [string, Case])[] => [
  ["levels", levels],
  ["fleet", fleet],
  ["network", network],
];

test("the policies that are compared choose more than one configuration", () => {
  for (const [, { expected }] of cases())
    expect(new Set(asJson(expected).map((one) => JSON.stringify(one))).size).toBeGreaterThan(1);
});

test("JavaScript: the module in a process of its own acts exactly as the policy", async () => {
  for (const [name, one] of cases()) {
    const { at } = await written("javascript", one, name);
    const out = await run("node", [join(peers, "run_policy.mjs"), join(at, "policy.mjs")], { input: lines(one) });
    expect(parsedLines(out)).toEqual(asJson(one.expected));
  }
});

test("Python: the module acts exactly as the policy, and is typed", async () => {
  const python = provisioned("exports", "bin", "python");
  for (const [name, one] of cases()) {
    const { at } = await written("python", one, name);
    const out = await run(python, [join(peers, "run_policy.py"), at], { input: lines(one) });
    expect(parsedLines(out)).toEqual(asJson(one.expected));
    await run(python, ["-m", "mypy", "--strict", "--no-error-summary", join(at, "policy.py")], { cwd: at });
  }
});

test("Go: the package compiles, passes vet and acts exactly as the policy", async () => {
  const go = (await readFile(provisioned("export-peers", "go"), "utf8")).trim();
  for (const [name, one] of cases()) {
    const { at } = await written("go", one, name);
    await mkdir(join(at, "policy"));
    await writeFile(join(at, "go.mod"), "module exported\n\ngo 1.26\n");
    await writeFile(join(at, "policy", "policy.go"), await readFile(join(at, "policy.go")));
    await rm(join(at, "policy.go"));
    await writeFile(join(at, "main.go"), await readFile(join(peers, "policy", "main.go.txt")));
    await run(go, ["vet", "./..."], { cwd: at });
    await run(go, ["build", "-o", "run", "."], { cwd: at });
    expect(parsedLines(await run(join(at, "run"), [], { input: lines(one) }))).toEqual(asJson(one.expected));
  }
}, 300_000);

test("ONNX: onnxruntime and onnxruntime-web choose exactly as the policy, and read its metadata", async () => {
  const { at } = await written("onnx", levels, "levels");
  const model = join(at, "policy.onnx");
  const input = JSON.stringify(levels.observations.map((one) => onnxInput(levels.source, one)));
  const expected = levels.expected.map((one) => [...levels.open.lattice.coordinates(one)]);
  const python = await run(provisioned("exports", "bin", "python"), [join(peers, "run_onnx.py"), model], { input });
  const answer: { action: number[][]; metadata: Record<string, string> } = JSON.parse(python);
  expect(answer.action).toEqual(expected);
  expect(answer.metadata).toMatchObject({ kind: "region-q", sha256: levels.source.spec.sha256 });
  expect(JSON.parse(answer.metadata["inputs"] ?? "")).toMatchObject([{ name: "settledRps", unit: "1/s" }]);
  const web: { action: number[] } = JSON.parse(await run("node", [join(peers, "run_onnx.mjs"), model], { input }));
  expect(web.action).toEqual(expected.flat());
});

test("ONNX: a network's scores are the policy's within 1e-5, and its choices the policy's", async () => {
  const { at } = await written("onnx", network, "network");
  const model = join(at, "policy.onnx");
  const input = JSON.stringify(network.observations.map((one) => onnxInput(network.source, one)));
  const expected = network.expected.map((one) => [...network.open.lattice.coordinates(one)]);
  const scores = network.observations.map((one) => networkScores(network.source, one));
  const python = await run(provisioned("exports", "bin", "python"), [join(peers, "run_onnx.py"), model], { input });
  const answer: { action: number[][]; scores: number[][] } = JSON.parse(python);
  const web: { action: number[]; scores: number[] } = JSON.parse(
    await run("node", [join(peers, "run_onnx.mjs"), model], { input }),
  );
  const largest = (found: readonly number[]): number =>
    scores.flat().reduce((most, score, i) => Math.max(most, Math.abs(score - (found[i] ?? Number.NaN))), 0);
  expect(largest(answer.scores.flat())).toBeLessThan(1e-5);
  expect(largest(web.scores)).toBeLessThan(1e-5);
  expect(answer.action).toEqual(expected);
  expect(web.action).toEqual(expected.flat());
});

test("Rego: Open Policy Agent decides exactly as the policy, and not at all without its input", async () => {
  const { at } = await written("rego", levels, "levels");
  const input = levels.observations.map((one) => `${JSON.stringify({ settledRps: settledRate.read(one) })}\n`).join("");
  const opa = provisioned("export-peers", "export-peers");
  const out = await run(opa, ["rego", join(at, "policy.rego")], { input: `${input}{}\n` });
  expect(parsedLines(out)).toEqual([...asJson(levels.expected), null]);
});

test("CEL: the expression evaluates exactly as the policy", async () => {
  const exporter = findExporter("cel");
  const act = await exporter.replay(await exporter.export(levels.source), levels.source);
  for (const [i, observation] of levels.observations.entries())
    expect(await act(observation)).toEqual(levels.expected[i]);
});

test("KEDA: its formula language gives the live tuner's word, else the policy's, else the initial count", async () => {
  const { text } = await written("keda", levels, "levels");
  const formula: string = parseAllDocuments(text)[0]?.toJS().spec.advanced.scalingModifiers.formula;
  const knob = "instances.c5.large.onDemand";
  const variables = [
    ...levels.observations.map((one) => ({ trimtab: null, load: settledRate.read(one) })),
    { trimtab: 5, load: null },
    { trimtab: null, load: null },
  ];
  const input = variables.map((one) => `${JSON.stringify(one)}\n`).join("");
  const out = await run(provisioned("export-peers", "export-peers"), ["formula", formula], { input });
  expect(parsedLines(out)).toEqual([...levels.expected.map((one) => one[knob]), 5, 12]);
});

test("Prometheus: its own evaluation of the rules gives exactly the policy's count", async () => {
  const { at } = await written("prometheus-rules", levels, "levels");
  const knob = "instances.c5.large.onDemand";
  const rates = levels.observations.map((one) => settledRate.read(one));
  const cases = levels.expected.map((one, i) => ({
    expr: `trimtab_desired{knob="${knob}"}`,
    eval_time: `${i}m`,
    exp_samples: [
      {
        labels: `{__name__="trimtab_desired", knob="${knob}", policy="${levels.source.spec.sha256.slice(0, 12)}"}`,
        value: one[knob],
      },
    ],
  }));
  const tests = {
    rule_files: ["rules.yaml"],
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: [{ series: "trimtab:arrival_rate_rps", values: rates.join(" ") }],
        promql_expr_test: cases,
      },
    ],
  };
  await writeFile(join(at, "tests.yaml"), JSON.stringify(tests));
  await run("promtool", ["check", "rules", "rules.yaml"], { cwd: at });
  await run("promtool", ["test", "rules", "tests.yaml"], { cwd: at });
});
