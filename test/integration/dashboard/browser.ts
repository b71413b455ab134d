// The system's Chromium, and pages in it that keep what goes wrong.

import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

function executable(): string {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    try {
      return execFileSync("which", [name], { encoding: "utf8" }).trim();
    } catch {}
  }
  throw new Error("chromium is missing: run scripts/provision.sh browser");
}

/** Starts the browser, with a profile of its own. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: executable(), args: flags });
}

/** A size of screen. */
export const screens = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
} as const;

/** A page and what its console complained of. */
export interface WatchedPage {
  readonly page: Page;
  readonly complaints: string[];
}

/** Opens a page. */
export async function openPage(
  browser: Browser,
  screen: keyof typeof screens,
  colorScheme: "light" | "dark" = "light",
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: screens[screen],
    colorScheme,
    ...(screen === "phone" ? { hasTouch: true, isMobile: true } : {}),
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  return { page, complaints };
}

const axePath = createRequire(__filename).resolve("axe-core/axe.min.js");

/** Serious accessibility faults of a page as it is now. */
export async function seriousFaults(page: Page): Promise<string[]> {
  // The page's own policy lets no foreign script in; the tool is put in from outside it.
  const client = await page.context().newCDPSession(page);
  await client.send("Page.setBypassCSP", { enabled: true });
  await page.evaluate(await readFile(axePath, "utf8"));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{
          violations: { id: string; impact: string; nodes: { target: unknown[]; failureSummary: string }[] }[];
        }>;
      };
    };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map((node) => `${String(node.target[0])} ${node.failureSummary}`).join(" | ")}`,
      );
  });
}
