// What can be rented: instance types and functions with prices, delays and limits, resolved for one scenario.

/** A distribution of durations in seconds. */
export type DurationSpec =
  | { readonly constant: number }
  | { readonly uniform: readonly [number, number] }
  | { readonly exponential: number }
  | { readonly lognormal: { readonly mean: number; readonly cv: number } };

/** How use of a machine turns into money. */
export interface BillingRule {
  /** Billed time is rounded up to this, per machine. */
  readonly incrementS: number;
  /** Least billed per launch. */
  readonly minimumS: number;
  /** Whether the launch delay is billed. */
  readonly launchBilled: boolean;
}

/** A machine that can be rented, or a container of the same shape. */
export interface InstanceType {
  readonly name: string;
  readonly kind: "vm" | "container";
  readonly vcpus: number;
  readonly memoryGib: number;
  readonly gpus: number;
  readonly usdPerHour: number;
  /** Spot price over the on-demand price, in (0, 1]; null where spot is not offered. */
  readonly spotPriceRatio: number | null;
  /** Spot losses per instance and hour. */
  readonly spotInterruptionsPerHour: number;
  readonly launchS: DurationSpec;
  readonly billing: BillingRule;
}

/** A function service such as AWS Lambda. */
export interface FunctionType {
  readonly name: string;
  readonly usdPerGbS: number;
  readonly usdPerRequest: number;
  /** Billed time is rounded up to this. */
  readonly billingIncrementMs: number;
  readonly memoryMb: { readonly min: number; readonly max: number; readonly mbPerVcpu: number };
  readonly coldStartS: DurationSpec;
  readonly keepAliveS: number;
  /** Requests in flight at once; beyond it calls are throttled. */
  readonly concurrencyLimit: number;
}

/** The rentable world of one scenario. */
export interface Catalogue {
  /** Dated name of the price list. */
  readonly prices: string;
  readonly instances: readonly InstanceType[];
  readonly function: FunctionType | null;
}
