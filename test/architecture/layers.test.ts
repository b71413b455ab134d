// The layout is a rule, not a picture: layers, cycles, sizes and forbidden globals.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";

const root = join(__dirname, "..", "..");

const layers: readonly (readonly string[])[] = [
  ["src/core"],
  ["src/math", "src/spaces", "src/catalogue", "src/store"],
  ["src/workload", "src/profiles", "src/queueing", "src/trust", "src/networks"],
  ["src/slowdown", "src/performance", "src/switching"],
  ["src/simulator", "src/optimizers", "src/guards", "src/gateway"],
  ["src/clusters", "agents"],
  ["environments"],
  ["src/control"],
  ["src/training", "src/export"],
  ["src/config.ts", "src/report"],
  ["src/http"],
  ["bench"],
  ["src/cli", "src/index.ts"],
];

/** Folders where time, chance and timers may be asked for directly. */
const edge = ["src/clusters", "src/control", "src/http", "src/gateway", "src/cli", "bench"];

/** Longest file that passes; above 250 lines ask why. */
const HARD_LIMIT_LINES = 400;

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function walk(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return walk(path);
    return entry.name.endsWith(".ts") ? [path] : [];
  });
}

const importPattern = /(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;

const files: SourceFile[] = ["src", "agents", "environments", "bench"].flatMap(walk).map((path) => {
  const text = readFileSync(join(root, path), "utf8");
  const imports = [...text.matchAll(importPattern)].map((match) =>
    relative(root, normalize(join(root, dirname(path), match[1] ?? ""))),
  );
  return { path, text, imports };
});

function owner(path: string): string {
  const folder = layers.flat().find((name) => path === name || path.startsWith(`${name}/`));
  if (folder === undefined) throw new Error(`${path}: expected a folder named in the layer table`);
  return folder;
}

function layerOf(path: string): number {
  const folder = owner(path);
  return layers.findIndex((names) => names.includes(folder));
}

test("every source file belongs to a layer", () => {
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect(() => owner(file.path)).not.toThrow();
});

test("a file imports only from its own folder or from a lower layer", () => {
  const wrong = files.flatMap((file) =>
    file.imports
      .filter((target) => owner(target) !== owner(file.path) && layerOf(target) >= layerOf(file.path))
      .map((target) => `${file.path} -> ${target}`),
  );
  expect(wrong).toEqual([]);
});

test("no import cycles, type imports included", () => {
  const graph = new Map(files.map((file) => [file.path, file.imports]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const file of files) visit(file.path, []);
  expect(cycles).toEqual([]);
});

test("every relative import names a file that exists", () => {
  const known = new Set(files.map((file) => file.path));
  const missing = files.flatMap((file) =>
    file.imports.filter((target) => !known.has(target)).map((target) => `${file.path} -> ${target}`),
  );
  expect(missing).toEqual([]);
});

test(`no source file is longer than ${HARD_LIMIT_LINES} lines`, () => {
  const long = files.filter((file) => file.text.split("\n").length > HARD_LIMIT_LINES).map((file) => file.path);
  expect(long).toEqual([]);
});

test("time, chance and timers are arguments outside the edge", () => {
  const forbidden = /\b(?:Date\.now|Math\.random|setTimeout|setInterval|performance\.now)\b|new Date\(\)/;
  const wrong = files
    .filter((file) => !edge.some((folder) => file.path.startsWith(`${folder}/`)))
    .filter((file) => forbidden.test(file.text))
    .map((file) => file.path);
  expect(wrong).toEqual([]);
});

test("no file opts out of the type checker", () => {
  const wrong = files
    .filter((file) => /@ts-ignore|@ts-nocheck|\bas any\b|: any\b/.test(file.text))
    .map((file) => file.path);
  expect(wrong).toEqual([]);
});
