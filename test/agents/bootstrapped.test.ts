import { bootstrapped } from "../../agents/bootstrapped.ts";
import { findAgent } from "../../agents/index.ts";
import { application } from "../../environments/application.ts";
import { agentContext, type OpenScenario, openScenario, simulatedEnvironment } from "../../environments/index.ts";
import type { Agent, AgentContext, AgentFactory, Transition } from "../../src/core/index.ts";
import { simulationGuards } from "../../src/guards/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { createOptimizer } from "../../src/optimizers/index.ts";
import { runEpisode } from "../../src/training/index.ts";

/** One on which `mixed` is cheaper than `mark`, and `static` dearer. */
const NUMBER = 1;

/** For agents that have nothing to learn. */
const UNPRACTISED = "bootstrapped:watched=20,every=50,shown=0,practised=0,again=0";

async function opened(): Promise<{ open: OpenScenario; context: AgentContext }> {
  const open = await openScenario(application(NUMBER), { dataFolder: null });
  return { open, context: agentContext(open, new SeededRandom(1).split("agent"), 1, createOptimizer("mark")) };
}

/** Lives through windows of the application. @returns each window as it was learnt from, and as whose the decision was */
async function live(open: OpenScenario, agent: Agent, windows: number): Promise<{ hands: string[]; last: Transition }> {
  const environment = simulatedEnvironment(open, {
    random: new SeededRandom(1).split("cluster"),
    episodeS: (windows + 1) * open.intervalS,
  });
  const hands: string[] = [];
  let last: Transition | null = null;
  const { objective, committedUsdPerHour, budgetUsdPerHour } = open;
  await runEpisode(
    environment,
    agent,
    { guards: simulationGuards, objective, mode: "active", committedUsdPerHour, budgetUsdPerHour },
    {
      onStep: (_step, transition) => {
        hands.push(transition.proposed.reason.split(":", 1)[0] ?? "");
        last = transition;
        return true;
      },
    },
  );
  await environment.close();
  if (last === null) throw new Error("expected at least one window");
  return { hands, last };
}

test("the optimizer acts while arrivals are watched, then the agent where it is safe, its policy once it is better beyond doubt, and the optimizer as soon as the SLO burns", async () => {
  const { open, context } = await opened();
  const agent = findAgent(`${UNPRACTISED},agent=mixed`).create(context);
  expect(agent.trust?.()).toBe("bootstrapping");
  const { hands, last } = await live(open, agent, 250);
  expect(hands.slice(0, 21)).toEqual(new Array(21).fill("bootstrapping"));
  expect(hands[21]).toBe("learning");
  // 200 windows are to be compared: there are more than that at the plan after window 220, and trust moves every ten.
  expect(hands.indexOf("serving")).toBe(230);
  expect(agent.trust?.()).toBe("serving");
  const { next } = last;
  agent.act(next);
  const late = next.history.slice(-1).map((window) => ({ ...window, missRatio: 1 }));
  const burning = { ...next, timeS: next.timeS + open.intervalS, history: [...next.history, ...late, ...late] };
  agent.update({ ...last, observation: next, next: burning });
  expect(agent.trust?.()).toBe("suspended");
  expect(agent.act(burning).reason).toMatch(/^suspended: mark: /);
}, 60_000);

test("an agent that is no better is never promoted", async () => {
  const { open, context } = await opened();
  const agent = findAgent(`${UNPRACTISED},agent=static`).create(context);
  const { hands } = await live(open, agent, 250);
  expect(hands).not.toContain("serving");
  expect(agent.trust?.()).toBe("learning");
}, 60_000);

/** An agent that keeps what it is told. */
function spy(seen: Transition[]): AgentFactory {
  const mixed = findAgent("mixed");
  return {
    ...mixed,
    create(context) {
      const inner = mixed.create(context);
      return {
        act: (observation) => inner.act(observation),
        update: (transition) => void seen.push(transition),
        policy: () => inner.policy(),
        save: () => inner.save(),
      };
    },
  };
}

