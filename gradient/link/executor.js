// Runs one compiled program in this thread: arrays in, arrays out.

import { ARRAY_TYPES, clipToInt32, copyBytes, flatten, toScalar } from "./arrays.js";

/** @typedef {import("./arrays.js").DType} DType */
/** @typedef {import("./arrays.js").NumberArray} NumberArray */
/** @typedef {import("./arrays.js").Output} Output */
/** @typedef {import("./arrays.js").PageArray} PageArray */
/** @typedef {[offset: number, dtype: DType, shape: number[]]} Slot the place of an array in a program's memory */
/** @typedef {Record<string, any>} Inputs values of traits, by the names of the inputs */
/** @typedef {(field: string) => Output} ReadOutput */
/** @typedef {ArrayBufferView | ArrayBuffer | WebAssembly.Module} Module */

/**
 * A program as `programs.py` describes it.
 * @typedef {object} Program
 * @property {Module | (() => Promise<Module>)} module what loads it on a published page, where it may come later
 * @property {Record<string, Slot>} inputs
 * @property {Record<string, Slot>} outputs
 * @property {boolean} may_not_end
 */

/** @typedef {Program & { module: WebAssembly.Module }} CompiledProgram */

/** The inputs of a program do not have the shapes that it was compiled for. */
export class ShapeMismatch extends Error {}

/**
 * The same program with its module compiled. A worker that gets it shares its code, including what the browser optimizes later.
 * @param {Program} program
 * @returns {Promise<CompiledProgram>}
 */
export async function withCompiledModule(program) {
  const module = typeof program.module === "function" ? await program.module() : program.module;
  return { ...program, module: module instanceof WebAssembly.Module ? module : await WebAssembly.compile(copyBytes(module)) };
}

// A browser has room for about 125 memories of programs. The least recently run are released. All links of a page
// share this set, whose order is that of their last runs.
const MAX_MEMORIES = 32;
const WITH_MEMORY = Symbol.for("jaxlink.withMemory");

/** Notes that an executor runs, and lets go of the oldest memory if there are too many. @param {LocalExecutor} executor */
function keepMemory(executor) {
  const shared = /** @type {{ [WITH_MEMORY]?: Set<LocalExecutor> }} */ (globalThis);
  shared[WITH_MEMORY] ??= new Set();
  const known = shared[WITH_MEMORY];
  known.delete(executor);
  known.add(executor);
  const [oldest] = known;
  if (known.size <= MAX_MEMORIES) return;
  known.delete(oldest);
  oldest.unload();
}

/** A program's function, and the places of its arrays. @param {CompiledProgram} program @param {WebAssembly.Exports} exports */
function loadedFrom(program, exports) {
  const memory = /** @type {WebAssembly.Memory} */ (exports.memory);
  /** @type {[name: string, view: NumberArray][]} */
  const inputs = Object.entries(program.inputs).map(([name, slot]) => [name, viewOf(memory, slot)]);
  const outputs = new Map(Object.entries(program.outputs).map(([name, slot]) => [name, outputOf(memory, slot)]));
  return { run: /** @type {() => void} */ (exports.run), inputs, outputs };
}

export class LocalExecutor {
  /** @param {CompiledProgram} program @param {WebAssembly.Exports} exports */
  constructor(program, exports) {
    this.program = program;
    /** @type {ReturnType<typeof loadedFrom> | null} */
    this.loaded = loadedFrom(program, exports);
    keepMemory(this);
  }

  /** @param {Program} program */
  static async create(program) {
    const compiled = await withCompiledModule(program);
    const instance = await WebAssembly.instantiate(compiled.module, {});
    return new LocalExecutor(compiled, instance.exports);
  }

  /** Lets go of the program's memory, until the next run. */
  unload() {
    this.loaded = null;
  }

  /** Makes the program's memory anew. */
  load() {
    const { exports } = new WebAssembly.Instance(this.program.module, {});
    this.loaded = loadedFrom(this.program, exports);
    return this.loaded;
  }

  /** Runs the program, whose outputs can be read afterwards. @param {Inputs} values @returns {number} milliseconds */
  run(values) {
    const start = performance.now();
    const { inputs, run } = this.loaded ?? this.load();
    keepMemory(this);
    for (const [name, view] of inputs) {
      const numbers = flatten(values[name]);
      if (numbers.length !== view.length)
        throw new ShapeMismatch(`${name} has ${numbers.length} numbers, but the program takes ${view.length}`);
      view.set(view instanceof Int32Array ? Array.from(numbers, clipToInt32) : numbers);
    }
    run();
    return performance.now() - start;
  }

  /** An output of the last run. The next run overwrites the bytes of an array. @param {string} field @returns {Output} */
  read(field) {
    const output = this.loaded?.outputs.get(field);
    if (!output) throw new Error(`the program has no output ${field}`);
    return output.array ?? toScalar(output.view[0], output.dtype);
  }
}

/** @param {WebAssembly.Memory} memory @param {Slot} slot */
function viewOf(memory, [offset, dtype, shape]) {
  const size = shape.reduce((product, length) => product * length, 1);
  return new ARRAY_TYPES[dtype](memory.buffer, offset, size);
}

/**
 * An output's numbers, and the array that they are unless they are one number.
 * @param {WebAssembly.Memory} memory
 * @param {Slot} slot
 * @returns {{ view: NumberArray, dtype: DType, array: PageArray | null }}
 */
function outputOf(memory, slot) {
  const view = viewOf(memory, slot);
  const [, dtype, shape] = slot;
  const bytes = new DataView(view.buffer, view.byteOffset, view.byteLength);
  return { view, dtype, array: shape.length ? { value: bytes, dtype, shape, type: null } : null };
}

// The smallest module with an instruction on 128-bit vectors.
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

/** Why this browser can run no program, or nothing. @returns {string} */
export function whyUnsupported() {
  if (typeof WebAssembly !== "object") return "This browser has no WebAssembly.";
  return WebAssembly.validate(new Uint8Array(SIMD)) ? "" : "This browser's WebAssembly has no vector instructions.";
}
