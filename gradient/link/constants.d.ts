// The types of what `constants.py` defines. There is no constants.js: `esm` writes it wherever it is imported.

export const BROWSER: "browser";
export const KERNEL: "kernel";
export const UNLINKABLE: "unlinkable";
export const UNCOMPILED: "uncompiled";
export const UNSUPPORTED: "unsupported";
export const STOPPED: "stopped";
export const STATES: string[];
export const KINDS: {
  readonly TEXT: "text";
  readonly TEXTS: "texts";
  readonly BOOLEAN: "boolean";
  readonly INTEGER: "integer";
  readonly NUMBER: "number";
  readonly INTEGERS: "integers";
  readonly NUMBERS: "numbers";
  readonly SLIDER: "slider";
  readonly SLIDERS: "sliders";
  readonly ANY: "any";
};
export const ROUNDING: Kind[];
export const MAX_ROUNDS: number;
export const CAUSE_LENGTH: number;
export const MAX_DEPTH: number;
export const CONTRADICTION: string;
export const SIGNIFICANT_DIGITS: number;
export const WHOLE_LIMIT: number;
export const EXPONENT_FROM: number;
export const EXPONENT_BELOW: number;
export const NOT_A_NUMBER: string;
export const INFINITE: string;
export const NEGATIVE_INFINITE: string;
export const STEP_DIGITS: number;
export const TOLERANCE: number;
export const VERSION_NAME: string;

/** Which values a trait takes. */
export type Kind = (typeof KINDS)[keyof typeof KINDS];
