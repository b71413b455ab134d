// Scenarios that ship: what each is about, and a training on it.

import type { Page, Scenario } from "../api.ts";
import { ms, percent, span } from "../format.ts";
import { Failure } from "../parts/bits.tsx";
import { useResource } from "../resource.ts";
import { to } from "../router.ts";

/** The page. */
export function ScenariosPage() {
  const { value, error } = useResource<Page<Scenario>>("/v1/scenarios");
  return (
    <main>
      <h1>Scenarios</h1>
      <p class="lead">A workload, a model, prices, knobs and an SLO: what policies are trained and evaluated on.</p>
      <Failure text={error} />
      {value?.items.map(({ name, description, slo, intervalS }) => (
        <article class="panel scenario" key={name}>
          <header>
            <h2>{name}</h2>
            <a class="button" href={to("trainings", `new:${name}`)}>
              Train on it
            </a>
          </header>
          <p>{description}</p>
          <p class="dim">
            SLO:{" "}
            {slo.map(({ percentile, latencyMs }) => `${percent(percentile, 0)} within ${ms(latencyMs)}`).join(", ")}
            {`; decided every ${span(intervalS)}`}
          </p>
          <pre>
            trimtab evaluate --scenario {name} --policies static,reactive,mark --report {name}.html
          </pre>
        </article>
      ))}
    </main>
  );
}
