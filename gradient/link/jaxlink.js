// The page's side of a `jaxlink`: waits for its description, and makes a `Link` of it.

import { UNSUPPORTED } from "./constants.js";
import { whyUnsupported } from "./executor.js";
import { Link } from "./link.js";
import { onReconnect, surviveReconnect } from "./reconnect.js";
import { resolveWiring } from "./wiring.js";

/** Lets a link compute, or tells the kernel why it cannot. @param {Link} link */
function begin(link) {
  const reason = whyUnsupported();
  if (reason) {
    link.giveUp(UNSUPPORTED, reason);
    return;
  }
  if (!link.wiring.syncTargets) link.run(); // controls stay where they are until an input changes
  if (link.wiring.warmsUp) link.warmUp.start();
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
      const wiring = await resolveWiring(model.widget_manager, spec);
      if (isClosed || link) return;
      link = new Link(wiring);
      stopListening = onReconnect(model.widget_manager, () => link?.requests.renew());
      begin(link);
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
