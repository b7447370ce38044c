// What changes with every move of a slider, written only where it differs. An element keeps its text node: one that is exchanged
// costs the browser a new layout object, and all who observe the page's elements a look at it.

/** Shows a text in an element. @param {Element} element @param {string} text */
export function setText(element, text) {
  const node = element.firstChild;
  if (!(node instanceof Text)) element.textContent = text;
  else if (node.data !== text) node.data = text;
}

/** Shows each text in a child of its own, of the same kind. @param {Element} parent @param {string[]} texts @param {string} tag */
export function setTexts(parent, texts, tag) {
  while (parent.children.length > texts.length) parent.lastElementChild?.remove();
  while (parent.children.length < texts.length) parent.append(document.createElement(tag));
  for (const [i, text] of texts.entries()) setText(parent.children[i], text);
}

/**
 * Hides an element, or shows it. To write the same value again would make the browser match every style rule of the page anew,
 * which takes it longer than a descent.
 * @param {HTMLElement} element @param {boolean} isHidden
 */
export function setHidden(element, isHidden) {
  if (element.hidden !== isHidden) element.hidden = isHidden;
}
