// All clusters at a glance: how far each is trusted, whether its SLO holds, what it costs and saves, and what was done last.

import type { Cluster, Page, Savings, Timeline } from "../api.ts";
import { attained, clock, ms, percent, rate, usd } from "../format.ts";
import { Empty, Failure, ModeBadge, modeMeaning, Stat, TrustBadge, trustMeaning } from "../parts/bits.tsx";
import { Outcome } from "../parts/marks.tsx";
import { BoundStat, SavedStat } from "../parts/savings.tsx";
import { Sparkline } from "../parts/sparkline.tsx";
import { aboutCluster, useResource } from "../resource.ts";
import { to } from "../router.ts";

/** Savings change slowly; a simulation is asked after this often. */
const SAVINGS_PAUSE_MS = 4000;

function Card({ cluster }: { cluster: Cluster }) {
  const { name, adapter, scenario, mode, trust, optimizer, lastDecision } = cluster;
  const concerns = aboutCluster(name);
  const { value: hour } = useResource<Timeline>(`/v1/clusters/${name}/timeline?lastS=3600&points=60`, concerns);
  const { value: day } = useResource<Timeline>(`/v1/clusters/${name}/timeline?lastS=86400&points=96`, concerns, 3000);
  const { value: savings } = useResource<Savings>(`/v1/clusters/${name}/savings`, concerns, SAVINGS_PAUSE_MS);
  const { value: lattice } = useResource<{ slo: { percentile: number; latencyMs: number } }>(
    `/v1/clusters/${name}/lattice`,
  );
  const target = lattice?.slo.percentile ?? null;
  const share = hour?.summary.attained ?? null;
  const metrics = lastDecision?.observation?.metrics ?? null;
  const held = share !== null && target !== null && share >= target;
  return (
    <article class="panel cluster">
      <header>
        <h2>
          <a href={to("clusters", name)}>{name}</a>
        </h2>
        <span class="dim">{scenario ?? adapter}</span>
        <ModeBadge mode={mode} />
        <TrustBadge trust={trust.trust} />
      </header>
      <p class="dim">
        {modeMeaning[mode]}; {trustMeaning[trust.trust]}.
      </p>
      <dl class="stats">
        <Stat
          label="Within SLO, last hour"
          value={attained(share)}
          tone={share === null || target === null ? undefined : held ? "good" : "bad"}
          note={lattice === null ? undefined : `at least ${percent(target, 0)} within ${ms(lattice.slo.latencyMs)}`}
        />
        <Stat
          label="Cost now"
          value={`${usd(metrics?.costUsdPerHour)}/h`}
          note={`at ${rate(metrics?.arrivalRateRps)}`}
        />
        <SavedStat savings={savings} rule={optimizer} />
        <BoundStat savings={savings} />
      </dl>
      <Sparkline
        label="The last day, each from zero to its highest"
        lines={[
          { name: "load", values: day?.arrivalRateRps ?? [], colour: "load" },
          { name: "cost", values: day?.costUsdPerHour ?? [], colour: "cost" },
        ]}
      />
      <p class="last">
        {lastDecision === null ? (
          "No decision yet."
        ) : (
          <>
            <a href={to("clusters", name, "decisions", lastDecision.id)}>{clock(lastDecision.timeS)}</a>{" "}
            <Outcome {...lastDecision} /> {lastDecision.reason}
          </>
        )}
      </p>
    </article>
  );
}

/** The page. */
export function ClustersPage() {
  const { value, error } = useResource<Page<Cluster>>("/v1/clusters", aboutCluster());
  return (
    <main>
      <h1>Clusters</h1>
      <p class="lead">
        Trimtab turns the knobs of serving clusters for the least cost that keeps their latency SLO. A learned policy
        acts only after it has proved better than the rule it replaces; guards and budgets have the last word.
      </p>
      <Failure text={error} />
      {value?.items.length === 0 ? <Empty>No cluster is attached. See the docs for how to attach one.</Empty> : null}
      {value?.items.map((cluster) => (
        <Card key={cluster.name} cluster={cluster} />
      ))}
    </main>
  );
}
