// The knob lattice as a map of two knobs: what each configuration is expected to do, what was measured, what is held safe.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Lattice } from "../api.ts";
import { count, knobName, knobValue, ms, percent, rate, usd } from "../format.ts";
import { Failure, Section } from "../parts/bits.tsx";
import { aboutCluster, useResource } from "../resource.ts";

type Cell = Lattice["cells"][number][number];
type Known = NonNullable<Cell>;
type Layer = "latency" | "cost" | "safe" | "regions" | "measured";

const layerNames: Readonly<Record<Layer, string>> = {
  latency: "expected latency",
  cost: "expected cost",
  safe: "held safe",
  regions: "regions",
  measured: "measured",
};

/** Probability from which the agent's safe set is drawn. */
const SAFE = 0.9;

/** The map changes with the load, slowly. */
const PAUSE_MS = 3000;

function number(value: number | string | null): number | null {
  if (value === null) return null;
  return value === "Infinity" ? Number.POSITIVE_INFINITY : Number(value);
}

function inSafeSet(cell: Known, lattice: Lattice): boolean {
  if (cell.safe !== null) return cell.safe >= SAFE;
  const expected = number(cell.expectedMs);
  return expected !== null && expected <= lattice.slo.latencyMs;
}

function costRange({ cells }: Lattice): readonly [number, number] {
  const costs = cells
    .flat()
    .flatMap((cell) => number(cell?.costUsdPerHour ?? null) ?? [])
    .filter(Number.isFinite);
  return costs.length === 0 ? [0, 1] : [Math.min(...costs), Math.max(...costs)];
}

/** A colour: from the good to the bad end as late as it is, or from pale to strong. */
function fill(layer: Layer, cell: Known, lattice: Lattice, [cheapest, dearest]: readonly [number, number]): string {
  const strength = (share: number, hue: string): string =>
    `color-mix(in oklab, var(--${hue}) ${Math.round(12 + 76 * Math.min(1, Math.max(0, share)))}%, var(--panel))`;
  const lateness = (latencyMs: number | null): string => {
    if (latencyMs === null) return "transparent";
    const octaves = Math.log2(latencyMs / lattice.slo.latencyMs);
    return octaves <= 0 ? strength(-octaves / 2, "good") : strength(octaves / 3, "bad");
  };
  if (layer === "latency") return lateness(number(cell.expectedMs));
  if (layer === "measured")
    return cell.windows === 0 ? "transparent" : lateness(cell.worstMs ?? 0.25 * lattice.slo.latencyMs);
  if (layer === "safe") return cell.safe === null ? "transparent" : strength(cell.safe, "good");
  if (layer === "regions") return cell.informed === null ? "transparent" : strength(cell.informed, "agent");
  const cost = number(cell.costUsdPerHour);
  return cost === null ? "transparent" : strength((cost - cheapest) / (dearest - cheapest || 1), "cost");
}

function told(cell: Cell, lattice: Lattice, x: number, y: number): string {
  const at = `${knobName(lattice.x.knob)} ${knobValue(lattice.x.values[x])}, ${knobName(lattice.y.knob)} ${knobValue(lattice.y.values[y])}`;
  if (cell === null) return `${at}: cannot run`;
  const parts = [
    `expected ${ms(number(cell.expectedMs))} at ${usd(number(cell.costUsdPerHour))}/h`,
    cell.safe === null
      ? inSafeSet(cell, lattice)
        ? "within the SLO by the model"
        : "over the SLO by the model"
      : `safe with ${percent(cell.safe, 0)}`,
    cell.informed === null ? null : `informed ${percent(cell.informed, 0)} by measurements nearby`,
    cell.windows === 0 ? "never measured" : `measured in ${count(cell.windows)} windows, worst ${ms(cell.worstMs)}`,
  ];
  return `${at}: ${parts.filter((part) => part !== null).join("; ")}`;
}

interface Spot {
  readonly x: number;
  readonly y: number;
}

function spotOf(lattice: Lattice, configuration: Lattice["inForce"]): Spot | null {
  if (configuration === null) return null;
  const at = (axis: Lattice["x"]): number =>
    axis.values.findIndex((value) => String(value) === String(configuration[axis.knob]));
  const spot = { x: at(lattice.x), y: at(lattice.y) };
  return spot.x < 0 || spot.y < 0 ? null : spot;
}

const same = (a: Spot | null, x: number, y: number): boolean => a !== null && a.x === x && a.y === y;

