// Builds the dashboard into dist/web: `node scripts/build-web.mjs`. Everything a page needs is in there; nothing is fetched.

import { copyFile, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const from = (path) => fileURLToPath(new URL(`../web/${path}`, import.meta.url));
const folder = fileURLToPath(new URL("../dist/web", import.meta.url));

await mkdir(folder, { recursive: true });
await build({
  entryPoints: { app: from("src/main.tsx"), theme: from("src/theme-at-load.ts") },
  outdir: folder,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "warning",
});
for (const name of ["index.html", "icon.svg"]) await copyFile(from(name), `${folder}/${name}`);
