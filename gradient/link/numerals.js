// Numbers as texts hold them.

/** A decimal number, with an exponent or without. */
export const NUMERAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
