// The page's side of a `jaxlink`: waits for its description, and makes a `Link` of it.

import { getModel } from "../adapters/ipywidgets.js";
import { whyUnsupported } from "./executor.js";
import { Link } from "./link.js";
import { onReconnect, surviveReconnect } from "./reconnect.js";
import { markSkipped, markListening, markReady, orTimeout, whenPrevious } from "./readiness.js";
import { hasInputs, resolveWiring } from "./wiring.js";

/** @typedef {import("../adapters/ipywidgets.js").Manager} Manager */

/**
 * The wiring of a link, when it is the link's turn to hear of changes; null if one of its inputs is closed.
 * @param {Manager} manager
 * @param {import("./wiring.js").Spec} spec
 */
async function wiringInTurn(manager, spec) {
  if (!hasInputs(manager, spec)) {
    markSkipped(await getModel(manager, spec.self));
    return null;
  }
  const wiring = await resolveWiring(manager, spec);
  await whenPrevious(wiring.own, "listening");
  return wiring;
}

/** Lets a link run in its turn. Its program is made ready meanwhile. @param {Link} link */
async function beginInTurn(link) {
  const { own } = link.wiring;
  const obstacle = whyUnsupported();
  const loaded = obstacle ? null : orTimeout(link.whenLoaded());
  await whenPrevious(own, "ready");
  await loaded;
  if (!link.isClosed) link.begin(obstacle);
  markReady(own);
}

export default {
  /** @param {{ model: import("../adapters/anywidget.js").ModelProxy }} widget */
  initialize({ model }) {
    /** @type {Link | null} */
    let link = null;
    let isClosed = false;
    let stopListening = () => {};
    const start = async () => {
      const spec = model.get("spec");
      if (link || !spec.self) return;
      surviveReconnect(model.widget_manager);
      const wiring = await wiringInTurn(model.widget_manager, spec);
      if (!wiring || isClosed || link) return;
      link = new Link(wiring);
      markListening(wiring.own);
      stopListening = onReconnect(model.widget_manager, () => link?.requests.renew());
      void beginInTurn(link);
    };
    model.on("change:spec", start);
    void start();
    return () => {
      isClosed = true;
      stopListening();
      link?.close();
    };
  },
};
