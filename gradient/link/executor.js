// Runs one compiled program: arrays in, arrays out, in the page or, where it takes long or may never end, in a worker.

/** @typedef {[offset: number, dtype: string, shape: number[]]} Slot */
/** @typedef {{ module: DataView | ArrayBuffer | WebAssembly.Module, inputs: Record<string, Slot>, outputs: Record<string, Slot>,
 *   may_not_end: boolean }} Program */

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};
export const SLOW_MS = 5; // longer than this, a run would delay what the page has to do besides
const TRIALS = 30; // browsers optimize a program while it runs, and what was slow at first may be fast then
export const PATIENCE_MS = 10_000; // for a run in a worker, which may never end

/** A number, a nested list, a typed array or bytes with their type, as one flat list of numbers. */
function flat(value) {
  if (value == null) return [Number.NaN];
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return value;
  if (Array.isArray(value))
    return value.length && typeof value[0] === "object" ? value.flatMap((row) => [...flat(row)]) : value;
  if (typeof value === "object") return new ARRAYS[value.dtype](copied(value.value));
  return [Number(value)];
}

/** The bytes of a view or a buffer, in a buffer of their own. */
function copied(data) {
  return ArrayBuffer.isView(data) ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) : data.slice(0);
}

/** The shortest decimal that means this float32: 0.1, and not 0.10000000149. @param {number} value */
function shortest(value) {
  for (let digits = 1; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function scalar(value, dtype) {
  return dtype === "bool" ? value !== 0 : dtype === "float32" && Number.isFinite(value) ? shortest(value) : value;
}

/** A whole number as the kernel takes it: where it is too large, the largest. @param {number} value */
const clipped = (value) => Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1);

/** An output that no later run overwrites. */
export function kept(output) {
  return typeof output === "object" ? { ...output, value: new DataView(copied(output.value)) } : output;
}

/** Whether two outputs are the same to the last bit. */
export function isSame(mine, other) {
  if (typeof mine !== "object" || typeof other !== "object") return Object.is(mine, other);
  if (String(mine.shape) !== String(other.shape) || mine.dtype !== other.dtype) return false;
  const [a, b] = [mine, other].map(({ value }) => new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** The inputs of a program do not have the shapes that it was compiled for. */
export class Misfit extends Error {}

/** A worker did not answer. */
export class Late extends Error {}

/** The same program with its module compiled: a worker that gets it shares its code, and what the browser makes of that. */
export async function withModule(program) {
  const isCompiled = program.module instanceof WebAssembly.Module;
  return { ...program, module: isCompiled ? program.module : await WebAssembly.compile(copied(program.module)) };
}

/** A program in this thread. */
export class Executor {
  /** @param {Program} program @param {WebAssembly.Instance} instance */
  constructor(program, instance) {
    const { memory, run } = instance.exports;
    this.program = program;
    this.start = run;
    this.inputs = Object.entries(program.inputs).map(([name, slot]) => [name, this.view(memory, slot)]);
    this.outputs = new Map(Object.entries(program.outputs).map(([name, slot]) => [name, this.output(memory, slot)]));
  }

  /** @param {Program} program */
  static async of(program) {
    const compiled = await withModule(program);
    return new Executor(compiled, await WebAssembly.instantiate(compiled.module, {}));
  }

  view(memory, [offset, dtype, shape]) {
    return new ARRAYS[dtype](
      memory.buffer,
      offset,
      shape.reduce((size, length) => size * length, 1),
    );
  }

  output(memory, slot) {
    const [view, [, dtype, shape]] = [this.view(memory, slot), slot];
    const array = shape.length ? { value: new DataView(view.buffer, view.byteOffset, view.byteLength), dtype, shape } : null;
    return { view, dtype, array };
  }

  /** Runs it once; the outputs can then be read. @param {Record<string, any>} values @returns {number} milliseconds */
  run(values) {
    const start = performance.now();
    for (const [name, view] of this.inputs) {
      const numbers = flat(values[name]);
      if (numbers.length !== view.length) throw new Misfit(`${name} has ${numbers.length} numbers, and not ${view.length}`);
      view.set(view instanceof Int32Array ? Array.from(numbers, clipped) : numbers);
    }
    this.start();
    return performance.now() - start;
  }

  /** An output of the last run: a number, or an array as the kernel would send it, of bytes that the next run overwrites. */
  read(name) {
    const { view, dtype, array } = this.outputs.get(name);
    return array ?? scalar(view[0], dtype);
  }
}

/** A program in a worker of its own: one run at a time, of the newest inputs. */
export class RemoteExecutor {
  /** @param {Program} program @param {string} source this module's text @param {() => void} [fast] is told of each run that is */
  constructor(program, source, fast = () => {}) {
    const url = URL.createObjectURL(new Blob([source, "\nserve();"], { type: "text/javascript" }));
    this.worker = new Worker(url, { type: "module" });
    URL.revokeObjectURL(url);
    this.worker.postMessage({ program });
    this.fast = fast;
    this.isBusy = false;
    this.next = null;
  }

  /** Calls `done` with the outputs, or `failed` with an error; never, if newer inputs came before it began. */
  run(values, done, failed) {
    if (this.isBusy) {
      this.next = [values, done, failed];
      return;
    }
    this.isBusy = true;
    this.worker.onmessage = ({ data }) => this.answered(data, done, failed);
    this.worker.onerror = (event) => this.stop(new Error(event.message || "the worker cannot be loaded"), failed);
    const late = new Late(`it had not ended after ${PATIENCE_MS / 1000} seconds`);
    this.patience = setTimeout(() => this.stop(late, failed), PATIENCE_MS);
    this.worker.postMessage({ values });
  }

  answered({ outputs, milliseconds, error, isMisfit }, done, failed) {
    clearTimeout(this.patience);
    this.isBusy = false;
    const next = this.next;
    this.next = null;
    if (next) this.run(...next);
    if (error) failed(isMisfit ? new Misfit(error) : new Error(error));
    else done(outputs, milliseconds);
    if (milliseconds <= SLOW_MS && !this.isBusy) this.fast();
  }

  stop(error, failed) {
    this.close();
    failed(error);
  }

  /**
   * Runs it with these inputs, while nobody else wants it, until a run takes at most `enough` milliseconds.
   * @param {{ enough: number, ended?: (milliseconds: number) => void, failed: (error: Error) => void }} until
   */
  tryOut(values, until, trials = TRIALS) {
    const again = (_, milliseconds) => {
      if (milliseconds > until.enough && trials > 1 && !this.isBusy) this.tryOut(values, until, trials - 1);
      else until.ended?.(milliseconds);
    };
    if (!this.isBusy) this.run(values, again, until.failed);
  }

  close() {
    clearTimeout(this.patience);
    this.worker.terminate();
  }
}

/** The worker's side. */
function serve() {
  let executor;
  self.onmessage = async ({ data }) => {
    try {
      if (data.program) executor = Executor.of(data.program);
      else {
        const ready = await executor;
        const milliseconds = ready.run(data.values);
        const outputs = Object.fromEntries([...ready.outputs.keys()].map((name) => [name, kept(ready.read(name))]));
        self.postMessage({ outputs, milliseconds });
      }
    } catch (error) {
      self.postMessage({ error: String(error.message ?? error), isMisfit: error instanceof Misfit });
    }
  };
}

// The smallest module with an instruction on 128-bit vectors.
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

/** Why this browser cannot run any program, or nothing. */
export function whyUnable() {
  if (typeof WebAssembly !== "object") return "This browser has no WebAssembly.";
  return WebAssembly.validate(new Uint8Array(SIMD)) ? "" : "This browser's WebAssembly has no vector instructions.";
}
