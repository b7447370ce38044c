// Requests of a link to the kernel: run the function for the present inputs. Each has an id, and the kernel answers it with a
// result or an error of that id. One is under way at a time: what changes meanwhile waits for the answer.

import { isDisconnected } from "../adapters/ipywidgets.js";
import { causeMessage } from "./causes.js";
import { joinCauses, NO_CAUSE } from "./models.js";

/** @typedef {import("./models.js").Model} Model */
/** @typedef {{ type: "request", id: number }} Request */
/** @typedef {{ type: "result" | "error", id: number }} Answer */
/** @typedef {Request | Answer | import("./causes.js").CauseMessage} Incoming */

const PATIENCE_MS = 10_000; // after which an answer is taken for lost
const IDS = 2 ** 30; // two pages of one kernel hardly begin at the same one

export class KernelRequests {
  /**
   * @param {Model} own the link's model
   * @param {boolean} isThrottled whether a request waits for the answer to the one before
   * @param {() => void} askAgain called when something has changed since the request that was answered
   */
  constructor(own, isThrottled, askAgain) {
    this.own = own;
    this.isThrottled = isThrottled;
    this.askAgain = askAgain;
    this.id = Math.floor(Math.random() * IDS);
    this.isPending = this.isStale = false;
    this.cause = NO_CAUSE; // of the next request, and of the one behind it if that has the rest of the changes
    this.sentAt = 0;
  }

  /**
   * Asks the kernel to run, as soon as the last request is answered.
   * @param {boolean} isIncomplete whether more is to be sent
   * @param {import("./models.js").Cause} [cause] what the request follows from, if the inputs do not tell
   */
  ask(isIncomplete, cause = NO_CAUSE) {
    this.cause = joinCauses(this.cause, cause);
    const waits = this.isThrottled && this.isPending && performance.now() - this.sentAt < PATIENCE_MS;
    this.isStale = waits || isIncomplete;
    if (!waits) this.send();
  }

  send() {
    const { cause } = this;
    if (!this.isStale) this.cause = NO_CAUSE;
    if (isDisconnected(this.own)) return;
    if (cause.traits.size) this.own.send(causeMessage(cause));
    this.id += 1;
    this.isPending = true;
    this.sentAt = performance.now();
    this.own.send({ type: "request", id: this.id });
  }

  /** Takes an answer, which may be for another page. @param {Answer} answer */
  answer({ id }) {
    if (!this.isPending || id !== this.id) return;
    this.isPending = false;
    if (this.isStale) this.askAgain();
  }

  /** Forgets the request that is under way, because its answer may be lost; asks again if there is one. */
  renew() {
    if (!this.isPending) return;
    this.isPending = false;
    this.askAgain();
  }
}
