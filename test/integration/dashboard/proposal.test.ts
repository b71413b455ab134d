// The buttons of the dashboard on a cluster that is not simulated: a change rejected and approved, a mode set, a rollback.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import type { Configuration, DecisionRecord } from "../../../src/core/index.ts";
import { Shop } from "../../clusters/shop.ts";
import { openBrowser, openPage, screens, seriousFaults } from "./browser.ts";
import { Serving } from "./serving.ts";

/** A proposal as the API tells it. */
interface ProposalView {
  readonly id: string;
  readonly status: string;
  readonly proposed: Configuration;
  readonly decision: string | null;
}

let folder: string;
let browser: Browser;
let shop: Shop;
let serving: Serving;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "trimtab-proposal-"));
  shop = await Shop.open();
  const file = shop.file({ mode: "advisory", proposals: { expireAfterS: 100_000_000 } });
  await writeFile(join(folder, "cluster.yaml"), JSON.stringify(file));
  [browser, serving] = await Promise.all([
    openBrowser(),
    Serving.start(join(folder, "store"), "--port", "0", "--cluster", join(folder, "cluster.yaml")),
  ]);
}, 120_000);

afterEach(async () => {
  await browser?.close();
  await serving?.stop();
  await shop.close();
  await rm(folder, { recursive: true, force: true });
});

async function read<T>(path: string): Promise<T> {
  return (await (await fetch(`${serving.url}/v1/clusters/shop${path}`)).json()) as T;
}

const pressed = (page: Page, mode: string): Promise<void> =>
  page.locator('button[aria-pressed="true"]', { hasText: mode }).waitFor();

test.each(Object.keys(screens) as (keyof typeof screens)[])(
  "on a %s: a change is rejected, another approved, a mode set, and all of it rolled back",
  async (screen) => {
    const { page, complaints } = await openPage(browser, screen);
    page.setDefaultTimeout(45_000);
    await page.goto(`${serving.url}/#/clusters/shop`);
    const waiting = page.getByRole("region", { name: "Waits for you" });
    await waiting.getByText(/Saw .*requests\/s/).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);

    const [first] = (await read<{ items: readonly ProposalView[] }>("/proposals?status=pending")).items;
    await waiting.getByRole("button", { name: "Reject" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect(await read<ProposalView>(`/proposals/${first?.id}`)).toMatchObject({ status: "pending" });
    await waiting.getByRole("button", { name: "Reject" }).click();
    await page.getByRole("button", { name: "Reject the change" }).click();
    await waiting.waitFor({ state: "hidden" });
    expect(await read<ProposalView>(`/proposals/${first?.id}`)).toMatchObject({ status: "rejected" });
    expect(shop.server.asked).toEqual([]);

    // What was rejected is not proposed again; under another budget something else is.
    const body = JSON.stringify({ usdPerHour: 4 });
    const headers = { "content-type": "application/json" };
    await fetch(`${serving.url}/v1/clusters/shop/budget`, { method: "PUT", headers, body });
    await waiting.getByRole("button", { name: "Approve" }).click();
    const [second] = (await read<{ items: readonly ProposalView[] }>("/proposals?status=pending")).items;
    await page.getByRole("button", { name: "Approve the change" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    const approved = await read<ProposalView>(`/proposals/${second?.id}`);
    expect(approved).toMatchObject({ status: "approved", decision: expect.stringMatching(/^shop-\d+$/) });
    expect(shop.server.asked).toEqual([{ configuration: approved.proposed }]);
    expect(await read<DecisionRecord>(`/decisions/${approved.decision}`)).toMatchObject({
      actor: "operator",
      outcome: "applied",
      applied: approved.proposed,
      proposal: approved.id,
    });

    await page.getByRole("button", { name: "canary", exact: true }).click();
    await page.getByRole("button", { name: "Set canary" }).click();
    await pressed(page, "canary");
    await page.getByRole("button", { name: "active", exact: true }).click();
    await page.getByRole("button", { name: "Set active" }).click();
    await pressed(page, "active");
    await page.getByRole("button", { name: "Roll back" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    const { items } = await read<{ items: readonly DecisionRecord[] }>("/decisions?limit=200");
    const rolledBack = items.find(({ outcome, actor }) => outcome === "rolled-back" && actor === "operator");
    expect(rolledBack?.reason).toMatch(/rolled back by the operator/);
    expect(complaints).toEqual([]);
    await page.context().close();
  },
  240_000,
);
