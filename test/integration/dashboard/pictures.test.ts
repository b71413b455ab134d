// The pictures of the README: taken from the running dashboard. UPDATE_PICTURES=1 writes them to docs/images.

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../../src/store/index.ts";
import { openBrowser, openPage, type screens } from "./browser.ts";
import { Serving } from "./serving.ts";

interface Picture {
  readonly name: string;
  readonly hash: string;
  readonly screen: keyof typeof screens;
  readonly colours: "light" | "dark";
}

const pictures: readonly Picture[] = [
  { name: "clusters", hash: "", screen: "desktop", colours: "light" },
  { name: "cluster", hash: "#/clusters/default", screen: "desktop", colours: "light" },
  { name: "decision-dark", hash: "#/clusters/default/decisions/default-40", screen: "desktop", colours: "dark" },
  { name: "phone", hash: "#/clusters/default", screen: "phone", colours: "light" },
];

/** Larger ones slow the README down. */
const LARGEST_BYTES = 200 * 1024;

const folderOfImages = join(packageRoot(), "docs", "images");
const pngStart = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

test("each page can be pictured, and the README shows the pictures there are", async () => {
  const folder = await mkdtemp(join(tmpdir(), "trimtab-pictures-"));
  const [browser, serving] = await Promise.all([
    openBrowser(),
    Serving.start(folder, "--port", "0", "--speed", "3600"),
  ]);
  const update = process.env["UPDATE_PICTURES"] === "1";
  try {
    const ready = async (): Promise<boolean> => {
      const cluster = await (await fetch(`${serving.url}/v1/clusters/default`)).json();
      const savings = await (await fetch(`${serving.url}/v1/clusters/default/savings`)).json();
      return update ? cluster.decisions > 1440 && savings.result?.windows > 100 : cluster.decisions > 60;
    };
    while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, 1000));
    await mkdir(folderOfImages, { recursive: true });
    for (const { name, hash, screen, colours } of pictures) {
      const { page } = await openPage(browser, screen, colours);
      await page.goto(`${serving.url}/${hash}`);
      await page.locator(".panel").first().waitFor();
      await page.waitForTimeout(2500);
      const taken = await page.screenshot();
      expect(taken.subarray(0, 4)).toEqual(pngStart);
      expect(taken.length).toBeLessThan(LARGEST_BYTES);
      if (update) await writeFile(join(folderOfImages, `${name}.png`), taken);
      await page.context().close();
    }
  } finally {
    await browser.close();
    await serving.stop();
    await rm(folder, { recursive: true, force: true });
  }
  const readme = await readFile(join(packageRoot(), "README.md"), "utf8");
  for (const { name } of pictures) {
    expect((await readFile(join(folderOfImages, `${name}.png`))).subarray(0, 4)).toEqual(pngStart);
    expect(readme).toContain(`docs/images/${name}.png`);
  }
}, 560_000);
