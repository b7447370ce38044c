// Which states of a link last, whatever the inputs are.

import { STOPPED, UNLINKABLE, UNSUPPORTED } from "./constants.js";

/** The states in which the kernel computes until Python, or another program, changes that. @type {Set<string>} */
export const LASTING = new Set([UNLINKABLE, UNSUPPORTED, STOPPED]);
