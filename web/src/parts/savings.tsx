// What tuning saves, said no more surely than it is known.

import type { Savings } from "../api.ts";
import { percent, span, usd } from "../format.ts";
import { Stat } from "./bits.tsx";

type Result = NonNullable<Savings["result"]>;

function compared({ savedShare, rule }: Result): { value: string; tone: "good" | "bad" | undefined } {
  const { estimate, low, high } = savedShare;
  if (low > 0) return { value: `${percent(estimate)} less`, tone: "good" };
  if (high < 0) return { value: `${percent(-estimate)} more`, tone: rule.seedsMet > 0 ? "bad" : undefined };
  return { value: "no clear difference", tone: undefined };
}

function caveat({ rule, seeds }: Result): string {
  if (rule.seedsMet === seeds) return `${rule.name} would have met the SLO in every hour`;
  return `${rule.name} would have missed the SLO on ${seeds - rule.seedsMet} of ${seeds} tries, so its cost is no measure there`;
}

/** Cost against the rule that would act without the learner. */
export function SavedStat({ savings, rule }: { savings: Savings | null; rule: string }) {
  const label = `Cost against ${rule}, the rule it replaces`;
  const result = savings?.result ?? null;
  if (result === null) {
    const why = savings?.status === "computing" ? "being simulated" : (savings?.reason ?? "not simulated yet");
    return <Stat label={label} value="–" note={why} />;
  }
  const { low, high } = result.savedShare;
  const stretch = span(result.toS - result.fromS);
  return (
    <Stat
      label={label}
      {...compared(result)}
      note={
        <>
          {`95 %: ${percent(low)} to ${percent(high)} saved. Simulated on the last ${stretch} of recorded load, ${result.seeds} tries; ${caveat(result)}. `}
          {`Paid ${usd(result.measuredUsd)}, ${rule} ${usd(result.rule.usd.low)} to ${usd(result.rule.usd.high)}.`}
        </>
      }
    />
  );
}

/** Cost against a clairvoyant that knew every arrival. */
export function BoundStat({ savings }: { savings: Savings | null }) {
  const toBound = savings?.result?.costToBound ?? null;
  return (
    <Stat
      label="Cost against the bound"
      value={toBound === null ? "–" : `${toBound.toFixed(2)} ×`}
      note="times what a clairvoyant would have paid on the same load"
    />
  );
}
