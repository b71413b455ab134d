export { closedFormModel } from "./closed-form.ts";
export type { ModelPlan } from "./hosts.ts";
