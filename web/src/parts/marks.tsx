// Who decided, as a colour and a word.

import type { Decision, Mark } from "../api.ts";

type Made = Pick<Mark, "actor" | "outcome">;

/** Name of the colour of a decision. */
export function markColour({ actor, outcome }: Made): string {
  if (outcome === "rolled-back" || outcome === "failed" || outcome === "refused") return "bad";
  return { agent: "agent", optimizer: "optimizer", guard: "warn", operator: "operator" }[actor];
}

const outcomes: Readonly<Record<Decision["outcome"], string>> = {
  applied: "applied",
  held: "held",
  advised: "advised only",
  refused: "refused",
  failed: "failed",
  "rolled-back": "rolled back",
  rejected: "rejected",
};

/** What became of a decision, and whose it was. */
export function Outcome({ actor, outcome }: Made) {
  return (
    <span class="outcome" style={`--hue: var(--${markColour({ actor, outcome })})`}>
      {outcomes[outcome]} by {actor}
    </span>
  );
}

/** What the colours of decisions mean. */
export function MarkKey() {
  const all: readonly (readonly [string, string])[] = [
    ["agent", "learned policy"],
    ["optimizer", "the rule"],
    ["warn", "a guard"],
    ["operator", "an operator"],
    ["bad", "rolled back or failed"],
  ];
  return (
    <p class="key">
      Changes, on top of each chart, by
      {all.map(([hue, label]) => (
        <span key={hue}>
          <i class="swatch tick" style={`--hue: var(--${hue})`} />
          {label}
        </span>
      ))}
    </p>
  );
}
