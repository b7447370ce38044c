// What this package uses of anywidget's JavaScript.

/**
 * What anywidget passes to `initialize` and `render`: a part of the widget's model.
 * @typedef {object} ModelProxy
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {() => void} save_changes
 * @property {(event: string, act: (...details: any[]) => void) => void} on
 * @property {(event: string, act: (...details: any[]) => void) => void} off
 * @property {import("./ipywidgets.js").Manager} widget_manager
 */

/**
 * The text of a widget's module. A module that comes from a blob has no address from which a worker could load it again.
 * @param {{ get(name: string): any }} model
 * @returns {string}
 */
export function moduleSource(model) {
  return model.get("_esm");
}

/**
 * The Python class of a widget, undefined for other widgets. It is all that tells two kinds of anywidget apart.
 * @param {{ get(name: string): any }} model
 * @returns {string | undefined}
 */
export function widgetClass(model) {
  return model.get("_anywidget_id");
}
