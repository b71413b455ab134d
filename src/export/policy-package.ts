// The policy package: every format that can hold a policy in one folder or tar, with a manifest that says how far each agrees.

import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isScenario, type TuningTask } from "../../environments/index.ts";
import { type ExportedFile, type PolicyExporter, type PolicySpec, toJson } from "../core/index.ts";
import { writeFileAtomically } from "../store/index.ts";
import { type Exported, exportPolicy, fidelityLine } from "./export-policy.ts";

/** A policy in every format that can hold it. */
export interface PolicyPackage {
  /** "policy-<kind>-<first digits of its digest>"; the folder's and the tar's name. */
  readonly name: string;
  readonly files: readonly ExportedFile[];
  readonly exported: readonly Exported[];
  /** Formats that cannot hold the policy, and why. */
  readonly refused: readonly { readonly format: string; readonly reason: string }[];
}

function bytesOf({ content }: ExportedFile): Uint8Array {
  return typeof content === "string" ? Buffer.from(content, "utf8") : content;
}

function manifestOf(open: TuningTask, spec: PolicySpec, made: Omit<PolicyPackage, "files">): string {
  const { kind, environment, seed, training, sha256, bounds, knobs } = spec;
  const manifest = {
    format: "trimtab-package",
    version: 1,
    name: made.name,
    policy: { kind, environment, seed, training, sha256 },
    scenario: isScenario(open) ? open.scenario.name : null,
    intervalS: open.intervalS,
    objective: open.objective,
    observationSpace: open.observationSpace.toJSON(),
    observationFeatures: open.observationSpace.features,
    actionSpace: open.lattice.toJSON(),
    knobs,
    guardrails: bounds,
    exports: made.exported.map(({ format, mediaType, files, fidelity }) => ({
      format,
      mediaType,
      files: files.map((file) => {
        const bytes = bytesOf(file);
        const digest = createHash("sha256").update(bytes).digest("hex");
        return { name: file.name, bytes: bytes.length, sha256: digest };
      }),
      fidelity,
    })),
    refused: made.refused,
  };
  return `${JSON.stringify(toJson(manifest), null, 2)}\n`;
}

function readmeOf(open: TuningTask, spec: PolicySpec, made: Omit<PolicyPackage, "files">): string {
  const { kind, environment, seed, training, sha256 } = spec;
  const lines = made.exported.map((one) => `- \`${one.files[0].name}\`: ${fidelityLine(one)}`);
  const refused = made.refused.map(({ format, reason }) => `- ${format}: ${reason}`);
  return `# ${made.name}

A policy \`${kind}\` for \`${environment}\`, trained for ${training.steps} steps with seed ${seed}; sha256 \`${sha256}\`.
It decides every ${open.intervalS} s on ${spec.knobs.map(({ name }) => `\`${name}\``).join(", ")}.
\`manifest.json\` has the spaces, units, guardrails and digests of everything here.

## Files
${lines.join("\n")}
${refused.length === 0 ? "" : `\n## Not here\n${refused.join("\n")}\n`}
## Guardrails
The policy was trained inside them and does not repeat them: initial configuration \`${JSON.stringify(toJson(spec.bounds.initial))}\`,
budget ${spec.bounds.budgetUsdPerHour === null ? "none" : `${spec.bounds.budgetUsdPerHour} USD/h`}. Whoever runs it keeps the bounds.
`;
}

/**
 * Packs a policy in every format that can hold it.
 * @throws {ExportError} when a format that promises so does not act as the policy
 */
export async function packagePolicy(
  open: TuningTask,
  spec: PolicySpec,
  formats: readonly PolicyExporter[],
): Promise<PolicyPackage> {
  const refused: { format: string; reason: string }[] = [];
  const exported = await exportPolicy(open, spec, formats, (format, error) => {
    refused.push({ format, reason: error.message });
  });
  const name = `policy-${spec.kind}-${spec.sha256.slice(0, 12)}`;
  const made = { name, exported, refused };
  const files = [
    { name: "manifest.json", content: manifestOf(open, spec, made) },
    { name: "README.md", content: readmeOf(open, spec, made) },
    // Two formats may need the same file.
    ...new Map(exported.flatMap((one) => one.files.map((file) => [file.name, file] as const))).values(),
  ];
  return { ...made, files };
}

/** Writes files into a folder, each whole or not at all. */
export async function writeFolder(folder: string, files: readonly ExportedFile[]): Promise<void> {
  for (const file of files) {
    const path = join(folder, file.name);
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomically(path, bytesOf(file));
  }
}

/** The files as a tar, in a folder of that name. Same files, same bytes. */
export async function tarOf(folder: string, files: readonly ExportedFile[]): Promise<Uint8Array> {
  const { createTar } = await import("nanotar");
  const attrs = { mtime: 0, uid: 0, gid: 0 };
  return createTar(files.map((file) => ({ name: `${folder}/${file.name}`, data: bytesOf(file), attrs })));
}
