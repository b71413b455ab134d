// Exported programs: the template of a language, filled with the policy, and the module they all amount to.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, Script } from "node:vm";
import { z } from "zod";
import { type ClusterState, ExportError, type ExportSource, type Replay, toJson } from "../core/index.ts";
import { packageRoot } from "../store/index.ts";
import { valuesOf } from "./decision-table.ts";

/** Everything above this line of a template's second part only lets tools read it on its own. */
const FORM_LINE = /^[\s\S]*?^\s*(?:\/\/|#) form\n/m;

function template(name: string): string {
  return readFileSync(join(packageRoot(), "src", "export", "templates", name), "utf8");
}

/** What a program holds of the policy, as JSON data. @throws {ExportError} when it has no portable form */
export function programData({ spec, portable }: ExportSource): string {
  const { kind, environment, sha256 } = spec;
  const knobs = spec.knobs.map(({ name, values }) => ({ name, values }));
  return JSON.stringify(toJson({ kind, environment, sha256, knobs, rule: portable() }));
}

/** The program in a language, by the ending of its files. @throws {ExportError} when it has no portable form */
export function programText(source: ExportSource, ending: "mjs" | "py" | "go"): string {
  const { form } = source.portable();
  const data = programData(source);
  if (data.includes("`") || data.includes('"""')) {
    throw new ExportError("program: expected names without backquotes, found one");
  }
  const { kind, environment, sha256 } = source.spec;
  const title = `The policy ${kind} learnt on ${environment}, sha256 ${sha256.slice(0, 12)}.`;
  const shared = template(`policy.${ending}`)
    .replace("TITLE", title)
    .replace("DATA", () => data);
  return `${shared}\n${template(`${form}.${ending}`).replace(FORM_LINE, "").trimStart()}`;
}

/** The data in a program: the first JSON object of its text. @throws {ExportError} when it holds none */
function dataOf(text: string): string {
  const line = text
    .split("\n")
    .find((candidate) => candidate.includes('{"environment":') || candidate.includes('{"kind":'));
  const found = line?.slice(line.indexOf("{"), line.lastIndexOf("}") + 1);
  if (found === undefined) throw new ExportError("program: expected the policy's data, found none");
  return found;
}

/** A function of an exported module, run in this process: JSON text in, JSON text out. */
function moduleFunction(module: string, name: string): (observation: string) => string {
  // Handed in, because a context's own globals are slow to look up.
  const globals = { Math, Object, JSON };
  const wrapped = `(({ Math, Object, JSON }) => {
${module.replace(/^export /gm, "")}
return (text) => JSON.stringify(${name}(JSON.parse(text)), (_, v) => (v === Infinity ? "Infinity" : v));
})`;
  return new Script(wrapped).runInContext(createContext({}))(globals);
}

/** Runs the JavaScript module of a program in this process. @param text the module's own, or of a program in another language */
export function runProgram(text: string, form: string): Replay {
  const shared = template("policy.mjs").replace("DATA", () => dataOf(text));
  const module = text.includes("export function act")
    ? text
    : `${shared}\n${template(`${form}.mjs`).replace(FORM_LINE, "")}`;
  const act = moduleFunction(module, "act");
  return (observation) => valuesOf(JSON.parse(act(observationText(observation))));
}

const numbersSchema = z.array(z.number());
const sequenceSchema = z.array(numbersSchema);

/** What a network's program is made of, each a function of an observation's text. */
interface NetworkParts {
  readonly values: (text: string) => string;
  readonly sequence: (text: string) => string;
  readonly scores: (text: string) => string;
}

const networkParts = new WeakMap<ExportSource, NetworkParts>();

function partsOf(source: ExportSource): NetworkParts {
  const known = networkParts.get(source);
  if (known !== undefined) return known;
  const module = programText(source, "mjs");
  const parts = {
    values: moduleFunction(module, "featureValues"),
    sequence: moduleFunction(module, "sequenceInput"),
    scores: moduleFunction(module, "scores"),
  };
  networkParts.set(source, parts);
  return parts;
}

/** The features of a network for an observation, in their units. */
export function networkInput(source: ExportSource, observation: ClusterState): number[] {
  return numbersSchema.parse(JSON.parse(partsOf(source).values(observationText(observation))));
}

/** The latest windows as the recurrent part of a network sees them, shape [steps, inputs]; empty where it has none. */
export function networkSequence(source: ExportSource, observation: ClusterState): number[][] {
  return sequenceSchema.parse(JSON.parse(partsOf(source).sequence(observationText(observation))));
}

/** The scores of a network for an observation. */
export function networkScores(source: ExportSource, observation: ClusterState): number[] {
  return numbersSchema.parse(JSON.parse(partsOf(source).scores(observationText(observation))));
}

/** The observation as JSON, the arrivals' raw times left out: no program looks at them. */
export function observationText(observation: ClusterState): string {
  const { metrics } = observation;
  const { timesMs: _, ...arrivals } = metrics.arrivals;
  return JSON.stringify(toJson({ ...observation, metrics: { ...metrics, arrivals, service: null } }));
}