test("the agent inside is told of imagined windows first, and of each whose decision it was", async () => {
  const { open, context } = await opened();
  const seen: Transition[] = [];
  const wrapped = bootstrapped(() => spy(seen)).configured({
    watched: "20",
    shown: "100",
    practised: "50",
    every: "1000",
  });
  const agent = wrapped.create(context);
  const { hands } = await live(open, agent, 40);
  const actors = seen.map(({ actor }) => actor);
  // 19 watched windows, and 20 remembered: imagination begins, with what the optimizer does.
  const shown = actors.slice(20, 120);
  expect(actors.slice(0, 20)).toEqual(new Array(20).fill("optimizer"));
  expect(shown).toEqual(new Array(100).fill("optimizer"));
  expect(actors.slice(120, 170)).not.toContain("optimizer");
  // Of its own decisions in the real cluster it learns as its own; of the optimizer's, where its own was not safe, as its.
  expect(seen.length).toBe(40 + 150);
  seen.slice(170).forEach(({ actor, proposed }) => {
    expect(actor === "optimizer").toBe(/: mark: /.test(proposed.reason));
  });
  expect(hands.filter((hand) => hand === "learning").length).toBe(19);
}, 60_000);

/** An agent whose policy is `mixed`, then `static`, then the dearest of all: it only gets worse. */
function worsening(): { readonly factory: AgentFactory; readonly asked: () => number } {
  const mixed = findAgent("mixed");
  let asked = 0;
  const create = (context: AgentContext): Agent => {
    const most = findAgent("static").create({ ...context, initial: { ...context.initial, [MACHINES]: 60 } });
    const policies = [mixed.create(context), findAgent("static").create(context), most];
    const inner = mixed.create(context);
    return {
      act: (observation) => inner.act(observation),
      update: () => {},
      policy: () => {
        // The first is asked for before anything was practised.
        const at = Math.min(policies.length - 1, Math.max(0, asked++ - 1));
        return (policies[at] ?? inner).policy();
      },
      save: () => inner.save(),
    };
  };
  return { factory: { ...mixed, create }, asked: () => asked };
}

const MACHINES = "instances.c5.large.onDemand";

test("of the policies that a practice leaves the best is kept, not the latest", async () => {
  const { open, context } = await opened();
  const { factory, asked } = worsening();
  const settings = { watched: "20", every: "1000", shown: "0", practised: "0" };
  const agent = bootstrapped(() => factory)
    .configured(settings)
    .create(context);
  const arrivals = (i: number) => ({
    timeS: 60 * (i + 1),
    durationS: 60,
    rateRps: 20 + 10 * Math.sin(i / 9),
    recentRatesRps: [],
  });
  agent.recall?.(Array.from({ length: 240 }, (_, i) => arrivals(i)));
  agent.plan?.();
  expect(asked()).toBe(4);
  const { last } = await live(open, findAgent("mixed").create(context), 5);
  const machines = (policy: ReturnType<Agent["policy"]>): unknown => policy.act(last.next)[MACHINES];
  expect(machines(agent.policy())).toBe(machines(findAgent("mixed").create(context).policy()));
  expect(machines(agent.policy())).not.toBe(60);
}, 60_000);

test("shown what the optimizer does, ppo does about the same before it ever decided", async () => {
  const { open, context } = await opened();
  const settings = "watched=20,every=1000,practised=0,shown=384";
  const cloned = findAgent(`bootstrapped:${settings}`).create(context);
  const { last } = await live(open, cloned, 25);
  const { next } = last;
  const untaught = findAgent("ppo").create(context).policy();
  const machines = (agentPolicy: ReturnType<Agent["policy"]>): number =>
    Number(agentPolicy.act(next)["instances.c5.large.onDemand"]);
  const rule = Number(findAgent("mark").create(context).act(next).configuration["instances.c5.large.onDemand"]);
  expect(Math.abs(machines(cloned.policy()) - rule)).toBeLessThanOrEqual(3);
  expect(Math.abs(machines(untaught) - rule)).toBeGreaterThan(3);
}, 60_000);

test("an agent inside itself, or one that does not exist, is refused by name", () => {
  expect(() => findAgent("bootstrapped(bootstrapped)")).toThrow(/agent: expected an agent that is not bootstrapped/);
  expect(() => findAgent("bootstrapped(nobody)")).toThrow(/nobody/);
  expect(findAgent("bootstrapped(ppo:rollout=64,batch=32)").name).toBe("bootstrapped");
});
