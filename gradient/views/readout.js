// The readout's numbers and its verdict; the words come from Python, the numbers from whoever computes.

import { fill, format } from "../link/text.js";

const REST_MS = 600; // a screen reader hears what stays this long

const CODES = ["converged", "diverged", "bouncing", "descending", "slow", "rising", "wandering"];

/** The elements, and where their words go. @param {HTMLElement} el */
function build(el) {
  el.classList.add("techni-readout");
  el.innerHTML = `
    <dl>
      <div><dt>Loss</dt><dd data-name="loss"></dd></div>
      <div><dt>Gradient norm</dt><dd data-name="gradient_norm"></dd></div>
      <div><dt>Step</dt><dd data-name="step"></dd></div>
    </dl>
    <p class="techni-verdict"><strong></strong> <span></span></p>
    <p class="techni-error" role="alert"></p>
    <p class="techni-spoken" role="status" aria-live="polite"></p>`;
  const [pill, sentence] = el.querySelectorAll(".techni-verdict > *");
  const [error, spoken] = [".techni-error", ".techni-spoken"].map((name) => el.querySelector(name));
  return { numbers: el.querySelectorAll("dd"), pill, sentence, error, spoken };
}

/** Shows the model's numbers and words. */
function draw({ numbers, pill, sentence, error }, model) {
  for (const number of numbers) number.textContent = format(model.get(number.dataset.name));
  const code = model.get("verdict");
  const [word, words] = model.get("sentences")[code];
  pill.textContent = word;
  pill.dataset.verdict = CODES[code];
  sentence.textContent = fill(words, (name) => model.get(name));
  error.textContent = model.get("error");
}

function render({ model, el }) {
  const parts = build(el);
  let rest;
  const speak = () => {
    const verdict = parts.pill.textContent.toLowerCase();
    parts.spoken.textContent = `Step ${model.get("step")}, loss ${format(model.get("loss"))}, ${verdict}`;
  };
  const show = () => {
    draw(parts, model);
    clearTimeout(rest);
    rest = setTimeout(speak, REST_MS);
  };
  // One redraw for all the numbers of one message, in its own task.
  let queued = false;
  const soon = () => {
    if (!queued)
      queueMicrotask(() => {
        queued = false;
        show();
      });
    queued = true;
  };
  model.on("change", soon);
  show();
  return () => {
    clearTimeout(rest);
    model.off("change", soon);
  };
}

export default { render };
