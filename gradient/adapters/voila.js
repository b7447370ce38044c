// The private parts of Voilà's page that this package uses.

/** Makes the notebook's cells the page's main part: Voilà has no element for it, and a screen reader could not jump there. */
export function markMain() {
  const cells = document.querySelector("#rendered_cells");
  if (cells && !document.querySelector("main, [role=main]")) cells.setAttribute("role", "main");
}
