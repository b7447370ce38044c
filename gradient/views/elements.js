// Elements of a page.

/** An element with properties and children. @template {keyof HTMLElementTagNameMap} Name @param {Name} name @param {Record<string, any>} [properties] @param {(Node | string)[]} children */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** @param {string} text @param {string} title @param {() => void} act */
export function button(text, title, act) {
  return element("button", { type: "button", textContent: text, title, onclick: act });
}

/** A button with a picture in the place of words. @param {string} picture @param {string} label @param {() => void} act */
export function pictureButton(picture, label, act) {
  const made = button(picture, label, act);
  made.setAttribute("aria-label", label);
  return made;
}
