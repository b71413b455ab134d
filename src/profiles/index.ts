// Service-time models: measured tables, closed forms, fits, and the profiles that ship.

export * from "./analytic-profile.ts";
export * from "./fit-profile.ts";
export { type NamedProfile, namedProfiles } from "./named-profiles.ts";
export { type OpenProfileOptions, openProfile, rowsOfDevice } from "./open-profile.ts";
export { type ProfileSpec, profileSchema } from "./profile-spec.ts";
export { type DeviceRow, parseProfile, readProfile } from "./read-profile.ts";
export type * from "./service-profile.ts";
export { type ProfileRow, tableProfile } from "./table-profile.ts";
