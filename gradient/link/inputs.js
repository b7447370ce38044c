// The inputs of a link as its page has them.

/** @typedef {import("./executor.js").Inputs} Inputs */
/** @typedef {import("./wiring.js").Source} Source */

/** The values of traits by their names. @param {Source[]} sources @returns {Inputs} */
const readAll = (sources) => Object.fromEntries(sources.map(({ name, model, trait }) => [name, model.get(trait)]));

export class LinkInputs {
  /** @param {import("./wiring.js").Wiring} wiring */
  constructor(wiring) {
    this.wiring = wiring;
  }

  /** The inputs of the program: of a selection the number that its index stands for. @returns {Inputs} */
  read() {
    const tables = this.wiring.own.get("tables");
    const inputs = readAll(this.wiring.inputs);
    for (const [name, options] of Object.entries(tables)) inputs[name] = options[inputs[name]] ?? null;
    return inputs;
  }

  /** The static inputs, which choose the program. @returns {Inputs} */
  readStatic() {
    return readAll(this.wiring.static);
  }

  /** The key of the present combination of static inputs, written as Python's `json.dumps` writes it. */
  key() {
    return JSON.stringify(this.wiring.static.map(({ model, trait }) => model.get(trait)));
  }

  /** Whether no input is null. */
  isComplete() {
    return !Object.values({ ...this.read(), ...this.readStatic() }).includes(null);
  }
}
