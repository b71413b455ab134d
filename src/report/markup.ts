// Markup by template literals: every value is escaped unless it is markup already.

/** A piece of HTML or SVG that is safe to insert. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: text and numbers are escaped, lists joined, null and false left out. */
export type Insertable = Markup | string | number | null | false | readonly Insertable[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function inserted(value: Insertable): string {
  if (value === null || value === false) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "string") return value.replace(/[&<>"']/g, (found) => entities[found] ?? found);
  if (typeof value === "number") return String(value);
  return value.map(inserted).join("");
}

/** Markup from a template: html`<p>${anything}</p>`. */
export function html(strings: TemplateStringsArray, ...values: readonly Insertable[]): Markup {
  return new Markup(strings.map((text, i) => text + (i < values.length ? inserted(values[i] ?? null) : "")).join(""));
}
