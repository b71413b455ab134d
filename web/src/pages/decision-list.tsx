// Every decision of a cluster in a list that is only ever as long as the screen: rows are read as they come into view.

import { useEffect, useRef, useState } from "preact/hooks";
import { type Decision, get, type Page } from "../api.ts";
import { clock, count, ms, rate, usd } from "../format.ts";
import { Section } from "../parts/bits.tsx";
import { Outcome } from "../parts/marks.tsx";
import { to } from "../router.ts";

const ROW_PX = 44;
const VIEW_PX = 440;
const PAGE = 50;

/** How often the newest page is read while decisions come. */
const NEWEST_PAUSE_MS = 1000;

/** Rows by the number of their decision. Pages are read once, since what is recorded never changes; the newest as it fills. */
function useDecisions(cluster: string, decisions: number) {
  const known = useRef(new Map<number, Decision>());
  const asked = useRef(new Set<number>());
  const readAtMs = useRef(Number.NEGATIVE_INFINITY);
  const [total, setTotal] = useState(0);
  const [, redraw] = useState(0);
  const read = (first: number): void => {
    if (asked.current.has(first)) return;
    asked.current.add(first);
    get<Page<Decision>>(`/v1/clusters/${cluster}/decisions?order=asc&cursor=${first}&limit=${PAGE}`)
      .then(({ items }) => {
        for (const [i, decision] of items.entries()) known.current.set(first + i, decision);
        if (items.length < PAGE) asked.current.delete(first);
        setTotal((before) => Math.max(before, first + items.length));
        redraw((times) => times + 1);
      })
      .catch(() => asked.current.delete(first));
  };
  useEffect(() => {
    const wait = Math.max(0, readAtMs.current + NEWEST_PAUSE_MS - performance.now());
    const timer = setTimeout(() => {
      readAtMs.current = performance.now();
      read(pageOf(Math.max(0, decisions - 1)));
    }, wait);
    return () => clearTimeout(timer);
  }, [cluster, decisions]);
  return { total, of: (number: number) => known.current.get(number), need: (number: number) => read(pageOf(number)) };
}

function pageOf(number: number): number {
  return Math.floor(number / PAGE) * PAGE;
}

function Row({ cluster, decision, top }: { cluster: string; decision: Decision | undefined; top: number }) {
  const style = `transform: translateY(${top}px); height: ${ROW_PX}px`;
  if (decision === undefined) {
    return (
      <li class="row dim" style={style}>
        …
      </li>
    );
  }
  const metrics = decision.observation?.metrics;
  return (
    <li class="row" style={style}>
      <a href={to("clusters", cluster, "decisions", decision.id)}>
        <span class="when">{clock(decision.timeS)}</span>
        <Outcome {...decision} />
        <span class="figures">
          {metrics === undefined
            ? ""
            : `${rate(metrics.arrivalRateRps)} · ${ms(metrics.latency?.objectiveMs)} · ${usd(metrics.costUsdPerHour)}/h`}
        </span>
        <span class="why">{decision.reason}</span>
      </a>
    </li>
  );
}

/** The section. @param decisions how many there are now */
export function DecisionList({ cluster, decisions }: { cluster: string; decisions: number }) {
  const box = useRef<HTMLElement>(null);
  const [scrolled, setScrolled] = useState(0);
  /** Where the list is pinned: while somebody reads, new decisions must not push it away. */
  const [pinned, setPinned] = useState<number | null>(null);
  const { total: newest, of, need } = useDecisions(cluster, decisions);
  const total = pinned ?? newest;
  const first = Math.floor(scrolled / ROW_PX);
  const visible = Array.from({ length: Math.ceil(VIEW_PX / ROW_PX) + 1 }, (_, i) => first + i).filter(
    (at) => at < total,
  );
  useEffect(() => {
    for (const at of visible) if (of(total - 1 - at) === undefined) need(total - 1 - at);
  });
  const onScroll = (): void => {
    const top = box.current?.scrollTop ?? 0;
    setScrolled(top);
    setPinned(top < ROW_PX ? null : (pinned ?? newest));
  };
  const newer = newest - total;
  return (
    <Section
      title="Decisions"
      side={
        newer > 0 ? (
          <button type="button" class="small" onClick={() => box.current?.scrollTo({ top: 0 })}>
            {count(newer)} newer
          </button>
        ) : (
          <span class="dim">{count(decisions)}, latest first</span>
        )
      }
    >
      <section
        class="list"
        ref={box}
        onScroll={onScroll}
        style={`height: ${VIEW_PX}px`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by key
        tabIndex={0}
        aria-label="All decisions, latest first"
      >
        <ol style={`height: ${total * ROW_PX}px`}>
          {visible.map((at) => (
            <Row key={total - 1 - at} cluster={cluster} decision={of(total - 1 - at)} top={at * ROW_PX} />
          ))}
        </ol>
      </section>
    </Section>
  );
}
