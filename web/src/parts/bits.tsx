// Small parts every page uses: figures with their unit, badges, what to show while nothing is known.

import type { ComponentChildren } from "preact";
import type { Mode, TrustName } from "../api.ts";

/** What each mode lets the service do. */
export const modeMeaning: Readonly<Record<Mode, string>> = {
  off: "observes and records, proposes nothing",
  shadow: "decides and records, changes nothing",
  advisory: "proposes each change, and makes it when you approve",
  canary: "changes a share of the traffic, in stages",
  active: "changes the cluster, inside guards and budget",
};

/** What each trust means for who acts. */
export const trustMeaning: Readonly<Record<TrustName, string>> = {
  bootstrapping: "the rule acts; the agent watches and learns",
  learning: "the agent tries what is held safe; the rule acts otherwise",
  serving: "the learned policy acts: it has proved better than the rule",
  suspended: "the rule acts: something made the learned policy doubtful",
};

/** A state in a word, coloured by what it means. */
export function Badge({ kind, text }: { kind: "good" | "warn" | "bad" | "plain" | "agent"; text: string }) {
  return <span class={`badge ${kind}`}>{text}</span>;
}

const trustKinds = { bootstrapping: "plain", learning: "agent", serving: "good", suspended: "bad" } as const;

/** How far the agent is trusted. */
export function TrustBadge({ trust }: { trust: TrustName }) {
  return <Badge kind={trustKinds[trust]} text={trust} />;
}

/** How far the service may go. */
export function ModeBadge({ mode }: { mode: Mode }) {
  return <Badge kind={mode === "active" ? "good" : mode === "canary" ? "agent" : "plain"} text={mode} />;
}

/** A figure with what it is and what it means. */
export function Stat(props: {
  label: string;
  value: string;
  note?: ComponentChildren;
  tone?: "good" | "bad" | undefined;
}) {
  return (
    <div class="stat">
      <dt>{props.label}</dt>
      <dd class={props.tone ?? ""}>{props.value}</dd>
      {props.note === undefined ? null : <dd class="note">{props.note}</dd>}
    </div>
  );
}

/** A page's or a section's failure. */
export function Failure({ text }: { text: string | null }) {
  return text === null ? null : (
    <p class="error" role="alert">
      {text}
    </p>
  );
}

/** What stands where nothing is yet, and what to do about it. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** A section with a heading. */
export function Section(props: { title: string; id?: string; side?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="panel" id={props.id} aria-label={props.title}>
      <header>
        <h2>{props.title}</h2>
        {props.side}
      </header>
      {props.children}
    </section>
  );
}
