// TITLE
//
// A standalone module: `act` takes an observation, as the service gives and takes it in JSON, and returns a
// configuration, a value for every knob. It depends on nothing and keeps nothing between calls.

/** What was learnt, with the knobs it sets. Infinities are written as text. */
export const policy = DATA;

/** A knob value as a number or text; JSON has no infinity. */
function value(read) {
  return read === "Infinity" ? Infinity : read;
}

/** Position of the value of a knob nearest to the one given, the first among equals. */
function nearestPosition(knob, given) {
  const exact = knob.values.findIndex((candidate) => value(candidate) === given);
  if (exact >= 0 || typeof given !== "number") return Math.max(0, exact);
  let best = 0;
  let bestGap = Infinity;
  knob.values.forEach((candidate, position) => {
    if (typeof value(candidate) !== "number") return;
    const gap = Math.abs(value(candidate) - given);
    if (gap < bestGap) {
      best = position;
      bestGap = gap;
    }
  });
  return best;
}

/** The configuration at these positions, one a knob. */
function at(positions) {
  return Object.fromEntries(policy.knobs.map((knob, k) => [knob.name, value(knob.values[positions[k]])]));
}

/** The configuration of the lattice nearest to the one given. */
function nearest(configuration) {
  return at(policy.knobs.map((knob) => nearestPosition(knob, value(configuration[knob.name] ?? knob.values[0]))));
}
