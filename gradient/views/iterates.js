// The iterates that the page computes besides its frame, and who needs them: the menu that saves them, and what is drawn or said of a
// path that the kernel draws.

import { setLocally } from "../link/models.js";
import { numbersOf } from "./array.js";
import { callAll, listen } from "./observers.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {import("./observers.js").Observable} Observable */
/** @typedef {{ path: Float32Array, last: number }} Path [T, 2] parameters, and the last step */

/** Whether the kernel draws the path of a model of two parameters: the overlay's own is that of an earlier frame then. @param {Pick<Observable, "get">} overlay */
export const isKernelsPath = (overlay) => overlay.get("draggable") && !overlay.get("draws_path");

/** The path of the present descent, whoever draws it; empty until it is computed. @param {Pick<Observable, "get">} overlay @param {Model} share which holds the iterates @returns {Path} */
export function presentPath(overlay, share) {
  if (!isKernelsPath(overlay)) return { path: numbersOf(overlay.get("path")), last: overlay.get("last") };
  return { path: numbersOf(share.get("params")), last: share.get("last") };
}

/** Says whether the iterates are needed. Returns what undoes it. @param {Observable} overlay @param {Model} share */
export function tellWish(overlay, share) {
  const tell = () => {
    const isWanted = Boolean(share.get("is_open") || isKernelsPath(overlay));
    if (share.get("is_wanted") !== isWanted) setLocally(share, { is_wanted: isWanted });
  };
  tell();
  const undo = [listen(share, ["is_open"], tell), listen(overlay, ["draggable", "draws_path"], tell)];
  return () => callAll(undo);
}
