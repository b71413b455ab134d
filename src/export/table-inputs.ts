// What a decision table asks of an observation: a few numbers anybody who watches a cluster has at hand.

import { settledRps } from "../../agents/index.ts";
import type { ClusterState, KnobLattice } from "../core/index.ts";

/** One number a table decides by. */
export interface TableInput {
  /** A plain identifier, so that expression languages can hold it. */
  readonly name: string;
  readonly unit: string;
  readonly about: string;
  readonly read: (observation: ClusterState) => number;
}

/** The arrival rate alone: all that policies of load levels look at. */
export const settledRate: TableInput = {
  name: "settledRps",
  unit: "1/s",
  about:
    "arrival rate, held at the middle of its load level until the load has really changed; the rate itself will do",
  read: settledRps,
};

function identifier(name: string): string {
  return name.replace(/[^A-Za-z0-9]+(.)?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? "");
}

/** Everything a distilled table may ask on a lattice. */
export function tableInputs(lattice: KnobLattice): TableInput[] {
  const counts = lattice.knobs.filter(({ values }) => values.every((value) => typeof value === "number"));
  return [
    settledRate,
    {
      name: "arrivalRateRps",
      unit: "1/s",
      about: "arrival rate of the last window",
      read: ({ metrics }) => metrics.arrivals.rateRps,
    },
    { name: "queueLength", unit: "1", about: "requests waiting", read: ({ metrics }) => metrics.queueLength },
    {
      name: "utilization",
      unit: "1",
      about: "busy share of ready capacity",
      read: ({ metrics }) => metrics.utilization,
    },
    ...counts.map((knob) => ({
      name: `present${identifier(`.${knob.name}`)}`,
      unit: "1",
      about: `${knob.name} in force, or on its way`,
      read: ({ configuration, inFlight }: ClusterState) => {
        const value = (inFlight ?? configuration)[knob.name];
        return typeof value === "number" ? Math.min(value, 1e9) : 0;
      },
    })),
  ];
}