function Grid({ lattice, layer }: { lattice: Lattice; layer: Layer }) {
  const inForce = spotOf(lattice, lattice.inForce);
  const incumbent = spotOf(lattice, lattice.incumbent);
  const [spot, setSpot] = useState<Spot>(inForce ?? { x: 0, y: 0 });
  const grid = useRef<HTMLTableElement>(null);
  const rows = lattice.y.values.length;
  const columns = lattice.x.values.length;
  const costs = costRange(lattice);
  const here = { x: Math.min(spot.x, columns - 1), y: Math.min(spot.y, rows - 1) };
  const moves: Readonly<Record<string, Spot>> = {
    ArrowLeft: { x: -1, y: 0 },
    ArrowRight: { x: 1, y: 0 },
    ArrowUp: { x: 0, y: 1 },
    ArrowDown: { x: 0, y: -1 },
  };
  const onKey = (event: KeyboardEvent): void => {
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const next = {
      x: Math.min(columns - 1, Math.max(0, here.x + move.x)),
      y: Math.min(rows - 1, Math.max(0, here.y + move.y)),
    };
    setSpot(next);
    grid.current?.querySelector<HTMLElement>(`[data-cell="${next.x},${next.y}"]`)?.focus();
  };
  const order = Array.from({ length: rows }, (_, i) => rows - 1 - i);
  return (
    <>
      <div class="lattice-frame">
        <table
          class="lattice"
          ref={grid}
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table walked by arrow keys is a grid
          role="grid"
          aria-label={`${knobName(lattice.y.knob)} by ${knobName(lattice.x.knob)}`}
          onKeyDown={onKey}
          style={`--columns: ${columns}`}
        >
          <tbody>
            {order.map((y) => (
              <tr key={y}>
                <th scope="row">{knobValue(lattice.y.values[y])}</th>
                {lattice.x.values.map((value, x) => {
                  const cell = lattice.cells[y]?.[x] ?? null;
                  const names = [
                    "cell",
                    cell === null ? "barred" : "",
                    cell !== null && inSafeSet(cell, lattice) ? "safe" : "",
                    same(incumbent, x, y) ? "incumbent" : "",
                    same(inForce, x, y) ? "in-force" : "",
                  ];
                  return (
                    <td
                      key={String(value)}
                      class={names.join(" ")}
                      data-cell={`${x},${y}`}
                      tabIndex={same(here, x, y) ? 0 : -1}
                      aria-label={told(cell, lattice, x, y)}
                      style={cell === null ? "" : `background: ${fill(layer, cell, lattice, costs)}`}
                      onMouseEnter={() => setSpot({ x, y })}
                      onFocus={() => setSpot({ x, y })}
                    />
                  );
                })}
              </tr>
            ))}
          </tbody>
          <tfoot aria-hidden="true">
            <tr>
              <td />
              {lattice.x.values.map((value, x) => (
                <td key={String(value)} class="below">
                  {x % Math.ceil(columns / 12) === 0 ? knobValue(value) : ""}
                </td>
              ))}
            </tr>
          </tfoot>
        </table>
        <p class="dim axis-name">
          up: {knobName(lattice.y.knob)}; right: {knobName(lattice.x.knob)}
        </p>
      </div>
      <p class="told">{told(lattice.cells[here.y]?.[here.x] ?? null, lattice, here.x, here.y)}</p>
    </>
  );
}

function Key({ lattice, layer }: { lattice: Lattice; layer: Layer }) {
  const meaning: Readonly<Record<Layer, string>> = {
    latency: "green under the SLO, red over it; the stronger the further",
    cost: "the stronger the dearer",
    safe: "the stronger the surer the agent is that it meets the SLO",
    regions: "the stronger, the more the measurements of its region say of it",
    measured: "coloured where it has run: green within the SLO, red where a window was over it",
  };
  return (
    <p class="key">
      {meaning[layer]}.
      <span>
        <i class="cell sample safe" />{" "}
        {lattice.agentTells ? `safe set: at least ${percent(SAFE, 0)} sure` : "within the SLO by the model"}
      </span>
      <span>
        <i class="cell sample in-force" /> in force
      </span>
      {lattice.incumbent === null ? null : (
        <span>
          <i class="cell sample incumbent" /> incumbent: what the agent would keep
        </span>
      )}
      <span>
        <i class="cell sample barred" /> cannot run
      </span>
    </p>
  );
}

function AxisChoice(props: { label: string; knobs: Lattice["knobs"]; value: string; choose: (name: string) => void }) {
  return (
    <label>
      {props.label}
      <select value={props.value} onChange={(event) => props.choose(event.currentTarget.value)}>
        {props.knobs.map(({ name, values }) => (
          <option key={name} value={name}>
            {knobName(name)} ({values})
          </option>
        ))}
      </select>
    </label>
  );
}

/** The section. */
export function LatticeMap({ cluster }: { cluster: string }) {
  const [axes, setAxes] = useState<{ x?: string; y?: string }>({});
  const [layer, setLayer] = useState<Layer>("latency");
  const query = new URLSearchParams(axes).toString();
  const path = `/v1/clusters/${cluster}/lattice${query === "" ? "" : `?${query}`}`;
  const { value: lattice, error } = useResource<Lattice>(path, aboutCluster(cluster), PAUSE_MS);
  const tells = lattice?.agentTells === true;
  const layers: readonly Layer[] = tells
    ? ["latency", "cost", "safe", "regions", "measured"]
    : ["latency", "cost", "measured"];
  useEffect(() => {
    if (!layers.includes(layer)) setLayer("latency");
  }, [tells]);
  return (
    <Section
      title="Knob lattice"
      side={
        <fieldset class="segments small" aria-label="What the colours show">
          {layers.map((one) => (
            <button type="button" key={one} aria-pressed={one === layer} onClick={() => setLayer(one)}>
              {layerNames[one]}
            </button>
          ))}
        </fieldset>
      }
    >
      <Failure text={error} />
      {lattice === null ? (
        <p class="dim">…</p>
      ) : (
        <>
          <p class="dim">
            {count(lattice.configurations)} configurations; two knobs shown, the others as in force; at{" "}
            {rate(lattice.rateRps)}.
            {tells ? "" : " This agent keeps no map of its own: what is expected is the performance model's word."}
          </p>
          <div class="axes">
            <AxisChoice
              label="right"
              knobs={lattice.knobs}
              value={lattice.x.knob}
              choose={(x) => setAxes({ x, y: x === lattice.y.knob ? lattice.x.knob : lattice.y.knob })}
            />
            <AxisChoice
              label="up"
              knobs={lattice.knobs}
              value={lattice.y.knob}
              choose={(y) => setAxes({ y, x: y === lattice.x.knob ? lattice.y.knob : lattice.x.knob })}
            />
          </div>
          <Grid lattice={lattice} layer={layer} />
          <Key lattice={lattice} layer={layer} />
        </>
      )}
    </Section>
  );
}
