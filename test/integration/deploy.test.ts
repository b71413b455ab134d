// What is under deploy holds: Prometheus takes the rules and the metrics, Kubernetes' schemas take the manifests, and the
// dashboard for Grafana asks only for metrics there are.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { packageRoot } from "../../src/store/index.ts";
import { Serving } from "./dashboard/serving.ts";

const run = promisify(execFile);
const root = packageRoot();
const deploy = join(root, "deploy");

let folder: string;
let metrics: string;

async function promtool(...words: string[]): Promise<string> {
  try {
    return (await run("promtool", words, { cwd: folder })).stdout;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new Error("promtool is missing: run scripts/provision.sh monitoring");
    }
    throw error;
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trimtab-deploy-"));
  const serving = await Serving.start(join(folder, "store"), "--port", "0", "--speed", "3600");
  const page = async (): Promise<string> => (await fetch(`${serving.url}/metrics`)).text();
  while (!/trimtab_slo_attainment_ratio\{/.test(await page())) await new Promise((resolve) => setTimeout(resolve, 200));
  metrics = await page();
  await serving.stop();
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const panelSchema = z.object({
  id: z.number().int(),
  type: z.enum(["row", "timeseries", "stat"]),
  title: z.string().min(1),
  gridPos: z.object({ h: z.number().int(), w: z.number().int().max(24), x: z.number().int(), y: z.number().int() }),
  targets: z.array(z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string() })).default([]),
});
const dashboardSchema = z.object({
  title: z.literal("Trimtab"),
  uid: z.string(),
  schemaVersion: z.number().int().min(36),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string() })) }),
  annotations: z.object({ list: z.array(z.object({ expr: z.string() })) }),
  panels: z.array(panelSchema).min(10),
});

/** Metrics an expression asks for. */
function asked(text: string): string[] {
  return [...new Set([...text.matchAll(/\btrimtab_[a-z_]+/g)].map((match) => match[0]))];
}

function told(name: string): boolean {
  return metrics.includes(`# TYPE ${name.replace(/_(bucket|sum|count)$/, "")} `) || metrics.includes(`# TYPE ${name} `);
}

test("promtool takes the page of metrics", async () => {
  const path = join(folder, "metrics.txt");
  await writeFile(path, metrics);
  await run("bash", ["-c", `set -o pipefail; promtool check metrics < ${path}`]);
});

test("promtool takes the rules, and the alerts fire on what they are for", async () => {
  expect(await promtool("check", "rules", join(deploy, "prometheus", "rules.yaml"))).toContain("SUCCESS");
  await promtool("test", "rules", join(deploy, "prometheus", "rules.test.yaml"));
  const rules = await readFile(join(deploy, "prometheus", "rules.yaml"), "utf8");
  const expressions = [...rules.matchAll(/expr: ((?:\|\n)?(?:.+\n)(?: {10}.+\n)*)/g)].map((match) => match[1] ?? "");
  for (const name of asked(expressions.join("\n"))) expect([name, told(name)]).toEqual([name, true]);
});

test("the dashboard for Grafana has its form, its expressions are PromQL, and ask for metrics there are", async () => {
  const text = await readFile(join(deploy, "grafana", "trimtab.json"), "utf8");
  const { panels, annotations } = dashboardSchema.parse(JSON.parse(text));
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const expressions = [...panels.flatMap(({ targets }) => targets), ...annotations.list].map(({ expr }) => expr);
  const rules = expressions.map((expr, i) => {
    const plain = expr.replaceAll("$__rate_interval", "5m").replaceAll("$cluster", ".*");
    return `      - record: panel:${i}\n        expr: ${JSON.stringify(plain)}\n`;
  });
  const path = join(folder, "panels.yaml");
  await writeFile(path, `groups:\n  - name: panels\n    rules:\n${rules.join("")}`);
  expect(await promtool("check", "rules", path)).toContain(`${expressions.length} rules found`);
  for (const name of asked(expressions.join("\n"))) expect([name, told(name)]).toEqual([name, true]);
});

test("Kubernetes' own schemas take the manifests", async () => {
  const validate = join(root, ".provisioned", "kubernetes-schemas", "bin", "kubernetes-validate");
  if (!existsSync(validate)) throw new Error("kubernetes-validate is missing: run scripts/provision.sh monitoring");
  const rendered = join(deploy, "kubernetes", "trimtab.yaml");
  await run(validate, ["--strict", rendered]);
});

test("the image starts what the command line knows, as nobody special", async () => {
  const dockerfile = await readFile(join(deploy, "Dockerfile"), "utf8");
  expect(dockerfile).toMatch(/^USER node$/m);
  const command: string[] = JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? "[]");
  const help = (await run("node", [join(root, "dist", "src", "cli", "main.js"), "serve", "--help"])).stdout;
  for (const flag of command.filter((word) => word.startsWith("--"))) expect(help).toContain(`${flag} `);
  for (const [, from = ""] of dockerfile.matchAll(/^COPY --from=build \/app\/(\S+)/gm)) {
    if (from !== "dist" && from !== "node_modules") expect([from, existsSync(join(root, from))]).toEqual([from, true]);
  }
});
