// A lease: of several services attached to one cluster, one at a time may act on it.

/** Whether we may act, and who may if not we. */
export interface LeaseStanding {
  readonly leads: boolean;
  /** Who holds it, for people. */
  readonly holder: string;
}

/** One cluster's lease as one service sees it. */
export interface Lease {
  /** Takes it, or keeps it for another term. @throws when nobody can tell who holds it: nobody then acts */
  hold(): Promise<LeaseStanding>;
  /** Lets others take it at once. May be called twice. */
  release(): Promise<void>;
}
