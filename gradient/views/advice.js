// The advice: a sentence about a value that was run, and a button that sets it.

import { adviceOf, resolveAdvised } from "./advised.js";
import { callAll, listen, oncePerTask } from "./observers.js";
import { setText } from "./texts.js";
import { worded } from "./worded.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {import("./advised.js").Swept} Swept */

/** Sets what is advised. @param {ViewModel} model @param {Swept[]} swept */
function follow(model, swept) {
  const { strip } = swept[model.get("advised_slider")];
  strip.set({ picked: model.get("advised_index"), picks: strip.get("picks") + 1 });
  strip.save_changes();
}

/** @param {import("./observers.js").RenderContext} context */
async function render({ model, el }) {
  const about = await resolveAdvised(model);
  const { swept, share, points } = about;
  const [sentence, button] = [document.createElement("span"), document.createElement("button")];
  Object.assign(button, { type: "button", textContent: model.get("words").button });
  el.append(sentence, button);
  const show = () => {
    setText(sentence, adviceOf(model, about));
    button.hidden = swept[model.get("advised_slider")]?.isHidden() ?? true;
  };
  button.addEventListener("click", () => follow(model, swept));
  const schedule = oncePerTask(show);
  model.on("change", schedule);
  const undo = [
    () => model.off("change", schedule),
    listen(share, ["hidden"], schedule),
    listen(points, ["is_shown"], schedule),
  ];
  show();
  return () => callAll(undo);
}

export default { render: worded(render) };
