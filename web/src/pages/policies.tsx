// Policies: what was learnt where, and the way out to other controllers.

import { useState } from "preact/hooks";
import { download, type ExportFormat, type Page, type Policy } from "../api.ts";
import { Badge, Empty, Failure } from "../parts/bits.tsx";
import { aboutTrainings, useResource } from "../resource.ts";
import { to } from "../router.ts";

function Row({
  policy,
  formats,
  fail,
}: {
  policy: Policy;
  formats: readonly ExportFormat[];
  fail: (text: string | null) => void;
}) {
  const { id, kind, scenario, sha256, cluster, training } = policy;
  const save = (format: string): void => {
    fail(null);
    download(`/v1/policies/${id}/export?format=${encodeURIComponent(format)}`, `${id}.${format}`).catch(
      (error: unknown) => fail(`${id} as ${format}: ${error instanceof Error ? error.message : String(error)}`),
    );
  };
  return (
    <article class="panel policy">
      <header>
        <h2>{id}</h2>
        <Badge kind={cluster === null ? "plain" : "agent"} text={cluster === null ? "trained" : "live"} />
        <span class="dim">
          {kind} on {scenario ?? cluster}
        </span>
      </header>
      <p class="dim">
        {cluster === null ? null : (
          <>
            as learnt so far on <a href={to("clusters", cluster)}>{cluster}</a>;{" "}
          </>
        )}
        {training === null ? null : (
          <>
            of training <a href={to("trainings", training)}>{training}</a>;{" "}
          </>
        )}
        sha256 <code>{sha256.slice(0, 16)}</code>
      </p>
      <fieldset class="exports" aria-label={`Export ${id}`}>
        <span class="dim">export as</span>
        {formats.map(({ format }) => (
          <button type="button" key={format} class="small" onClick={() => save(format)}>
            {format}
          </button>
        ))}
      </fieldset>
    </article>
  );
}

/** The page. */
export function PoliciesPage() {
  const { value, error } = useResource<Page<Policy>>("/v1/policies", aboutTrainings);
  const { value: formats } = useResource<Page<ExportFormat>>("/v1/export-formats");
  const [failure, fail] = useState<string | null>(null);
  return (
    <main>
      <h1>Policies</h1>
      <p class="lead">Frozen, pure results of learning: the same observation always gives the same configuration.</p>
      <Failure text={error ?? failure} />
      {value?.items.length === 0 ? (
        <Empty>None yet. A training leaves one; so does a cluster with an agent.</Empty>
      ) : null}
      {value?.items.map((policy) => (
        <Row key={policy.id} policy={policy} formats={formats?.items ?? []} fail={fail} />
      ))}
    </main>
  );
}
