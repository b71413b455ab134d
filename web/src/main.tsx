// The dashboard: where one is, whether it is live, and the page.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { setToken } from "./api.ts";
import { followLive, liveState, onLiveState, reconnect } from "./live.ts";
import { ClusterPage } from "./pages/cluster.tsx";
import { ClustersPage } from "./pages/clusters.tsx";
import { PoliciesPage } from "./pages/policies.tsx";
import { ScenariosPage } from "./pages/scenarios.tsx";
import { TrainingsPage } from "./pages/trainings.tsx";
import { to, useRoute } from "./router.ts";
import { isDark, toggleTheme } from "./theme.ts";
import "uplot/dist/uPlot.min.css";
import "./style.css";

const sections = ["clusters", "trainings", "policies", "scenarios"] as const;

const liveWords = {
  connecting: "connecting",
  live: "live",
  lost: "reconnecting",
  locked: "token needed",
} as const;

function Live() {
  const [state, setState] = useState(liveState());
  useEffect(() => onLiveState(setState), []);
  return (
    <span class={`live ${state}`} role="status">
      <i />
      {liveWords[state]}
    </span>
  );
}

function ThemeButton() {
  const [dark, setDark] = useState(isDark());
  const toggle = (): void => {
    toggleTheme();
    setDark(isDark());
  };
  return (
    <button type="button" class="quiet" onClick={toggle} aria-label={dark ? "Light colours" : "Dark colours"}>
      {dark ? "☀" : "☾"}
    </button>
  );
}

function Unlock() {
  const [token, setText] = useState("");
  const unlock = (event: Event): void => {
    event.preventDefault();
    setToken(token);
    reconnect();
  };
  return (
    <main class="narrow">
      <h1>This service asks for a token</h1>
      <p class="dim">The one in the variable that was named by --token-env. It stays in this tab.</p>
      <form onSubmit={unlock} class="unlock">
        <label>
          Token
          <input type="password" autocomplete="off" value={token} onInput={(e) => setText(e.currentTarget.value)} />
        </label>
        <button type="submit" class="primary">
          Open
        </button>
      </form>
    </main>
  );
}

function Page({ route }: { route: readonly string[] }) {
  const [section = "clusters", name, ...rest] = route;
  if (section === "trainings") return <TrainingsPage id={name} />;
  if (section === "policies") return <PoliciesPage />;
  if (section === "scenarios") return <ScenariosPage />;
  if (name !== undefined) return <ClusterPage key={name} name={name} view={rest} />;
  return <ClustersPage />;
}

function App() {
  const route = useRoute();
  const [state, setState] = useState(liveState());
  useEffect(() => onLiveState(setState), []);
  const [section = "clusters"] = route;
  useEffect(() => {
    document.title = `${route.slice(0, 2).join(" · ") || "clusters"} – Trimtab`;
  }, [route.join("/")]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("content")?.focus()}>
        Skip to content
      </button>
      <header class="top">
        <a class="brand" href={to("clusters")}>
          <img src="/assets/icon.svg" alt="" width="22" height="22" />
          Trimtab
        </a>
        <nav aria-label="Sections">
          {sections.map((one) => (
            <a key={one} href={to(one)} aria-current={one === section ? "page" : undefined}>
              {one}
            </a>
          ))}
        </nav>
        <Live />
        <ThemeButton />
      </header>
      <div id="content" tabIndex={-1}>
        {state === "locked" ? <Unlock /> : <Page route={route} />}
      </div>
      <footer>
        <a href="/docs">API</a> <a href="/openapi.json">OpenAPI</a> <a href="/metrics">metrics</a>
      </footer>
    </>
  );
}

const root = document.getElementById("app");
if (root !== null) {
  // What stands there until now is only for the first paint.
  root.replaceChildren();
  render(<App />, root);
}
void followLive();
