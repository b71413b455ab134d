// Opens a profile that a scenario names: one that ships, a measured file, or a closed form.

import { ConfigError, UnknownNameError } from "../core/index.ts";
import { type DataFolders, findDataFile } from "../store/data-file.ts";
import { amdahlProfile, constantProfile, linearProfile } from "./analytic-profile.ts";
import { namedProfiles } from "./named-profiles.ts";
import type { ProfileSpec } from "./profile-spec.ts";
import { type DeviceRow, readProfile } from "./read-profile.ts";
import type { ServiceProfile } from "./service-profile.ts";
import { tableProfile } from "./table-profile.ts";

/** Where files are looked for, and which device a file's rows are wanted of. */
export interface OpenProfileOptions extends DataFolders {
  readonly device?: string | undefined;
}

/**
 * The rows of one device: all where the file has one or none.
 * @throws {ConfigError} when the file has several and none is the wanted one
 */
export function rowsOfDevice(rows: readonly DeviceRow[], device: string | undefined, source: string): DeviceRow[] {
  const devices = [...new Set(rows.map((row) => row.device))];
  const chosen = device !== undefined && devices.includes(device) ? device : devices.length === 1 ? devices[0] : null;
  if (chosen === null) {
    const expected = `device: one of ${devices.join(", ")}`;
    throw new ConfigError(source, [{ path: "device", expected, found: device ?? "nothing" }]);
  }
  return rows.filter((row) => row.device === chosen);
}

async function openFile(file: string, device: string | undefined, folders: DataFolders): Promise<ServiceProfile> {
  const search = await findDataFile(file, folders);
  if (search.path === null) {
    const found = `none at ${search.places.join(" or ")}${search.advice === "" ? "" : `; ${search.advice}`}`;
    throw new ConfigError(file, [{ path: "file", expected: "a profile in CSV", found }]);
  }
  return tableProfile(file, rowsOfDevice(await readProfile(search.path, file), device, file));
}

/**
 * The profile a checked block describes.
 * @throws {UnknownNameError} for a name that does not ship
 * @throws {ConfigError} when a file is missing or holds an impossible row
 */
export async function openProfile(spec: ProfileSpec, options: OpenProfileOptions): Promise<ServiceProfile> {
  if (typeof spec === "string") {
    const named = namedProfiles.find((profile) => profile.name === spec);
    if (named !== undefined) return named.profile;
    throw new UnknownNameError(
      "profile",
      spec,
      namedProfiles.map((profile) => profile.name),
    );
  }
  if ("file" in spec) return openFile(spec.file, spec.device ?? options.device, options);
  if ("constantMs" in spec) return constantProfile(spec.constantMs);
  return "linear" in spec ? linearProfile(spec.linear) : amdahlProfile(spec.amdahl);
}
