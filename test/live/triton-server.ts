// A real Triton server on loopback, CPU only, with one model of the Python backend whose batches take a known time.

import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answers, freePort, provisioned, ServerProcess } from "./processes.ts";

/** A batch takes 4 ms, and 1 ms for each request in it. */
const model = `import time
import triton_python_backend_utils as pb


class TritonPythonModel:
    def execute(self, requests):
        inputs = [pb.get_input_tensor_by_name(request, "x").as_numpy() for request in requests]
        time.sleep(0.004 + 0.001 * sum(len(one) for one in inputs))
        return [pb.InferenceResponse([pb.Tensor("y", one)]) for one in inputs]
`;

const tensors = `backend: "python"
input [ { name: "x", data_type: TYPE_FP32, dims: [ 1 ] } ]
output [ { name: "y", data_type: TYPE_FP32, dims: [ 1 ] } ]
`;

const config = `${tensors}max_batch_size: 4
instance_group [ { count: 1, kind: KIND_CPU } ]
dynamic_batching { max_queue_delay_microseconds: 0 }
`;

function writeModel(folder: string, name: string, configuration: string): void {
  mkdirSync(join(folder, "models", name, "1"), { recursive: true });
  writeFileSync(join(folder, "models", name, "config.pbtxt"), configuration);
  writeFileSync(join(folder, "models", name, "1", "model.py"), model);
}

/** Body of a request to it. */
export const inference = JSON.stringify({ inputs: [{ name: "x", datatype: "FP32", shape: [1, 1], data: [1] }] });

/** It takes a few seconds. */
const READY_MS = 120_000;

/** One Triton. */
export class TritonServer {
  readonly #process: ServerProcess;
  readonly #folder: string;
  readonly url: string;
  readonly metricsUrl: string;

  private constructor(process: ServerProcess, folder: string, port: number, metricsPort: number) {
    this.#process = process;
    this.#folder = folder;
    this.url = `http://127.0.0.1:${port}`;
    this.metricsUrl = `http://127.0.0.1:${metricsPort}`;
  }

  /** @param summaries whether it tells latencies by quantile */
  static async start(summaries = true): Promise<TritonServer> {
    const packages = provisioned("triton/lib/python3.11/site-packages", "triton");
    const server = join(packages, "pytriton", "tritonserver");
    const folder = mkdtempSync(join(tmpdir(), "trimtab-triton-"));
    writeModel(folder, "m", config);
    const backend = join(folder, "backends", "python");
    const stubs = join(server, "python_backend_stubs", "3.11");
    cpSync(join(server, "backends", "python"), backend, { recursive: true });
    cpSync(join(stubs, "triton_python_backend_stub"), join(backend, "triton_python_backend_stub"));
    chmodSync(join(backend, "triton_python_backend_stub"), 0o755);
    const [port, metricsPort] = [await freePort(), await freePort()];
    const args = [
      `--model-repository=${join(folder, "models")}`,
      `--backend-directory=${join(folder, "backends")}`,
      "--model-control-mode=explicit",
      "--load-model=m",
      "--http-address=127.0.0.1",
      `--http-port=${port}`,
      "--allow-grpc=false",
      "--metrics-address=127.0.0.1",
      `--metrics-port=${metricsPort}`,
      ...(summaries ? ["--metrics-config=summary_latencies=true"] : []),
    ];
    const env = {
      ...process.env,
      // The backend's Python finds its packages by the first python3 on the path.
      PATH: `${provisioned("triton/bin", "triton")}:${process.env["PATH"]}`,
      LD_LIBRARY_PATH: `${join(packages, "nvidia_pytriton.libs")}:${stubs}`,
    };
    const child = new ServerProcess(join(server, "bin", "tritonserver"), args, { env });
    const triton = new TritonServer(child, folder, port, metricsPort);
    await child.ready(() => answers(`${triton.url}/v2/health/ready`), READY_MS);
    return triton;
  }

  /** Loads one more model of the same kind. @param settings what its config.pbtxt has beside backend, input and output */
  async load(name: string, settings: string): Promise<unknown> {
    writeModel(this.#folder, name, `${tensors}${settings}`);
    const answer = await fetch(`${this.url}/v2/repository/models/${name}/load`, { method: "POST" });
    if (!answer.ok) throw new Error(`${name}: expected Triton to load it, found ${await answer.text()}`);
    return (await fetch(`${this.url}/v2/models/${name}/config`)).json();
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
