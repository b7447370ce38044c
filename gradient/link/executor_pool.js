// The programs of a link that have been made ready to run, and where each of them runs: in this thread or in a worker.

import { moduleSource } from "../adapters/anywidget.js";
import { LocalExecutor, withCompiledModule } from "./executor.js";
import { SLOW_MS, WorkerExecutor } from "./worker_executor.js";

/** @typedef {import("./executor.js").Inputs} Inputs */
/** @typedef {import("./executor.js").Program} Program */
/** @typedef {import("./models.js").Model} Model */

/**
 * @typedef {object} LoadedProgram
 * @property {string} key of its combination of static inputs
 * @property {Program} program
 * @property {LocalExecutor | null} local
 * @property {WorkerExecutor | null} worker runs it instead of `local` if there is one
 * @property {Promise<void>} ready
 * @property {boolean} isAwaited a run waits for `ready`
 * @property {boolean} isWarm the browser has optimized it
 * @property {number} numSlow how many of its last runs were slow
 * @property {string} failure why it cannot run
 */

export class ExecutorPool {
  /**
   * @param {Model} own the link's model
   * @param {() => Inputs} readInputs
   * @param {(error: unknown, loaded: LoadedProgram) => void} onFailure
   */
  constructor(own, readInputs, onFailure) {
    this.own = own;
    this.readInputs = readInputs;
    this.onFailure = onFailure;
    this.isClosed = false;
    /** @type {Map<string, LoadedProgram>} */
    this.loaded = new Map();
  }

  /** The programs that the kernel has sent. @returns {Record<string, Program>} */
  get programs() {
    return this.own.get("programs");
  }

  /** The program of a combination, which may not be ready yet. @param {string} key @returns {LoadedProgram} */
  get(key) {
    const program = this.programs[key];
    const known = this.loaded.get(key);
    if (known?.program === program) return known;
    known?.worker?.close();
    /** @type {LoadedProgram} */
    const loaded = {
      ...{ key, program, local: null, worker: null, ready: Promise.resolve() },
      ...{ isAwaited: false, isWarm: false, numSlow: 0, failure: "" },
    };
    this.loaded.set(key, loaded);
    loaded.ready = this.prepare(loaded).catch((error) => this.onFailure(error, loaded));
    return loaded;
  }

  /** Makes a program ready: in a worker if its inputs decide whether it ends. @param {LoadedProgram} loaded */
  async prepare(loaded) {
    if (loaded.program.may_not_end) {
      const compiled = await withCompiledModule(loaded.program);
      if (this.isCurrent(loaded)) loaded.worker = new WorkerExecutor(compiled, moduleSource(this.own));
    } else {
      loaded.local = await LocalExecutor.create(loaded.program);
    }
  }

  /** Whether a program has been neither replaced nor removed. @param {LoadedProgram} loaded */
  isCurrent(loaded) {
    return !this.isClosed && this.loaded.get(loaded.key) === loaded;
  }

  /**
   * Moves a program to a worker if it is slow twice in a row, or very slow once.
   * @param {LoadedProgram} loaded
   * @param {number} milliseconds
   */
  checkLatency(loaded, milliseconds) {
    loaded.numSlow = milliseconds > SLOW_MS ? loaded.numSlow + 1 : 0;
    if (loaded.numSlow >= 2 || milliseconds > 3 * SLOW_MS) this.moveToWorker(loaded);
  }

  /** Moves a program to a worker. It comes back if it becomes fast there. @param {LoadedProgram} loaded */
  moveToWorker(loaded) {
    if (!loaded.local) return;
    const comeBack = () => {
      loaded.worker?.close();
      Object.assign(loaded, { worker: null, numSlow: 0 });
    };
    loaded.isWarm = true; // or will be, in the worker
    loaded.worker = new WorkerExecutor(loaded.local.program, moduleSource(this.own), comeBack);
    const failed = (/** @type {Error} */ error) => this.onFailure(error, loaded);
    loaded.worker.repeatUntilFast(this.readInputs(), { enough: SLOW_MS, failed });
  }

  /** Removes the programs that the kernel has replaced. */
  removeReplaced() {
    for (const [key, loaded] of this.loaded) {
      if (this.programs[key] === loaded.program) continue;
      loaded.worker?.close();
      this.loaded.delete(key);
    }
  }

  /** Forgets a program, so that it is made ready anew. @param {LoadedProgram} loaded */
  remove(loaded) {
    this.loaded.delete(loaded.key);
  }

  /** The key of a program that the browser has not optimized yet. @returns {string | undefined} */
  nextCold() {
    return Object.keys(this.programs).find((key) => {
      const loaded = this.loaded.get(key);
      return !this.programs[key].may_not_end && !loaded?.isWarm && !loaded?.failure;
    });
  }

  close() {
    this.isClosed = true;
    for (const loaded of this.loaded.values()) loaded.worker?.close();
    this.loaded.clear();
  }
}
