// Formats the readout's numbers and its verdict; the words come from Python, the numbers from whoever computes.

const REST_MS = 600; // a screen reader hears what stays this long

/** Three significant digits, without a long tail of zeros. @param {number} value */
export function format(value) {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  return size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(3)));
}

/**
 * Fills {name} with numbers, and drops [a part] whose number is zero.
 * @param {string} sentence
 * @param {(name: string) => number} get
 */
export function fill(sentence, get) {
  return sentence
    .replace(/\[([^\]]*)\]/g, (_, part) => (get(part.match(/\{(\w+)\}/)[1]) === 0 ? "" : part))
    .replace(/\{(\w+)\}/g, (_, name) => format(get(name)));
}

const CODES = ["converged", "diverged", "bouncing", "descending", "slow", "rising", "wandering"];

function render({ model, el }) {
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
  const spoken = el.querySelector(".techni-spoken");
  const error = el.querySelector(".techni-error");
  const numbers = el.querySelectorAll("dd");
  let rest;

  const speak = () => {
    spoken.textContent = `Step ${model.get("step")}, loss ${format(model.get("loss"))}, ${pill.textContent.toLowerCase()}`;
  };
  const draw = () => {
    for (const number of numbers) number.textContent = format(model.get(number.dataset.name));
    const code = model.get("verdict");
    const [word, words] = model.get("sentences")[code];
    pill.textContent = word;
    pill.dataset.verdict = CODES[code];
    sentence.textContent = fill(words, (name) => model.get(name));
    error.textContent = model.get("error");
    clearTimeout(rest);
    rest = setTimeout(speak, REST_MS);
  };
  // One redraw for all the numbers of one message, in its own task.
  let queued = false;
  const soon = () => {
    if (!queued) queueMicrotask(() => { queued = false; draw(); });
    queued = true;
  };
  model.on("change", soon);
  draw();
  return () => {
    clearTimeout(rest);
    model.off("change", soon);
  };
}

export default { render };
