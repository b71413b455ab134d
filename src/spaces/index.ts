export * from "./knob-lattice.ts";
export * from "./policy-spec.ts";
