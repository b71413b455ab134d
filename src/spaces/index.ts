export * from "./knob-lattice.ts";
