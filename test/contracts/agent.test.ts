import { agents, learners } from "../../agents/index.ts";
import { agentContract, learnerContract } from "./agent.ts";

describe.each(agents.map((agent) => [agent.name, agent] as const))("agent %s", (_name, agent) => {
  agentContract(agent);
});

describe.each(learners.map((agent) => [agent.name, agent] as const))("learner %s", (_name, agent) => {
  learnerContract(agent);
});
