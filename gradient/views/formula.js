// The title of the picture of the data, with the model's formula in it.

import { numbersOf } from "./array.js";
import { withNumbers } from "./numbers.js";
import { oncePerTask } from "./observers.js";
import { setText } from "./texts.js";
import { worded } from "./worded.js";

/** @param {import("./observers.js").RenderContext} context */
function render({ model, el }) {
  const [title, formula, remark] = ["h2", "span", "em"].map((tag) => document.createElement(tag));
  title.textContent = model.get("words").fit;
  remark.textContent = model.get("words").outside;
  el.append(title, formula, remark);
  const show = () => {
    const [w, b] = numbersOf(model.get("parameters"));
    const name = model.get("formula") || model.get("own_formula");
    setText(formula, withNumbers(model.get("words").formulas[name] ?? name, { w, b }));
    remark.hidden = !model.get("fit_outside");
  };
  const schedule = oncePerTask(show);
  model.on("change", schedule);
  show();
  return () => model.off("change", schedule);
}

export default { render: worded(render) };
