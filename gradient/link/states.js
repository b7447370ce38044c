// The state of a link: who computes, and why. `docs/jaxlink.md` has the table of states and events.

import { BROWSER, KERNEL, STOPPED, UNCOMPILED, UNLINKABLE, UNSUPPORTED } from "./constants.js";
import { setLocally } from "./models.js";

/** The states in which the kernel computes until Python, or another program, changes that. @type {Set<string>} */
export const LASTING = new Set([UNLINKABLE, UNSUPPORTED, STOPPED]);

const NOT_COMPILED = "This function is not compiled for the browser."; // until the kernel sends the reason

export class LinkState {
  /** @param {import("./wiring.js").Wiring} wiring */
  constructor(wiring) {
    this.wiring = wiring;
    this.own = wiring.own;
  }

  /** Whether the browser computes. */
  isBrowser() {
    return this.own.get("state") === BROWSER;
  }

  /** Who computes next, and why. @param {boolean} hasProgram for the present choice @returns {[state: string, reason: string]} */
  next(hasProgram) {
    const [state, reason] = [this.own.get("state"), this.own.get("reason")];
    if (this.own.get("where") === KERNEL && this.wiring.hasKernel) return [KERNEL, ""];
    if (LASTING.has(state)) return [state, reason];
    if (hasProgram) return [BROWSER, ""];
    return [UNCOMPILED, state === UNCOMPILED ? reason : NOT_COMPILED];
  }

  /** Sets who computes, tells the kernel, and lets the page draw what it computes. @param {string} state @param {string} reason */
  set(state, reason) {
    if (state === this.own.get("state") && reason === this.own.get("reason")) return;
    this.own.set({ state, reason });
    this.own.save_changes();
    const { browserRenders } = this.wiring;
    if (browserRenders) setLocally(browserRenders.model, { [browserRenders.trait]: this.isBrowser() });
  }

  /** Shows on this page what failed, or nothing. @param {string} text */
  showError(text) {
    const { errors } = this.wiring;
    if (errors && errors.model.get(errors.trait) !== text) setLocally(errors.model, { [errors.trait]: text });
  }
}
