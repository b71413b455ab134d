// The pages on attaching: every cluster file shown there is one that the adapters take.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { checkCluster } from "../../environments/index.ts";
import { adapters } from "../../src/clusters/index.ts";

const folder = join(__dirname, "..", "..", "docs", "attach");

const examples = readdirSync(folder).flatMap((page) => {
  const text = readFileSync(join(folder, page), "utf8");
  return [...text.matchAll(/```yaml\n(.*?)```/gs)].map((match, i) => ({ page, i, text: match[1] ?? "" }));
});

test("there is an example for each page", () => {
  const pages = readdirSync(folder);
  expect(new Set(examples.map(({ page }) => page))).toEqual(new Set(pages));
  const known = adapters.map(({ name }) => `${name}.md`);
  for (const page of pages) expect(known).toContain(page);
});

test.each(examples)("$page, example $i", ({ page, text }) => {
  expect(() => checkCluster(parse(text), page)).not.toThrow();
});
