import { agents, learners, networkLearners } from "../../agents/index.ts";
import { agentContract, learnerContract } from "./agent.ts";

describe.each(agents.map((agent) => [agent.name, agent] as const))("agent %s", (_name, agent) => {
  agentContract(agent);
});

describe.each(learners.map((agent) => [agent.name, agent] as const))("learner %s", (_name, agent) => {
  learnerContract(agent);
});

// Networks draw at random longer before they know; one seed each, for the time it takes.
describe.each(networkLearners.map((agent) => [agent.name, agent] as const))("network learner %s", (_name, agent) => {
  learnerContract(agent, { patience: 3, seeds: [1] });
});
