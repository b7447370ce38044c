// Mends what libraries leave out: names for ipywidgets' slider handles and bqplot's pictures, and a way past ipympl's canvas.

/** @param {Element} root */
function nameHandles(root) {
  for (const slider of root.querySelectorAll(".widget-slider")) {
    const label = slider.querySelector(".widget-label");
    const handle = slider.querySelector(".noUi-handle");
    const readout = slider.querySelector(".widget-readout");
    if (label && handle) handle.setAttribute("aria-label", label.textContent ?? "");
    if (label && readout) readout.setAttribute("aria-label", `${label.textContent} as a number`);
    if (readout) readout.setAttribute("role", "textbox");
    // A logarithmic slider would otherwise speak its exponent. Set only what differs: the observer hears this too.
    if (handle && readout && handle.getAttribute("aria-valuetext") !== readout.textContent) {
      handle.setAttribute("aria-valuetext", readout.textContent ?? "");
    }
  }
}

/** Says what bqplot's pictures are. @param {Element} root */
function namePictures(root) {
  const names = { ".techni-fit svg.svg-figure": "The data and the fitted curve", ".techni-loss svg.svg-figure": "The loss over the steps" };
  for (const [selector, name] of Object.entries(names)) {
    const picture = root.querySelector(selector);
    picture?.setAttribute("role", "img");
    picture?.setAttribute("aria-label", name);
  }
}

/** ipympl's canvas takes the focus and keeps the Tab key to itself; what it could be used for is in the layer over it. @param {Element} root */
function freeTheTabKey(root) {
  root.querySelector(".techni-figures")?.setAttribute("inert", "");
}

/** @param {{ el: HTMLElement }} context */
function render({ el }) {
  el.style.display = "none";
  let observer;
  // The app's own element is there one task after its children are rendered.
  const start = setTimeout(() => {
    const root = el.closest(".techni-app");
    if (!root) return;
    const mend = () => {
      nameHandles(root);
      namePictures(root);
      freeTheTabKey(root);
    };
    mend();
    observer = new MutationObserver(mend);
    observer.observe(root, { childList: true, subtree: true, attributeFilter: ["aria-valuetext"] });
  });
  return () => {
    clearTimeout(start);
    observer?.disconnect();
  };
}

export default { render };
