// Names the handles of ipywidgets' sliders, which have none of their own, after their visible labels.

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

/** @param {{ el: HTMLElement }} context */
function render({ el }) {
  el.style.display = "none";
  let observer;
  // The app's own element is there one task after its children are rendered.
  const start = setTimeout(() => {
    const root = el.closest(".techni-app");
    if (!root) return;
    nameHandles(root);
    observer = new MutationObserver(() => nameHandles(root));
    observer.observe(root, { childList: true, subtree: true, attributeFilter: ["aria-valuetext"] });
  });
  return () => {
    clearTimeout(start);
    observer?.disconnect();
  };
}

export default { render };
