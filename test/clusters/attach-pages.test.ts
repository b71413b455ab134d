// Every adapter has a page that tells how to attach, with a cluster file to copy that is accepted as it stands.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { checkCluster } from "../../environments/index.ts";
import { adapters } from "../../src/clusters/index.ts";
import { parseGatewaySettings } from "../../src/gateway/index.ts";
import { packageRoot } from "../../src/store/index.ts";

const folder = join(packageRoot(), "docs", "attach");

function page(name: string): string {
  return readFileSync(join(folder, `${name}.md`), "utf8");
}

function yamlOf(name: string): unknown[] {
  return [...page(name).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => parse(text));
}

const names = adapters.map(({ name }) => name);

test.each(names)("%s: a cluster file to copy, permissions, knobs, what is measured, how to go back", (name) => {
  const files = yamlOf(name);
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect(checkCluster(file, name)).toMatchObject({ adapter: name });
  for (const part of ["Permissions", "Knobs", "What is measured", "Rolling back", "Limits"]) {
    expect(page(name)).toMatch(new RegExp(`^\\*\\*${part}[.*]`, "m"));
  }
});

test("the overview links a page for every adapter, and no page is of none", () => {
  const overview = page("README");
  for (const name of names) expect(overview).toContain(`[${name}](${name}.md)`);
  const pages = readdirSync(folder).map((file) => file.replace(/\.md$/, ""));
  expect(pages.filter((one) => one !== "README").sort()).toEqual([...names].sort());
});

test("the gateway's guide shows a file that the gateway accepts", () => {
  const [settings] = yamlOf("../gateway");
  expect(parseGatewaySettings(settings, "guide").models.map(({ name }) => name)).toEqual(["resnet"]);
});
