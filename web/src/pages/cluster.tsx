// One cluster: what it is worth, how far it may go, its course over time, its decisions, and the map of its knobs.

import { useState } from "preact/hooks";
import { type Cluster, type Lattice, type Mode, type Savings, send, type Timeline } from "../api.ts";
import { attained, clock, count, ms, percent, rate, usd } from "../format.ts";
import { Badge, Failure, modeMeaning, Section, Stat, TrustBadge, trustMeaning } from "../parts/bits.tsx";
import { Knobs } from "../parts/configuration.tsx";
import { Confirm, type Question } from "../parts/dialog.tsx";
import { BoundStat, SavedStat } from "../parts/savings.tsx";
import { aboutCluster, useResource } from "../resource.ts";
import { DecisionPage } from "./decision.tsx";
import { DecisionList } from "./decision-list.tsx";
import { LatticeMap } from "./lattice.tsx";
import { PendingProposal } from "./proposal.tsx";
import { Timelines } from "./timelines.tsx";

const modes: readonly Mode[] = ["off", "shadow", "advisory", "canary", "active"];

function ModeControl({ cluster, ask }: { cluster: Cluster; ask: (question: Question) => void }) {
  const change = (mode: Mode): void =>
    ask({
      title: `Set ${cluster.name} to ${mode}?`,
      text: `In ${mode} the service ${modeMeaning[mode]}.`,
      verb: `Set ${mode}`,
      act: () => send("PUT", `/v1/clusters/${cluster.name}/mode`, { mode }),
    });
  return (
    <fieldset class="segments" aria-label="Mode">
      {modes.map((mode) => (
        <button
          type="button"
          key={mode}
          aria-pressed={mode === cluster.mode}
          title={modeMeaning[mode]}
          onClick={() => mode !== cluster.mode && change(mode)}
        >
          {mode}
        </button>
      ))}
    </fieldset>
  );
}

function rollback({ name, lastGood }: Cluster): Question {
  const when = typeof lastGood === "object" && lastGood !== null && "timeS" in lastGood ? Number(lastGood.timeS) : null;
  return {
    title: `Roll ${name} back?`,
    text: `It goes back at once to the last other configuration that met the SLO${when === null ? "" : ` (good at ${clock(when)})`}, and holds it for ten intervals.`,
    verb: "Roll back",
    danger: true,
    act: () => send("POST", `/v1/clusters/${name}/rollback`, {}),
  };
}

function Trust({ cluster }: { cluster: Cluster }) {
  const { trust, sinceS, reason, test } = cluster.trust;
  return (
    <Section title="Trust" side={<TrustBadge trust={trust} />}>
      <p>
        Since {clock(sinceS)}: {trustMeaning[trust]}.
      </p>
      <p class="dim">{reason}</p>
      {trust === "serving" ? null : test === null ? (
        <p class="dim">
          To be trusted, the policy must beat the rule with 95 % confidence over 200 windows in 3 load levels.
        </p>
      ) : (
        <p class="dim">
          Test against the rule:{" "}
          <Badge kind={test.passed ? "good" : "plain"} text={test.passed ? "passed" : "not passed"} />{" "}
          {count(test.windows)} windows, {test.loadLevels} load levels
          {test.lowerBound === null ? "" : `, advantage at least ${test.lowerBound.toFixed(3)} in reward (95 %)`}.{" "}
          {test.reason}
        </p>
      )}
    </Section>
  );
}

function Standing({ cluster, slo }: { cluster: Cluster; slo: Lattice["slo"] | null }) {
  const { name, optimizer, lastDecision } = cluster;
  const concerns = aboutCluster(name);
  const { value: hour } = useResource<Timeline>(`/v1/clusters/${name}/timeline?lastS=3600&points=1`, concerns);
  const { value: savings } = useResource<Savings>(`/v1/clusters/${name}/savings`, concerns, 4000);
  const metrics = lastDecision?.observation?.metrics ?? null;
  const summary = hour?.summary ?? null;
  const share = summary?.attained ?? null;
  const latency = metrics?.latency?.objectiveMs ?? null;
  const tone = (good: boolean | null): "good" | "bad" | undefined =>
    good === null ? undefined : good ? "good" : "bad";
  return (
    <dl class="stats panel">
      <Stat
        label="Within SLO, last hour"
        value={attained(share)}
        tone={tone(share === null || slo === null ? null : share >= slo.percentile)}
        note={
          slo === null
            ? undefined
            : `at least ${percent(slo.percentile, 0)} within ${ms(slo.latencyMs)}; held in ${summary?.windowsMet ?? 0} of ${summary?.windowsJudged ?? 0} windows`
        }
      />
      <Stat
        label={slo === null ? "Latency" : `p${Number((100 * slo.percentile).toFixed(2))} latency now`}
        value={ms(latency)}
        tone={tone(latency === null || slo === null ? null : latency <= slo.latencyMs)}
        note={`at ${rate(metrics?.arrivalRateRps)}`}
      />
      <Stat
        label="Cost now"
        value={`${usd(metrics?.costUsdPerHour)}/h`}
        note={`${usd(summary?.usdPerMillion)} per million requests in the last hour`}
      />
      <SavedStat savings={savings} rule={optimizer} />
      <BoundStat savings={savings} />
    </dl>
  );
}

/** The page. @param view the rest of the address: one decision opened */
export function ClusterPage({ name, view }: { name: string; view: readonly string[] }) {
  const { value: cluster, error, reload } = useResource<Cluster>(`/v1/clusters/${name}`, aboutCluster(name));
  const { value: lattice } = useResource<Lattice>(`/v1/clusters/${name}/lattice`);
  const [question, ask] = useState<Question | null>(null);
  const close = (): void => {
    ask(null);
    reload();
  };
  const [kind, id] = view;
  if (cluster === null) return <main>{error === null ? <p class="dim">…</p> : <Failure text={error} />}</main>;
  const knobs = Object.keys(cluster.configuration ?? cluster.running ?? {}).length;
  return (
    <main>
      <div class="title">
        <div>
          <h1>{name}</h1>
          <p class="dim">
            {knobs} knobs of {cluster.scenario ?? cluster.adapter}, turned by {cluster.agent} over {cluster.optimizer};{" "}
            {clock(cluster.timeS)}, {count(cluster.decisions)} decisions
          </p>
        </div>
        <div class="controls">
          <ModeControl cluster={cluster} ask={ask} />
          <button type="button" class="danger" onClick={() => ask(rollback(cluster))}>
            Roll back
          </button>
        </div>
      </div>
      <p class="dim meaning">
        In {cluster.mode} the service {modeMeaning[cluster.mode]}.
      </p>
      <Failure text={error} />
      <PendingProposal cluster={cluster} ask={ask} />
      <Standing cluster={cluster} slo={lattice?.slo ?? null} />
      <Timelines cluster={name} slo={lattice?.slo ?? null} />
      <div class="columns">
        <Section title="In force">
          <Knobs of={cluster.running ?? cluster.configuration} />
          {cluster.inFlight === null ? null : (
            <>
              <h3>On its way</h3>
              <Knobs of={cluster.inFlight} from={cluster.running} />
            </>
          )}
        </Section>
        <Trust cluster={cluster} />
      </div>
      <DecisionList cluster={name} decisions={cluster.decisions} />
      <LatticeMap cluster={name} />
      {kind === "decisions" && id !== undefined ? (
        <DecisionPage cluster={name} id={id} slo={lattice?.slo ?? null} />
      ) : null}
      <Confirm question={question} onClose={close} />
    </main>
  );
}
