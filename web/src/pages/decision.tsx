// One decision opened: what it saw, who voted for what, what the guards changed, and what was expected against what came.

import { useEffect, useRef } from "preact/hooks";
import type { Decision, Lattice } from "../api.ts";
import { clock, count, ms, percent, rate, usd } from "../format.ts";
import { Badge, Failure, ModeBadge, TrustBadge } from "../parts/bits.tsx";
import { Knobs } from "../parts/configuration.tsx";
import { Outcome } from "../parts/marks.tsx";
import { useResource } from "../resource.ts";
import { to } from "../router.ts";

function Seen({ decision }: { decision: Decision }) {
  const { observation } = decision;
  if (observation === null) return <p class="dim">Nothing: it was a command, or the cluster could not be observed.</p>;
  const { metrics, fleet, forecastRps } = observation;
  const machines = Object.entries(fleet).map(
    ([type, { ready, launching, draining, spot }]) =>
      `${ready} ${type}${launching > 0 ? `, ${launching} launching` : ""}${draining > 0 ? `, ${draining} draining` : ""}${spot > 0 ? `, ${spot} of them spot` : ""}`,
  );
  const facts: readonly (readonly [string, string])[] = [
    ["arrivals", `${rate(metrics.arrivalRateRps)} (${count(metrics.requests)} in ${metrics.durationS} s)`],
    ["forecast", rate(forecastRps)],
    [
      "latency p50 / p95 / p99",
      `${ms(metrics.latency?.p50Ms)} / ${ms(metrics.latency?.p95Ms)} / ${ms(metrics.latency?.p99Ms)}`,
    ],
    ["late", percent(metrics.latency?.missRatio, 3)],
    ["utilisation", percent(metrics.utilization, 0)],
    ["waiting at the end", count(metrics.queueLength)],
    ["offloaded", percent(metrics.offloadedShare, 1)],
    ["cost", `${usd(metrics.costUsdPerHour)}/h`],
    ["fleet", machines.join("; ") || "–"],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Why({ decision }: { decision: Decision }) {
  const { explanation } = decision;
  if (explanation === null) return null;
  const { expects, runnerUp, changesMind } = explanation;
  return (
    <>
      <h3>Why</h3>
      {expects === null ? null : <p>Expected of it: {expects}.</p>}
      {runnerUp === null ? null : (
        <p>
          Not {runnerUp.by}: {runnerUp.why}.
        </p>
      )}
      {changesMind.length === 0 ? null : (
        <>
          <p>What would change this:</p>
          <ul>
            {changesMind.map((condition) => (
              <li key={condition}>{condition}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Votes({ decision }: { decision: Decision }) {
  const { votes, observation } = decision;
  if (votes.length === 0) return <p class="dim">Nobody was asked.</p>;
  return (
    <ul class="votes">
      {votes.map((vote) => (
        <li key={vote.by}>
          <h4>
            {vote.by} <span class="dim">{vote.type.toLowerCase().replace("_", " ")}</span>
          </h4>
          <Knobs of={vote.configuration} from={observation?.inFlight ?? observation?.configuration} />
          <p class="dim">{vote.reason}</p>
        </li>
      ))}
    </ul>
  );
}

function Outlook({ decision, slo }: { decision: Decision; slo: Lattice["slo"] | null }) {
  const { expected, measured } = decision;
  const name = slo === null ? "latency" : `p${Number((100 * slo.percentile).toFixed(2))} latency`;
  return (
    <table class="outlook">
      <thead>
        <tr>
          <th scope="col" />
          <th scope="col">expected</th>
          <th scope="col">measured in the next window</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">{name}</th>
          <td>{ms(expected?.objectiveMs)}</td>
          <td>{ms(measured?.objectiveMs)}</td>
        </tr>
        <tr>
          <th scope="row">cost</th>
          <td>{usd(expected?.costUsdPerHour)}/h</td>
          <td>{usd(measured?.costUsdPerHour)}/h</td>
        </tr>
      </tbody>
    </table>
  );
}

function Body({ decision, slo }: { decision: Decision; slo: Lattice["slo"] | null }) {
  const { guards, applied, proposed, observation, policyId, stepMicros } = decision;
  const before = observation?.inFlight ?? observation?.configuration;
  const micros = Object.values(stepMicros).reduce((sum, value) => sum + value, 0);
  return (
    <>
      <p class="verdict">
        <Outcome {...decision} /> <ModeBadge mode={decision.mode} /> <TrustBadge trust={decision.trust} />
      </p>
      <p class="lead">{decision.reason}</p>
      <Why decision={decision} />
      <h3>What it saw</h3>
      <Seen decision={decision} />
      <h3>Votes</h3>
      <Votes decision={decision} />
      <h3>Guards</h3>
      {guards.length === 0 ? (
        <p class="dim">None changed anything.</p>
      ) : (
        <ul class="plain">
          {guards.map(({ guard, reason }) => (
            <li key={guard}>
              <Badge kind="warn" text={guard} /> {reason}
            </li>
          ))}
        </ul>
      )}
      <h3>{applied === null ? "Proposed, not applied" : "Applied"}</h3>
      <Knobs of={applied ?? proposed} from={before} />
      <h3>Expected against measured</h3>
      <Outlook decision={decision} slo={slo} />
      <p class="dim">
        {policyId === null ? "" : `Policy ${policyId}. `}
        {micros === 0 ? "" : `The pass took ${(micros / 1000).toFixed(1)} ms.`}
      </p>
    </>
  );
}

function neighbour(cluster: string, id: string, by: number): string | null {
  const number = Number(id.slice(cluster.length + 1)) + by;
  return Number.isInteger(number) && number >= 0 ? to("clusters", cluster, "decisions", `${cluster}-${number}`) : null;
}

/** The decision, over the page of its cluster. */
export function DecisionPage({ cluster, id, slo }: { cluster: string; id: string; slo: Lattice["slo"] | null }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { value, error } = useResource<Decision>(`/v1/clusters/${cluster}/decisions/${id}`);
  const decision = value?.id === id ? value : null;
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  const close = (): void => {
    location.hash = to("clusters", cluster);
  };
  const onKey = (event: KeyboardEvent): void => {
    const next = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const address = next === undefined ? null : neighbour(cluster, id, next);
    if (address !== null) location.hash = address;
  };
  const [before, after] = [neighbour(cluster, id, -1), neighbour(cluster, id, 1)];
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-label={`Decision ${id}`}
      onClose={close}
      onKeyDown={onKey}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <header>
        <div>
          <h2>{decision === null ? id : clock(decision.timeS)}</h2>
          <p class="dim">decision {id}</p>
        </div>
        <nav aria-label="Decisions">
          {before === null ? null : (
            <a class="button" href={before} aria-label="The decision before">
              ←
            </a>
          )}
          {after === null ? null : (
            <a class="button" href={after} aria-label="The decision after">
              →
            </a>
          )}
          <button type="button" aria-label="Close" onClick={() => dialog.current?.close()}>
            ✕
          </button>
        </nav>
      </header>
      <Failure text={decision === null ? error : null} />
      {decision === null ? null : <Body decision={decision} slo={slo} />}
    </dialog>
  );
}
