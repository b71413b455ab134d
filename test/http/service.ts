// A service over a temporary store, asked without a port.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import request from "supertest";
import { openService, type Service, type ServiceOptions } from "../../src/http/index.ts";

/** The embedded cluster of the tests: an hour of cluster time a second, so that passes come fast. */
export const fastCluster = {
  name: "default",
  scenario: "image-diurnal",
  agent: "region-q",
  optimizer: "mark",
  mode: "active",
  seed: 1,
  speed: 3600,
} as const;

const openServices = new Set<TestService>();

// A test that fails leaves its service open, and an open service keeps the whole run from ending.
afterAll(async () => {
  for (const service of openServices) await service.close();
});

/** A service and who asks it. */
export class TestService {
  readonly folder: string;
  readonly service: Service;

  private constructor(folder: string, service: Service) {
    this.folder = folder;
    this.service = service;
  }

  static async open(options: Partial<ServiceOptions> = {}, folder?: string): Promise<TestService> {
    const store = folder ?? mkdtempSync(join(tmpdir(), "trimtab-http-"));
    const service = await openService({
      storeFolder: store,
      version: "0.0.0-test",
      dataFolder: null,
      token: null,
      log: pino({ level: "silent" }),
      cluster: null,
      processMetrics: false,
      ...options,
    });
    const opened = new TestService(store, service);
    openServices.add(opened);
    return opened;
  }

  get ask(): ReturnType<typeof request> {
    return request(this.service.app);
  }

  /** Waits for something to be true of the service. */
  async until(holds: () => Promise<boolean> | boolean, withinMs = 40_000): Promise<void> {
    const endMs = Date.now() + withinMs;
    while (!(await holds())) {
      if (Date.now() > endMs) throw new Error(`expected it to hold within ${withinMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async close(): Promise<void> {
    openServices.delete(this);
    await this.service.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
