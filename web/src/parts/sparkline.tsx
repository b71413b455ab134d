// Small lines without axes, each on its own scale from zero: the shape of a day.

/** A line of a sparkline. */
export interface SparkLine {
  readonly name: string;
  readonly values: readonly (number | null)[];
  readonly colour: string;
}

const WIDTH = 600;
const HEIGHT = 44;

function pathOf(values: readonly (number | null)[]): string {
  const most = values.reduce<number>((top, value) => Math.max(top, value ?? 0), 0) || 1;
  const step = WIDTH / Math.max(1, values.length - 1);
  let pen = "M";
  return values
    .map((value, i) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const point = `${pen}${(i * step).toFixed(1)} ${(HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1)}`;
      pen = "L";
      return point;
    })
    .join("");
}

/** The lines. @param label what they are, for everybody */
export function Sparkline({ label, lines }: { label: string; lines: readonly SparkLine[] }) {
  return (
    <figure class="spark">
      <figcaption class="key">
        {label}
        {lines.map(({ name, colour }) => (
          <span key={name}>
            <i class="swatch" style={`--hue: var(--${colour})`} />
            {name}
          </span>
        ))}
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {lines.map(({ values, colour }) => (
          <path key={colour} d={pathOf(values)} style={`stroke: var(--${colour})`} />
        ))}
      </svg>
    </figure>
  );
}
