import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeFingerprint } from "../../src/store/index.ts";

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trimtab-code-"));
  await mkdir(at("parts"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("a fingerprint follows imports within the package, and changes with what they reach alone", async () => {
  await writeFile(at("entry.js"), 'import { a } from "./parts/a.js";\nimport "node:fs";\nexport const b = a;\n');
  await writeFile(at("parts/a.js"), 'export { a } from "../deep.js";\n');
  await writeFile(at("deep.js"), "export const a = 1;\n");
  await writeFile(at("other.js"), 'import "./unseen.js";\n');
  const whole = [at("entry.js")];
  const before = await codeFingerprint({ whole });
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  expect(await codeFingerprint({ whole, alone: [at("other.js")] })).not.toBe(before);
  await writeFile(at("other.js"), "export {};\n");
  expect(await codeFingerprint({ whole })).toBe(before);
  await writeFile(at("deep.js"), "export const a = 2;\n");
  expect(await codeFingerprint({ whole })).not.toBe(before);
});
