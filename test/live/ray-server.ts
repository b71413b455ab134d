// A real Ray Serve on this machine, serving a model that sleeps: what it costs is known, and no core is needed.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { z } from "zod";
import { answers, freePorts, provisioned, ServerProcess } from "./processes.ts";

/** Ten processes take their time on a busy machine. */
const READY_MS = 180_000;

const model = `
import asyncio

from ray import serve


@serve.deployment
class Model:
    def reconfigure(self, config):
        self.predict.set_max_batch_size(config["max_batch_size"])
        self.predict.set_batch_wait_timeout_s(config["batch_wait_timeout_s"])

    @serve.batch(max_batch_size=1, batch_wait_timeout_s=0.0)
    async def predict(self, inputs):
        await asyncio.sleep(0.004 + 0.001 * len(inputs))
        return inputs

    async def __call__(self, request):
        return await self.predict(1)


app = Model.bind()
`;

/** Where requests go, and the names the adapter is told. */
export const rayDeployment = { application: "app", deployment: "Model" };

function config(port: number, route: string) {
  const deployment = {
    name: rayDeployment.deployment,
    num_replicas: 1,
    max_ongoing_requests: 20,
    user_config: { max_batch_size: 2, batch_wait_timeout_s: 0 },
    ray_actor_options: { num_cpus: 0.1 },
    graceful_shutdown_wait_loop_s: 0.1,
  };
  const application = {
    name: rayDeployment.application,
    route_prefix: "/",
    import_path: "trimtab_model:app",
    // What Ray shows to browsers as redacted, and a deployment must keep.
    runtime_env: { env_vars: { MODEL_TOKEN: "kept" } },
    external_scaler_enabled: true,
    deployments: [deployment],
  };
  const beside = { ...application, name: "beside", route_prefix: route, external_scaler_enabled: false };
  return {
    proxy_location: "HeadOnly",
    http_options: { host: "127.0.0.1", port },
    applications: [application, beside],
  };
}

const statusSchema = z.object({
  applications: z.record(z.string(), z.object({ status: z.string(), deployed_app_config: z.unknown() })),
});

/** One Ray node with its dashboard and two applications, of which one is the tests'. */
export class RayServer {
  readonly #process: ServerProcess;
  readonly #folder: string;
  /** Of its dashboard. */
  readonly url: string;
  readonly metricsUrl: string;
  /** Where requests go. */
  readonly servingUrl: string;

  private constructor(process: ServerProcess, folder: string, ports: readonly number[]) {
    const [dashboard, metrics, serving] = ports;
    this.#process = process;
    this.#folder = folder;
    this.url = `http://127.0.0.1:${dashboard}`;
    this.metricsUrl = `http://127.0.0.1:${metrics}`;
    this.servingUrl = `http://127.0.0.1:${serving}/`;
  }

  static async start(): Promise<RayServer> {
    const file = provisioned("ray/bin/python", "ray");
    // Its sockets' paths must be short.
    const folder = mkdtempSync(join(tmpdir(), "ray-"));
    writeFileSync(join(folder, "trimtab_model.py"), model);
    const ports = await freePorts(6);
    const [dashboard, metrics, , gcs, client, agent] = ports;
    const args = [
      ...["-m", "ray.scripts.scripts"],
      "start",
      "--head",
      "--block",
      `--temp-dir=${join(folder, "t")}`,
      "--num-cpus=4",
      "--object-store-memory=80000000",
      "--dashboard-host=127.0.0.1",
      `--dashboard-port=${dashboard}`,
      `--metrics-export-port=${metrics}`,
      `--port=${gcs}`,
      `--ray-client-server-port=${client}`,
      `--dashboard-agent-listen-port=${agent}`,
    ];
    const env = {
      ...process.env,
      PYTHONPATH: folder,
      RAY_USAGE_STATS_ENABLED: "0",
      RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S: "0",
      RAY_metrics_report_interval_ms: "250",
    };
    const server = new RayServer(new ServerProcess(file, args, { env }), folder, ports);
    await server.#process.ready(() => answers(`${server.url}/api/serve/applications/`), READY_MS);
    await server.deploy();
    return server;
  }

  /** Both applications as they were first, once this returns. */
  async deploy(): Promise<void> {
    const body = JSON.stringify(config(Number(new URL(this.servingUrl).port), "/beside"));
    const { statusCode, body: answer } = await request(`${this.url}/api/serve/applications/`, { method: "PUT", body });
    if (statusCode !== 200) throw new Error(`expected it deployed, found ${statusCode} ${await answer.text()}`);
    await answer.dump();
    await this.#process.ready(async () => {
      const states = Object.values((await this.applications()).applications).map(({ status }) => status);
      return states.length === 2 && states.every((status) => status === "RUNNING");
    }, READY_MS);
  }

  /** As its dashboard tells them. */
  async applications(): Promise<z.output<typeof statusSchema>> {
    const { body } = await request(`${this.url}/api/serve/applications/`);
    return statusSchema.parse(await body.json());
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
