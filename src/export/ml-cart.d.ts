// The part of ml-cart that is used; the package ships no types.

declare module "ml-cart" {
  /** A node of a grown tree as plain data; leaves have a distribution, the mean of their targets. */
  export interface CartNode {
    readonly distribution?: number;
    readonly splitColumn?: number;
    readonly splitValue?: number;
    readonly left?: CartNode;
    readonly right?: CartNode;
  }

  export class DecisionTreeRegression {
    constructor(options: { minNumSamples?: number; maxDepth?: number; gainThreshold?: number });
    train(rows: readonly (readonly number[])[], targets: readonly number[]): void;
    toJSON(): { readonly root: CartNode };
  }
}
