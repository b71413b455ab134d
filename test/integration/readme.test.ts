// The README is true: its example runs as printed, and so does each of its commands.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(__dirname, "..", "..");
const cli = join(root, "dist", "src", "cli", "main.js");
let folder: string;
let readme: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trimtab-readme-"));
  readme = await readFile(join(root, "README.md"), "utf8");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("the ten-line example is the file that runs, and it prints a verdict for each policy", async () => {
  const printed = /```js\n([\s\S]*?)```/.exec(readme)?.[1]?.trim();
  const source = await readFile(join(root, "examples", "quickstart.mjs"), "utf8");
  expect(source).toContain(printed);
  const { stdout } = await run("node", [join(root, "examples", "quickstart.mjs")], { cwd: folder });
  const lines = stdout.trim().split("\n");
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line).toMatch(/^\S+ (met|missed) its SLO \$\d+\.\d\d$/);
  expect(await readFile(join(folder, "policy.py"), "utf8")).toMatch(/^def act\(observation/m);
});

test("each command of the README's command-line section runs as printed", async () => {
  const section = readme.slice(readme.indexOf("## From the command line"), readme.indexOf("## Results"));
  const commands = [...section.matchAll(/^npx trimtab (.+)$/gm)].map((match) => (match[1] ?? "").split(/\s+/));
  expect(commands.length).toBeGreaterThanOrEqual(3);
  for (const words of commands) await expect(run("node", [cli, ...words], { cwd: folder })).resolves.toBeDefined();
});

test("each command of the page on exports runs as printed", async () => {
  const page = await readFile(join(root, "docs", "export.md"), "utf8");
  const commands = [...page.matchAll(/^npx trimtab (.+)$/gm)].map((match) => (match[1] ?? "").split(/\s+/));
  expect(commands.length).toBeGreaterThanOrEqual(3);
  for (const words of commands) await expect(run("node", [cli, ...words], { cwd: folder })).resolves.toBeDefined();
});

test("every relative link of the README and the docs resolves", async () => {
  const tracked = (await run("git", ["ls-files", "*.md"], { cwd: root })).stdout.trim().split("\n");
  expect(tracked).toEqual(expect.arrayContaining(["README.md", "ARCHITECTURE.md", "docs/getting-started.md"]));
  const broken: string[] = [];
  for (const page of tracked) {
    const text = await readFile(join(root, page), "utf8");
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]+)/g)) {
      if (!existsSync(join(root, page, "..", target))) broken.push(`${page} -> ${target}`);
    }
  }
  expect(broken).toEqual([]);
});
