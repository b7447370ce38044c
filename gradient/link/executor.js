// Runs one compiled program: arrays in, arrays out, in the page or, where it takes long, in a worker.

/** @typedef {[offset: number, dtype: string, shape: number[]]} Slot */
/** @typedef {{ module: DataView | ArrayBuffer | WebAssembly.Module, inputs: Record<string, Slot>, outputs: Record<string, Slot> }} Program */

const ARRAYS = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint32: Uint32Array, uint8: Uint8Array, bool: Uint8Array };
const SLOW_MS = 5; // longer than this, a run would delay what the page has to do besides
const TRIALS = 30; // in a worker: browsers optimize a program while it runs, and what was slow at first may be fast then

/** A number, a nested list, a typed array or bytes with their type, as one flat list of numbers. */
function flat(value) {
  if (value == null) return [Number.NaN];
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return value;
  if (Array.isArray(value)) return value.length && typeof value[0] === "object" ? value.flatMap((row) => [...flat(row)]) : value;
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

/** The inputs of a program do not have the shapes that it was compiled for. */
class Misfit extends Error {}

/** A program in this thread. */
class Executor {
  /** @param {Program} program @param {WebAssembly.Instance} instance */
  constructor(program, instance) {
    const { memory, run } = instance.exports;
    this.program = program; // compiled: a worker that gets it shares its code, and what the browser makes of that
    this.start = run;
    this.inputs = Object.entries(program.inputs).map(([name, slot]) => [name, this.view(memory, slot)]);
    this.outputs = Object.entries(program.outputs).map(([name, slot]) => [name, this.view(memory, slot), slot[1], slot[2]]);
  }

  /** @param {Program} program */
  static async of(program) {
    const isCompiled = program.module instanceof WebAssembly.Module;
    const module = isCompiled ? program.module : await WebAssembly.compile(copied(program.module));
    return new Executor({ ...program, module }, await WebAssembly.instantiate(module, {}));
  }

  /** Milliseconds of one run with the inputs that it has. */
  time() {
    const start = performance.now();
    this.start();
    return performance.now() - start;
  }

  view(memory, [offset, dtype, shape]) {
    return new ARRAYS[dtype](memory.buffer, offset, shape.reduce((size, length) => size * length, 1));
  }

  /** @param {Record<string, any>} values @returns {Record<string, any>} numbers, and arrays as the kernel would send them */
  run(values) {
    for (const [name, view] of this.inputs) {
      const numbers = flat(values[name]);
      if (numbers.length !== view.length) throw new Misfit(`${name} has ${numbers.length} numbers, and not ${view.length}`);
      view.set(numbers);
    }
    this.start();
    return Object.fromEntries(this.outputs.map(([name, view, dtype, shape]) => [name, this.read(view, dtype, shape)]));
  }

  read(view, dtype, shape) {
    return shape.length ? { value: new DataView(view.slice().buffer), dtype, shape } : scalar(view[0], dtype);
  }
}

/** A program in a worker of its own: one run at a time, of the newest inputs. */
class RemoteExecutor {
  /** @param {Program} program @param {string} source this module's text @param {() => void} fast is told of each run that is */
  constructor(program, source, fast) {
    const url = URL.createObjectURL(new Blob([source, "\nserve();"], { type: "text/javascript" }));
    this.worker = new Worker(url, { type: "module" });
    URL.revokeObjectURL(url);
    this.worker.postMessage({ program });
    this.fast = fast;
    this.isBusy = false;
    this.next = null;
  }

  /** Calls `done` with the outputs, or `failed` with a reason; never, if newer inputs came before it began. */
  run(values, done, failed) {
    if (this.isBusy) {
      this.next = [values, done, failed];
      return;
    }
    this.isBusy = true;
    this.worker.onmessage = ({ data }) => {
      this.isBusy = false;
      const next = this.next;
      this.next = null;
      if (next) this.run(...next);
      if (data.error) failed(data.error);
      else done(data.outputs, data.milliseconds);
      if (data.milliseconds <= SLOW_MS && !this.isBusy) this.fast();
    };
    this.worker.onerror = (event) => failed(event.message || "the worker cannot be loaded");
    this.worker.postMessage({ values });
  }

  /** Runs it with the inputs that it has while nobody else wants it. */
  tryOut(failed, trials = TRIALS) {
    const again = (_, milliseconds) => milliseconds > SLOW_MS && this.tryOut(failed, trials - 1);
    if (!this.isBusy && trials) this.run(null, again, failed);
  }

  close() {
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
        const start = performance.now();
        const outputs = data.values ? ready.run(data.values) : ready.start();
        self.postMessage({ outputs, milliseconds: performance.now() - start });
      }
    } catch (error) {
      self.postMessage({ error: String(error) });
    }
  };
}

// The smallest module with an instruction on 128-bit vectors.
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

/** Why this browser cannot run any program, or nothing. */
function whyUnable() {
  if (typeof WebAssembly !== "object") return "This browser has no WebAssembly.";
  return WebAssembly.validate(new Uint8Array(SIMD)) ? "" : "This browser's WebAssembly has no vector instructions.";
}
