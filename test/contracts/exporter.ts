// What every exporter promises of every policy: it acts as the policy, or says how far it does not, or refuses with the reason.

import type { OpenScenario } from "../../environments/index.ts";
import { ExportError, type PolicyExporter, type PolicySpec } from "../../src/core/index.ts";
import { exportSource, verifyExport } from "../../src/export/index.ts";
import { SeededRandom } from "../../src/math/index.ts";

/** A policy and the formats that cannot hold it, by the reason they must give. */
export interface ExportedPolicy {
  readonly name: string;
  readonly make: () => Promise<{ readonly open: OpenScenario; readonly spec: PolicySpec }>;
  /** Observations each export is replayed on. */
  readonly observations: number;
  readonly refused: Readonly<Record<string, RegExp>>;
}

/** Runs the contract of all formats over one policy. */
export function describeExports(exporters: readonly PolicyExporter[], policy: ExportedPolicy): void {
  describe(`exports of ${policy.name}`, () => {
    const made = policy.make().then(({ open, spec }) => ({ open, source: exportSource(open, spec) }));

    for (const exporter of exporters) {
      const reason = policy.refused[exporter.format];
      const promise =
        reason === undefined ? `agrees on ${policy.observations} sampled observations` : "is refused with a reason";
      test(`${exporter.format} ${promise}`, async () => {
        const { open, source } = await made;
        if (reason !== undefined) {
          await expect(exporter.export(source)).rejects.toThrow(ExportError);
          await expect(exporter.export(source)).rejects.toThrow(reason);
          return;
        }
        const files = await exporter.export(source);
        const random = new SeededRandom(10);
        const observations = Array.from({ length: policy.observations }, () => open.observationSpace.sample(random));
        const fidelity = await verifyExport(exporter, files, source, observations);
        expect(fidelity.observations).toBe(policy.observations);
        expect(fidelity.knobs.length).toBeGreaterThan(0);
        if (fidelity.exact) expect(fidelity).toMatchObject({ agreement: 1, largestDifference: 0 });
      });
    }
  });
}
