// Trainings: start one, watch it learn, stop it, and go on to its policy.

import { useState } from "preact/hooks";
import { type Agent, type Page, type Scenario, send, type Training } from "../api.ts";
import { percent } from "../format.ts";
import { Badge, Empty, Failure, Section } from "../parts/bits.tsx";
import { LearningCurve } from "../parts/curve.tsx";
import { Confirm, type Question } from "../parts/dialog.tsx";
import { aboutTrainings, useResource } from "../resource.ts";
import { to } from "../router.ts";

const kinds = { running: "agent", done: "good", failed: "bad", stopped: "plain" } as const;

function doneShare({ progress }: Training): number {
  if (progress === null) return 0;
  return Math.min(
    1,
    (progress.curve.length + progress.step / Math.max(1, progress.stepsPerEpisode)) / progress.episodes,
  );
}

function Card({ training, open, ask }: { training: Training; open: boolean; ask: (question: Question) => void }) {
  const { id, agent, scenario, seed, episodes, status, error, policy } = training;
  const stop = (): void =>
    ask({
      title: `Stop ${id}?`,
      text: "What its finished episodes came to stays as a policy.",
      verb: "Stop training",
      danger: true,
      act: () => send("POST", `/v1/trainings/${id}/stop`, {}),
    });
  return (
    <article class="panel training" id={id}>
      <header>
        <h2>
          <a href={to("trainings", id)}>{id}</a>
        </h2>
        <Badge kind={kinds[status]} text={status} />
        <span class="dim">
          {agent} on {scenario}, seed {seed}, {episodes} episodes
        </span>
        {status === "running" ? (
          <button type="button" class="small danger" onClick={stop}>
            Stop
          </button>
        ) : null}
      </header>
      <Failure text={error} />
      {status === "running" ? (
        <label class="progress">
          <progress max={1} value={doneShare(training)} /> {percent(doneShare(training), 0)}
        </label>
      ) : null}
      {open || status === "running" ? <LearningCurve training={training} /> : null}
      {policy === null ? null : (
        <p>
          Policy <a href={to("policies")}>{policy}</a>
        </p>
      )}
    </article>
  );
}

function Start({ scenario, onStarted }: { scenario: string | null; onStarted: () => void }) {
  const { value: agents } = useResource<Page<Agent>>("/v1/agents");
  const { value: scenarios } = useResource<Page<Scenario>>("/v1/scenarios");
  const [error, setError] = useState<string | null>(null);
  const start = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const order = {
      scenario: String(form.get("scenario")),
      agent: String(form.get("agent")),
      seed: Number(form.get("seed")),
      episodes: Number(form.get("episodes")),
    };
    try {
      const { id } = await send<Training>("POST", "/v1/trainings", order);
      setError(null);
      location.hash = to("trainings", id);
      onStarted();
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
    }
  };
  return (
    <Section title="Start a training">
      <form class="order" onSubmit={(event) => void start(event)}>
        <label>
          scenario
          <select name="scenario" key={scenario ?? ""}>
            {scenarios?.items.map(({ name }) => (
              <option key={name} selected={name === scenario}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          agent
          <select name="agent">
            {agents?.items
              .filter(({ learns }) => learns)
              .map(({ name, summary }) => (
                <option key={name} value={name} title={summary}>
                  {name}
                </option>
              ))}
          </select>
        </label>
        <label>
          seed
          <input name="seed" type="number" min="0" value="1" required />
        </label>
        <label>
          episodes
          <input name="episodes" type="number" min="1" max="10000" value="5" required />
        </label>
        <button type="submit" class="primary" disabled={agents === null || scenarios === null}>
          Start training
        </button>
      </form>
      <Failure text={error} />
      <p class="dim">It runs beside the clusters at low priority, in a worker of its own; two at a time.</p>
    </Section>
  );
}

/** The page. @param id the training opened, or "new:<scenario>" to start one */
export function TrainingsPage({ id }: { id: string | undefined }) {
  const { value, error, reload } = useResource<Page<Training>>("/v1/trainings", aboutTrainings);
  const [question, ask] = useState<Question | null>(null);
  const latestFirst = [...(value?.items ?? [])].reverse();
  const wanted = id?.startsWith("new:") === true ? id.slice(4) : null;
  return (
    <main>
      <h1>Trainings</h1>
      <Start scenario={wanted} onStarted={reload} />
      <Failure text={error} />
      {value?.items.length === 0 ? (
        <Empty>None yet. A training leaves a policy to evaluate, export and serve.</Empty>
      ) : null}
      {latestFirst.map((training) => (
        <Card key={training.id} training={training} open={training.id === id} ask={ask} />
      ))}
      <Confirm question={question} onClose={() => ask(null)} />
    </main>
  );
}
