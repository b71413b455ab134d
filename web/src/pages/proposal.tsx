// What waits for a person: the change a cluster in advisory would make, with its reasons, to approve or to reject.

import { type Cluster, type Proposal, send } from "../api.ts";
import { clock, ms, usd } from "../format.ts";
import { Failure, Section } from "../parts/bits.tsx";
import { Knobs } from "../parts/configuration.tsx";
import type { Question } from "../parts/dialog.tsx";
import { aboutCluster, useResource } from "../resource.ts";

function answer({ cluster, id, proposed }: Proposal, verb: "approve" | "reject"): Question {
  const approve = verb === "approve";
  const wanted = Object.entries(proposed)
    .map(([knob, value]) => `${knob} ${value}`)
    .join(", ");
  return {
    title: approve ? `Change ${cluster}?` : "Turn this change down?",
    text: approve
      ? `The guards are asked once more, then it is sent: ${wanted}.`
      : "It is not proposed again before it would have expired.",
    verb: approve ? "Approve the change" : "Reject the change",
    danger: !approve,
    act: () => send("POST", `/v1/clusters/${cluster}/proposals/${id}/${verb}`, {}),
  };
}

function Waiting({ proposal, ask }: { proposal: Proposal; ask: (question: Question) => void }) {
  const { current, proposed, reason, explanation, expected, expiresS } = proposal;
  return (
    <Section
      title="Waits for you"
      side={
        <span class="buttons">
          <button type="button" onClick={() => ask(answer(proposal, "reject"))}>
            Reject
          </button>
          <button type="button" class="primary" onClick={() => ask(answer(proposal, "approve"))}>
            Approve
          </button>
        </span>
      }
    >
      <Knobs of={proposed} from={current} />
      <p class="lead">{explanation?.text ?? reason}</p>
      <p class="dim">
        {expected === null
          ? "Nobody can say what to expect of it; "
          : `Expected: ${ms(expected.objectiveMs)} at ${usd(expected.costUsdPerHour)}/h; `}
        to be answered before {clock(expiresS)}.
      </p>
    </Section>
  );
}

/** The proposal that waits, if any. */
export function PendingProposal({ cluster, ask }: { cluster: Cluster; ask: (question: Question) => void }) {
  const { name, pendingProposal } = cluster;
  const path = pendingProposal === null ? null : `/v1/clusters/${name}/proposals/${pendingProposal}`;
  const { value, error } = useResource<Proposal>(path, aboutCluster(name));
  if (path === null) return null;
  return value === null || value.status !== "pending" ? (
    <Failure text={error} />
  ) : (
    <Waiting proposal={value} ask={ask} />
  );
}
