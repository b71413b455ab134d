// Simulated time, shared by all parts of one simulation.

/** Now. Parts read it instead of passing it on: a number passed through a call would be boxed, once per request. */
export class Clock {
  timeS = 0;
}
