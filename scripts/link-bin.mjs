// Makes `npx trimtab` run this checkout's own build, as it would for a project that installed the package.

import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = join(root, "dist", "src", "cli", "main.js");
const link = join(root, "node_modules", ".bin", "trimtab");
if (existsSync(target) && existsSync(join(root, "node_modules"))) {
  chmodSync(target, 0o755);
  mkdirSync(join(root, "node_modules", ".bin"), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(join("..", "..", "dist", "src", "cli", "main.js"), link);
}
