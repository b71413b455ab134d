// The contract as a page for people. Self-contained, for a machine without a network.

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

/** The page runs only what it brings itself. */
export const pageHeaders = {
  "content-security-policy":
    "default-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
};

/** The contract, readable. */
export const docsPage = page(
  "Trimtab API",
  `<h1>Trimtab API</h1><p class="dim">From <a href="/openapi.json">/openapi.json</a></p><main id="api"></main>`,
  `const doc = await (await fetch("/openapi.json")).json();
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
