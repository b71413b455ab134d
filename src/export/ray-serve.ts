// The policy for Ray Serve: an autoscaling policy in Python for the replicas, and a deployment config with the usual batching.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { ExportError, type ExportSource, type PolicyExporter, toJson } from "../core/index.ts";
import { packageRoot } from "../store/index.ts";
import { type CountKnob, countKnobs } from "./counts.ts";
import { always, textOf } from "./exact.ts";
import { fixedChoice, wholeOf } from "./fixed-choice.ts";
import { programText, runProgram } from "./program.ts";

const MODULE = "trimtab_policy";

/** Knobs a deployment takes through `user_config`; its `reconfigure` hands them to `serve.batch`. */
const BATCHING = ["maxBatchSize", "maxBatchDelayMs"];

function firstCount(source: ExportSource): CountKnob {
  const [count, second] = countKnobs(source, "ray-serve");
  if (count === undefined || second !== undefined) {
    const found = second === undefined ? "none" : `${count?.knob.name}, ${second.knob.name}`;
    throw new ExportError(`ray-serve: expected one knob that counts replicas, found ${found}`);
  }
  return count;
}

function moduleText(source: ExportSource): string {
  const { form } = source.portable();
  if (form === "network") {
    throw new ExportError(
      "ray-serve: expected a policy that looks at arrivals alone, found a network; Ray tells its policies no latencies",
    );
  }
  const { knob } = firstCount(source);
  const glue = readFileSync(join(packageRoot(), "src", "export", "templates", "ray-serve.py"), "utf8");
  const body = glue
    .replace(/^[\s\S]*?^# form\n/m, "")
    .replace("KNOB", () => JSON.stringify(knob.name))
    .replace("INTERVAL_S", String(source.intervalS))
    .replace("INITIAL", () => `json.loads(r"""${JSON.stringify(toJson(source.spec.bounds.initial))}""")`);
  return `${programText(source, "py")}\n\n${body.trimStart()}`;
}

async function configText(source: ExportSource): Promise<string> {
  const { target, least, most, initial } = firstCount(source);
  const batching = BATCHING.filter((name) => source.lattice.knobs.some((knob) => knob.name === name));
  const choice = batching.length === 0 ? {} : await fixedChoice(source, "ray-serve", batching);
  const batch = wholeOf(choice, "maxBatchSize", "ray-serve");
  const delayMs = wholeOf(choice, "maxBatchDelayMs", "ray-serve");
  const userConfig = {
    ...(batch === null ? {} : { max_batch_size: batch }),
    ...(delayMs === null ? {} : { batch_wait_timeout_s: delayMs / 1000 }),
  };
  const deployment = {
    name: target,
    ...(batching.length === 0 ? {} : { user_config: userConfig }),
    autoscaling_config: {
      min_replicas: least,
      initial_replicas: initial,
      max_replicas: most,
      upscale_delay_s: 0,
      downscale_delay_s: 0,
      policy: { policy_function: `${MODULE}:desired_replicas` },
    },
  };
  return `# Put ${MODULE}.py on the path of the Serve controller; set import_path and the deployment's name.
# Replicas must tell their arrivals: record_autoscaling_stats() returns {"arrival_rate_rps": ...}.
${stringify({ applications: [{ name: "model", route_prefix: "/", import_path: "model:app", deployments: [deployment] }] })}`;
}

/** Exports a policy's count of replicas as an autoscaling policy. */
export const rayServeExporter: PolicyExporter = {
  format: "ray-serve",
  mediaType: "application/yaml",
  summary: "Ray Serve config and the autoscaling policy it names, in Python",
  exact: always,
  export: async (source) => {
    const module = moduleText(source);
    return [
      { name: "serve.yaml", content: await configText(source) },
      { name: `${MODULE}.py`, content: module },
    ];
  },
  replay: async (files, source) => {
    const { knob } = firstCount(source);
    const act = runProgram(textOf(files, `${MODULE}.py`), source.portable().form);
    return async (observation) => {
      const chosen = (await act(observation))[knob.name];
      return chosen === undefined ? {} : { [knob.name]: chosen };
    };
  },
};
