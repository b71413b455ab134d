// Debian's Prometheus on loopback, scraping what a test tells it to.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { answers, freePort, program, ServerProcess } from "./processes.ts";

/** Targets are scraped this often. */
export const SCRAPE_S = 1;

/** Longest wait for it to be ready; it takes a second or two. */
const READY_MS = 60_000;

const targetsSchema = z.object({
  data: z.object({
    activeTargets: z.array(z.object({ labels: z.object({ instance: z.string() }), health: z.string() })),
  }),
});

/** One Prometheus. */
export class PrometheusServer {
  readonly #process: ServerProcess;
  readonly #folder: string;
  readonly #port: number;

  private constructor(process: ServerProcess, folder: string, port: number) {
    this.#process = process;
    this.#folder = folder;
    this.#port = port;
  }

  static async start(): Promise<PrometheusServer> {
    const file = program("prometheus", "prometheus");
    const folder = mkdtempSync(join(tmpdir(), "trimtab-prometheus-"));
    const config = {
      global: { scrape_interval: `${SCRAPE_S * 1000}ms`, scrape_timeout: `${SCRAPE_S * 1000}ms` },
      scrape_configs: [{ job_name: "models", file_sd_configs: [{ files: ["targets.json"], refresh_interval: "1s" }] }],
    };
    // JSON is YAML.
    writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
    writeFileSync(join(folder, "targets.json"), "[]");
    const port = await freePort();
    const args = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", `--web.listen-address=127.0.0.1:${port}`];
    const server = new PrometheusServer(new ServerProcess(file, args, { cwd: folder }), folder, port);
    await server.#process.ready(() => answers(`${server.url}/-/ready`), READY_MS);
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Scrapes these and no others, once this returns; Prometheus takes up to 5 s to take new targets. */
  async watch(ports: readonly number[]): Promise<void> {
    const wanted = ports.map((port) => `127.0.0.1:${port}`).sort();
    // Prometheus looks at the file whenever it changes: it must never see half of it.
    writeFileSync(join(this.#folder, "targets.new"), JSON.stringify([{ targets: wanted }]));
    renameSync(join(this.#folder, "targets.new"), join(this.#folder, "targets.json"));
    await this.#process.ready(async () => {
      const response = await fetch(`${this.url}/api/v1/targets?state=active`);
      const { data } = targetsSchema.parse(await response.json());
      const up = data.activeTargets.filter(({ health }) => health === "up").map(({ labels }) => labels.instance);
      return data.activeTargets.length === wanted.length && up.sort().join() === wanted.join();
    }, READY_MS);
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
