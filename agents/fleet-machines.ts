// Machines of a kind in a cluster: how many there are, and how those wanted are split over its two markets.
//
// spot       ⌈share · wanted⌉ are asked for on the spot market
// on demand  the rest, and what the spot market was asked for and does not give;
//            none that runs is dropped before ready spot machines make up for it

import type { ClusterState, Configuration } from "../src/core/index.ts";
import { numberAt } from "../src/optimizers/fleet.ts";
import type { KindCount } from "../src/switching/index.ts";
import type { KindOfMachine } from "./fleet-kinds.ts";

/** Machines of a kind, by what is known of its type. */
export interface Present extends KindCount {
  /** Of those ready, machines surely on the spot market. */
  readonly readySpot: number;
  /** Asked for on the spot market, and not there. */
  readonly refused: number;
}

/** Machines of a kind, its fallback's among them: ready ones and those on their way. */
export function presentOf(
  { fleet }: Pick<ClusterState, "fleet">,
  current: Configuration,
  kind: KindOfMachine,
): Present {
  const asked = numberAt(current, kind.knob, 0);
  const onDemand = kind.fallbackKnob === null ? 0 : numberAt(current, kind.fallbackKnob, 0);
  const count = fleet[kind.host];
  if (count === undefined) return { ready: asked + onDemand, booting: 0, readySpot: asked, refused: 0 };
  const { ready, launching, draining, spot } = count;
  if (kind.market === "onDemand") {
    const own = Math.min(asked, ready - Math.min(spot, ready));
    return { ready: own, booting: asked - own, readySpot: 0, refused: 0 };
  }
  const readySpot = Math.min(asked, ready, Math.max(0, spot - launching - draining));
  const refused = Math.max(0, asked + onDemand - ready - launching);
  const own = Math.min(ready, asked + onDemand);
  return { ready: own, booting: Math.max(0, asked + onDemand - own - refused), readySpot, refused };
}

/** The counts to ask for so that `wanted` machines of a kind run. @param spotShare of them on the spot market, at most */
export function askFor(
  kind: KindOfMachine,
  wanted: number,
  spotShare: number,
  current: Configuration,
  present: Present,
): Configuration {
  if (kind.market === "onDemand" || kind.fallbackKnob === null) return { [kind.knob]: wanted };
  const spot = Math.ceil(spotShare * wanted - 1e-9);
  const missing = Math.min(present.refused, spot);
  const running = numberAt(current, kind.fallbackKnob, 0);
  const replaced = Math.max(0, wanted - present.readySpot);
  return { [kind.knob]: spot, [kind.fallbackKnob]: Math.max(wanted - spot + missing, Math.min(running, replaced)) };
}
