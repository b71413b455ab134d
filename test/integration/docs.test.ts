// The guides are true: every command in them runs as printed, one after the other, as a newcomer would type them.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../src/store/index.ts";
import { Serving } from "./dashboard/serving.ts";

const run = promisify(execFile);
const root = packageRoot();
const ADDRESS = "127.0.0.1:8080";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trimtab-docs-"));
  // In a clone npx finds the clone's own build; here, outside it, this stands in for that.
  await mkdir(join(folder, "bin"));
  const cli = join(root, "dist", "src", "cli", "main.js");
  await writeFile(join(folder, "bin", "npx"), `#!/bin/sh\nshift\nexec node ${cli} "$@"\n`, { mode: 0o755 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The shell blocks of a page, in order. */
async function blocksOf(page: string): Promise<string[]> {
  const text = await readFile(join(root, "docs", page), "utf8");
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error("expected it to hold within two minutes");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function type(block: string, cwd: string): Promise<string> {
  const env = { ...process.env, PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"]}` };
  const { stdout } = await run("bash", ["-euo", "pipefail", "-c", block], { cwd, env, maxBuffer: 64 << 20 });
  return stdout;
}

test("the five-minute guide", async () => {
  const cwd = await mkdtemp(join(folder, "five-"));
  const [start, ...rest] = await blocksOf("getting-started.md");
  // What stands in the first block is how this very checkout was installed, and how the service below is started.
  expect(start).toBe("npm ci\nnpm start\n");
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  expect(manifest.scripts.start).toBe("node dist/src/cli/main.js serve");
  const serving = await Serving.start(join(cwd, "store"), "--port", "0");
  try {
    const [asks = "", ...commands] = rest;
    expect(asks.split(ADDRESS).length).toBe(5);
    const answers = await type(asks.replaceAll(ADDRESS, new URL(serving.url).host), cwd);
    expect(answers).toContain('"scenario":"image-diurnal"');
    expect(answers).toContain("trimtab_cost_usd_per_hour");
    await serving.stop();
    for (const block of commands) await type(block, cwd);
  } finally {
    await serving.stop();
  }
  for (const made of ["rules.html", "learnt.html"]) {
    expect(await readFile(join(cwd, made), "utf8")).toContain("To repeat this");
  }
  expect(JSON.parse(await readFile(join(cwd, "t1.json"), "utf8"))).toMatchObject({ kind: "region-q" });
}, 290_000);

test("training on one's own trace", async () => {
  const cwd = await mkdtemp(join(folder, "trace-"));
  for (const block of await blocksOf("train-on-your-trace.md")) await type(block, cwd);
  const report = await readFile(join(cwd, "mine.html"), "utf8");
  expect(report).toContain("mine-1, seed 1");
  expect(report).toContain("mine-2, seed 2");
}, 290_000);

test("the commands of the deployment guide that need no cluster of machines", async () => {
  for (const block of await blocksOf("deploy.md")) await type(block, folder);
});

test("from watching to acting and back, on real servers", async () => {
  const cwd = await mkdtemp(join(folder, "attach-"));
  const [start, ...rest] = await blocksOf("attach/README.md");
  // How the service below is started.
  expect(start).toBe("npx trimtab serve --cluster local\n");
  const serving = await Serving.start(join(cwd, "store"), "--cluster", "local", "--port", "0");
  const atPort = (block: string): string => block.replaceAll(ADDRESS, new URL(serving.url).host);
  const outcomes = async (): Promise<readonly string[]> => {
    const answer = await fetch(`${serving.url}/v1/clusters/local/decisions?limit=100`);
    const { items } = (await answer.json()) as { items: readonly { readonly outcome: string }[] };
    return items.map(({ outcome }) => outcome);
  };
  try {
    const [asks = "", act = "", back = ""] = rest;
    await eventually(async () => (await outcomes()).length > 0);
    expect(await type(atPort(asks), cwd)).toContain('"cluster":"local"');
    expect(await type(atPort(act), cwd)).toContain('"mode":"active"');
    // It starts with one server too many: there is a configuration to go back to once that was seen and changed.
    await eventually(async () => (await outcomes()).includes("applied"));
    expect(await type(atPort(back), cwd)).toContain('"mode":"shadow"');
  } finally {
    await serving.stop();
  }
}, 290_000);

/** What a block without a language does, or why it is not run: it needs what no test brings along. */
const UNRUN = [/^docker /m, /^kubectl /m, /^features {2}/m];

test("no command stands in the docs that is not run", async () => {
  const run = ["getting-started.md", "train-on-your-trace.md", "deploy.md", "attach/README.md"];
  const files = await readdir(join(root, "docs"), { recursive: true });
  for (const page of files.filter((file) => file.endsWith(".md"))) {
    const text = await readFile(join(root, "docs", page), "utf8");
    const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, block = ""]) => ({
      language,
      block,
    }));
    // The page on exports is run beside the README.
    if (page === "export.md") continue;
    for (const { language, block } of blocks) {
      if (language === "sh") expect(run).toContain(page);
      if (language === "") expect({ page, known: UNRUN.some((one) => one.test(block)) }).toEqual({ page, known: true });
    }
  }
});
