// Health: alive while the process answers, ready while it tunes and is not about to stop.

import { z } from "zod";
import { type Route, route } from "../route.ts";

/** What the health routes ask. */
export interface Health {
  /** Each check with why it fails; null where it passes. */
  checks(): Readonly<Record<string, string | null>>;
}

const checksSchema = z.object({
  status: z.enum(["ok", "failed"]),
  checks: z.record(z.string(), z.object({ status: z.enum(["ok", "failed"]), reason: z.string().nullable() })),
});

/** `/livez` and `/readyz`. */
export function healthRoutes(health: Health): Route[] {
  return [
    route({
      method: "get",
      path: "/livez",
      tag: "health",
      summary: "Whether the process answers",
      answer: { description: "It does", schema: z.object({ status: z.literal("ok") }) },
      handle: () => ({ json: { status: "ok" } }),
    }),
    route({
      method: "get",
      path: "/readyz",
      tag: "health",
      summary: "Whether the service tunes its clusters and takes requests; 503 when not",
      query: z.strictObject({ verbose: z.string().optional() }),
      answer: { description: "Every check passes", schema: checksSchema },
      handle: () => {
        const entries = Object.entries(health.checks());
        const ready = entries.every(([, reason]) => reason === null);
        const checks = Object.fromEntries(
          entries.map(([name, reason]) => [name, { status: reason === null ? "ok" : "failed", reason }]),
        );
        return { status: ready ? 200 : 503, json: { status: ready ? "ok" : "failed", checks } };
      },
    }),
  ];
}
