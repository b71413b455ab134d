// Knobs and configurations: what a cluster can turn, and one setting of all of it.

/** The value of one knob: a number, or a name such as an instance type. `Infinity` means "never". */
export type KnobValue = number | string;

/** What turning a knob costs the cluster: nothing, a model reload, a restart, or new machines. */
export type ActuationClass = "hot" | "reload" | "restart" | "provision";

/** One tunable with an ordered list of values. */
export interface Knob {
  /** Fixed name (design, section 4), prefixed `<model>/` where a scenario has several models. */
  readonly name: string;
  /** Distinct, in ascending order of effect; at least one. */
  readonly values: readonly KnobValue[];
  readonly actuation: ActuationClass;
  /** From acceptance to effect. */
  readonly actuationDelayS: number;
  /** The knob is not changed more often than this. */
  readonly decideEveryS: number;
}

/** A value for every knob, by knob name. */
export type Configuration = Readonly<Record<string, KnobValue>>;
