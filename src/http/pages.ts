// The pages for people: what is going on, and the contract. Self-contained, for a machine without a network.

const style = `
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
  body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884; vertical-align: top; }
  code, td.code { font: 13px/1.4 ui-monospace, monospace; }
  summary { cursor: pointer; } .dim { opacity: .7; } pre { overflow: auto; }`;

function page(title: string, body: string, script: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head>
<body>${body}<script type="module">${script}</script></body></html>
`;
}

const shared = `
  const cell = (row, text, code) => { const td = row.insertCell(); td.textContent = text; if (code) td.className = "code"; };
  const row = (table, ...texts) => { const r = table.insertRow(); for (const t of texts) cell(r, t, true); };
  const knobs = (c) => c ? Object.entries(c).map(([k, v]) => k + "=" + v).join(" ") : "none";`;

/** The status page: clusters and their latest decisions. */
export const statusPage = page(
  "Trimtab",
  `<h1>Trimtab</h1><p class="dim">Tunes machine-learning serving clusters.
<a href="/docs">API</a> · <a href="/openapi.json">OpenAPI</a> · <a href="/metrics">metrics</a></p>
<main id="clusters"></main>`,
  `${shared}
  const main = document.getElementById("clusters");
  const show = async () => {
    const { items } = await (await fetch("/v1/clusters")).json();
    const parts = [];
    for (const c of items) {
      const section = document.createElement("section");
      const h = section.appendChild(document.createElement("h2"));
      h.textContent = c.name + " (" + c.scenario + "): " + c.mode + ", " + c.trust.trust;
      section.appendChild(document.createElement("p")).textContent = "in force: " + knobs(c.configuration);
      const table = section.appendChild(document.createElement("table"));
      const head = table.createTHead().insertRow();
      for (const t of ["time s", "req/s", "p99 ms", "USD/h", "outcome", "why"]) {
        head.appendChild(document.createElement("th")).textContent = t;
      }
      const page = await (await fetch("/v1/clusters/" + c.name + "/decisions?limit=20")).json();
      for (const d of page.items) {
        const m = d.observation?.metrics;
        row(table, d.timeS.toFixed(0), m ? m.arrivalRateRps.toFixed(1) : "", m?.latency ? m.latency.p99Ms.toFixed(0) : "",
          m ? m.costUsdPerHour.toFixed(2) : "", d.outcome + " by " + d.actor, d.reason);
      }
      parts.push(section);
    }
    main.replaceChildren(...parts);
  };
  const loop = () => show().catch((e) => { main.textContent = String(e); }).finally(() => setTimeout(loop, 2000));
  loop();`,
);

/** The contract, readable. */
export const docsPage = page(
  "Trimtab API",
  `<h1>Trimtab API</h1><p class="dim">From <a href="/openapi.json">/openapi.json</a></p><main id="api"></main>`,
  `${shared}
  const doc = await (await fetch("/openapi.json")).json();
  const main = document.getElementById("api");
  const groups = {};
  for (const [path, methods] of Object.entries(doc.paths)) {
    for (const [method, op] of Object.entries(methods)) (groups[op.tags?.[0] ?? "other"] ??= []).push([method, path, op]);
  }
  for (const [tag, ops] of Object.entries(groups)) {
    main.appendChild(document.createElement("h2")).textContent = tag;
    for (const [method, path, op] of ops) {
      const details = main.appendChild(document.createElement("details"));
      const summary = details.appendChild(document.createElement("summary"));
      summary.appendChild(document.createElement("code")).textContent = method.toUpperCase() + " " + path;
      summary.append(" " + (op.summary ?? ""));
      const text = JSON.stringify({ parameters: op.parameters, requestBody: op.requestBody, responses: op.responses }, null, 2);
      details.appendChild(document.createElement("pre")).textContent = text;
    }
  }
  main.appendChild(document.createElement("h2")).textContent = "schemas";
  main.appendChild(document.createElement("pre")).textContent = JSON.stringify(doc.components?.schemas, null, 2);`,
);
