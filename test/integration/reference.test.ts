// Reference checkpoints are what the command beside them makes, to the byte.

import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(__dirname, "..", "..");

test("every reference checkpoint is listed with its command, and the command makes it again", async () => {
  const text = await readFile(join(root, "checkpoints", "README.md"), "utf8");
  const listed = [...text.matchAll(/^\| `reference\/(\S+)` \| `trimtab (.+) --out <file>` \|$/gm)];
  const files = await readdir(join(root, "checkpoints", "reference"));
  expect(listed.map((match) => match[1]).sort()).toEqual(files.sort());
  const folder = await mkdtemp(join(tmpdir(), "trimtab-reference-"));
  try {
    for (const [, file = "", command = ""] of listed) {
      const made = join(folder, file);
      await run("node", [join(root, "dist", "src", "cli", "main.js"), ...command.split(" "), "--out", made]);
      expect((await readFile(made)).equals(await readFile(join(root, "checkpoints", "reference", file)))).toBe(true);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
