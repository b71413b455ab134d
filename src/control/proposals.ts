// Proposals: in `advisory` each change the loop would make, waiting for a person to approve or reject it.
//
// pending ─▶ approved | rejected | expired | superseded (another change, or none, is wanted by now)
// The same change wanted again confirms its proposal; one that was rejected is not made again before it would have expired.

import { z } from "zod";
import {
  type Actor,
  type Configuration,
  type DecisionRecord,
  type Expectation,
  type Explanation,
  StateError,
  UnknownNameError,
  type Vote,
} from "../core/index.ts";
import { sameConfiguration } from "../spaces/index.ts";
import { type AppendLog, configurationSchema } from "../store/index.ts";
import type { Decision } from "./decide.ts";

/** Where a proposal stands. */
export type ProposalStatus = "pending" | "approved" | "rejected" | "expired" | "superseded";

/** A change that waits for a person, or did. */
export interface ChangeProposal {
  /** Of the decision that made it. */
  readonly id: string;
  readonly cluster: string;
  readonly createdS: number;
  /** Last time the loop wanted it. */
  readonly confirmedS: number;
  readonly expiresS: number;
  readonly current: Configuration;
  readonly proposed: Configuration;
  readonly by: Actor;
  readonly votes: readonly Vote[];
  readonly reason: string;
  readonly explanation: Explanation | null;
  /** The window it was made on. */
  readonly metrics: NonNullable<DecisionRecord["observation"]>["metrics"] | null;
  readonly expected: Expectation | null;
  readonly status: ProposalStatus;
  /** Who answered it, when, and with which words; null while nobody has. */
  readonly answer: { readonly by: string; readonly timeS: number; readonly note: string | null } | null;
  /** The decision that carried the answer out. */
  readonly decision: string | null;
}

/** Proposals remembered; older ones are in the log. */
const REMEMBERED = 200;

const markedSchema = z.looseObject({
  id: z.string(),
  expiresS: z.number(),
  status: z.enum(["pending", "approved", "rejected", "expired", "superseded"]),
  current: configurationSchema,
  proposed: configurationSchema,
});

/** A proposal of the log, which is this module's own: its configurations alone need their infinities back. */
const proposalSchema = z
  .custom<ChangeProposal>((record) => markedSchema.safeParse(record).success)
  .transform((proposal) => ({
    ...proposal,
    current: configurationSchema.parse(proposal.current),
    proposed: configurationSchema.parse(proposal.proposed),
  }));

/** Proposals of one cluster; every change of one is durable before it can be read. */
export class Proposals {
  readonly #log: AppendLog;
  readonly #lifeS: number;
  #proposals: readonly ChangeProposal[];

  private constructor(log: AppendLog, lifeS: number, proposals: readonly ChangeProposal[]) {
    this.#log = log;
    this.#lifeS = lifeS;
    this.#proposals = proposals;
  }

  /** @param lifeS for how long a proposal may be answered after the loop last wanted it @throws {StoreError} when damaged */
  static async open(log: AppendLog, lifeS: number): Promise<Proposals> {
    const entries = await log.read(log.length - 2 * REMEMBERED, 2 * REMEMBERED);
    const latest = new Map<string, ChangeProposal>();
    for (const { record } of entries) {
      const parsed = proposalSchema.safeParse(record);
      if (parsed.success) latest.set(parsed.data.id, parsed.data);
    }
    return new Proposals(log, lifeS, [...latest.values()].slice(-REMEMBERED));
  }

  /** Oldest first. */
  list(): readonly ChangeProposal[] {
    return this.#proposals;
  }

  /** @throws {UnknownNameError} when nobody remembers one of that id */
  get(id: string): ChangeProposal {
    const found = this.#proposals.find((proposal) => proposal.id === id);
    if (found !== undefined) return found;
    const known = this.#proposals.slice(-10).map((proposal) => proposal.id);
    throw new UnknownNameError("proposal", id, known);
  }

  /** The proposal that waits for an answer; null when none does. */
  get pending(): ChangeProposal | null {
    return this.#proposals.find(({ status }) => status === "pending") ?? null;
  }

  /** Whether a change was rejected a short while ago. */
  rejected(current: Configuration, proposed: Configuration, nowS: number): boolean {
    return this.#proposals.some(
      (one) =>
        one.status === "rejected" &&
        nowS < one.expiresS &&
        sameConfiguration(one.current, current) &&
        sameConfiguration(one.proposed, proposed),
    );
  }

  /**
   * Takes note of a decision in `advisory`: makes a proposal of a change, or confirms the one that is there.
   * @param current in force, or on its way
   * @returns id of the proposal the decision stands for; null when it changes nothing, or was rejected before
   */
  async consider(record: DecisionRecord, decision: Decision, current: Configuration): Promise<string | null> {
    await this.expire(record.timeS);
    const wanted = record.outcome === "advised" ? decision.proposal.configuration : null;
    const { pending } = this;
    if (pending !== null) {
      const same =
        wanted !== null && sameConfiguration(pending.current, current) && sameConfiguration(pending.proposed, wanted);
      if (same) {
        this.#replace({ ...pending, confirmedS: record.timeS, expiresS: record.timeS + this.#lifeS });
        return pending.id;
      }
      await this.#keep({ ...pending, status: "superseded" });
    }
    if (wanted === null || this.rejected(current, wanted, record.timeS)) return null;
    const { id, cluster, timeS, actor, votes, reason, explanation, expected, observation } = record;
    await this.#keep({
      id,
      cluster,
      createdS: timeS,
      confirmedS: timeS,
      expiresS: timeS + this.#lifeS,
      current,
      proposed: wanted,
      by: actor,
      votes,
      reason,
      explanation,
      metrics: observation?.metrics ?? null,
      expected,
      status: "pending",
      answer: null,
      decision: null,
    });
    return id;
  }

  /** Ends what nobody answered in time. */
  async expire(nowS: number): Promise<void> {
    const { pending } = this;
    if (pending !== null && nowS >= pending.expiresS) await this.#keep({ ...pending, status: "expired" });
  }

  /** Ends what waits, because it is no longer to be answered. */
  async supersede(): Promise<void> {
    const { pending } = this;
    if (pending !== null) await this.#keep({ ...pending, status: "superseded" });
  }

  /**
   * The proposal of an id, if it may still be answered.
   * @throws {UnknownNameError} when there is none of that id
   * @throws {StateError} when it was answered, expired or superseded
   */
  async answerable(id: string, nowS: number): Promise<ChangeProposal> {
    await this.expire(nowS);
    const proposal = this.get(id);
    if (proposal.status === "pending") return proposal;
    throw new StateError(`proposal ${id}: expected one that is pending, found it ${proposal.status}`);
  }

  /** Notes the answer to a proposal. @param decision the record that carried it out */
  async answer(
    proposal: ChangeProposal,
    status: "approved" | "rejected",
    answer: NonNullable<ChangeProposal["answer"]>,
    decision: string,
  ): Promise<ChangeProposal> {
    const answered = { ...proposal, status, answer, decision };
    await this.#keep(answered);
    return answered;
  }

  async #keep(proposal: ChangeProposal): Promise<void> {
    await this.#log.append(proposal);
    this.#replace(proposal);
  }

  #replace(proposal: ChangeProposal): void {
    const at = this.#proposals.findIndex(({ id }) => id === proposal.id);
    this.#proposals =
      at < 0
        ? [...this.#proposals, proposal].slice(-REMEMBERED)
        : this.#proposals.map((one, i) => (i === at ? proposal : one));
  }
}
