// Scenarios the service knows by name, opened once each.

import { listScenarios, loadScenario, type OpenScenario, openScenario } from "../../environments/index.ts";
import { UnknownNameError } from "../core/index.ts";

/** The scenarios that ship. */
export class Scenarios {
  /** Where data is looked for. */
  readonly dataFolder: string | null;
  readonly #open = new Map<string, Promise<OpenScenario>>();

  constructor(dataFolder: string | null) {
    this.dataFolder = dataFolder;
  }

  list(): Promise<readonly string[]> {
    return listScenarios();
  }

  /** The document of a scenario. @throws {UnknownNameError} for a name that does not ship */
  async load(name: string): ReturnType<typeof loadScenario> {
    // Over HTTP a name is never a path.
    const names = await this.list();
    if (!names.includes(name)) throw new UnknownNameError("scenario", name, names);
    return loadScenario(name);
  }

  /**
   * A scenario with its data read; kept for the next who asks. Scenarios are shared: they hold no state.
   * @throws {UnknownNameError} for a name that does not ship
   * @throws {TraceError} when its data is missing
   */
  async open(name: string): Promise<OpenScenario> {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const opened = this.load(name).then((loaded) => openScenario(loaded, { dataFolder: this.dataFolder }));
    this.#open.set(name, opened);
    // What failed is tried again the next time: the data may have come.
    opened.catch(() => this.#open.delete(name));
    return opened;
  }
}
