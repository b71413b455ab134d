// A configuration knob by knob; what differs from another stands out.

import type { Configuration } from "../api.ts";
import { knobName, knobValue } from "../format.ts";

/** The knobs of a configuration. @param from what it is compared with; nothing stands out where absent */
export function Knobs({ of, from }: { of: Configuration | null | undefined; from?: Configuration | null | undefined }) {
  if (of === null || of === undefined) return <span class="dim">none</span>;
  return (
    <ul class="knobs">
      {Object.entries(of).map(([name, value]) => {
        const before = from?.[name];
        const changed = before !== undefined && String(before) !== String(value);
        return (
          <li key={name} class={changed ? "changed" : ""} title={name}>
            <span>{knobName(name)}</span>{" "}
            <b>
              {changed ? `${knobValue(before)} → ` : ""}
              {knobValue(value)}
            </b>
          </li>
        );
      })}
    </ul>
  );
}
