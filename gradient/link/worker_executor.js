// Runs one compiled program in a worker of its own, because it is slow or may never end.

import { copyOutput } from "./arrays.js";
import { LocalExecutor, ShapeMismatch } from "./executor.js";

/** @typedef {import("./executor.js").CompiledProgram} CompiledProgram */
/** @typedef {import("./executor.js").Inputs} Inputs */
/** @typedef {import("./executor.js").Output} Output */
/** @typedef {(outputs: Record<string, Output>, milliseconds: number) => void} Done */
/** @typedef {(error: Error) => void} Failed */
/** @typedef {[values: Inputs, done: Done, failed: Failed]} Run */
/** @typedef {{ outputs: Record<string, Output>, milliseconds: number, error?: undefined }} Result */
/** @typedef {{ error: string, isShapeMismatch: boolean }} Failure */

export const SLOW_MS = 5; // a longer run would delay everything else that the page does
export const WORKER_TIMEOUT_MS = 10_000; // of one run
const MAX_TRIALS = 30; // a browser optimizes a program while it runs, so a slow one may become fast

/** A run took too long and was ended. */
export class WorkerTimeout extends Error {}

/** One run at a time. Inputs that come during a run wait for its end, and only the newest of them are run. */
export class WorkerExecutor {
  /**
   * @param {CompiledProgram} program
   * @param {string} source the text of the module that has `serve`
   * @param {() => void} [onFast] called after each run that was fast
   */
  constructor(program, source, onFast = () => {}) {
    const url = URL.createObjectURL(new Blob([source, `\n${serve.name}();`], { type: "text/javascript" }));
    this.worker = new Worker(url, { type: "module" });
    URL.revokeObjectURL(url);
    this.load(program);
    this.onFast = onFast;
    this.isBusy = false;
    /** @type {Run | null} */
    this.next = null;
    this.timeout = 0;
  }

  /** Makes the runs that follow those of this program. @param {CompiledProgram} program */
  load(program) {
    this.worker.postMessage({ program });
  }

  /** Calls `done` or `failed`, or neither if newer inputs come before the run begins. @param {Run} run */
  run(...run) {
    if (this.isBusy) {
      this.next = run;
      return;
    }
    const [values, done, failed] = run;
    this.isBusy = true;
    this.worker.onmessage = ({ data }) => this.finish(data, done, failed);
    this.worker.onerror = (event) => this.stop(new Error(event.message || "its worker could not be loaded"), failed);
    const late = new WorkerTimeout(`it did not finish within ${WORKER_TIMEOUT_MS / 1000} seconds`);
    this.timeout = setTimeout(() => this.stop(late, failed), WORKER_TIMEOUT_MS);
    this.worker.postMessage({ values });
  }

  /** @param {Result | Failure} result @param {Done} done @param {Failed} failed */
  finish(result, done, failed) {
    clearTimeout(this.timeout);
    this.isBusy = false;
    const { next } = this;
    this.next = null;
    if (next) this.run(...next);
    if (result.error !== undefined) {
      failed(result.isShapeMismatch ? new ShapeMismatch(result.error) : new Error(result.error));
      return;
    }
    done(result.outputs, result.milliseconds);
    if (result.milliseconds <= SLOW_MS && !this.isBusy) this.onFast();
  }

  /** @param {Error} error @param {Failed} failed */
  stop(error, failed) {
    this.close();
    failed(error);
  }

  /**
   * Repeats a run, while there are no other inputs, until it takes at most `enough` milliseconds.
   * @param {Inputs} values
   * @param {{ enough: number, ended?: (milliseconds: number) => void, failed: Failed }} options
   */
  repeatUntilFast(values, options, trials = MAX_TRIALS) {
    /** @type {Done} */
    const again = (_, milliseconds) => {
      if (milliseconds > options.enough && trials > 1 && !this.isBusy) this.repeatUntilFast(values, options, trials - 1);
      else options.ended?.(milliseconds);
    };
    if (!this.isBusy) this.run(values, again, options.failed);
  }

  close() {
    clearTimeout(this.timeout);
    this.worker.terminate();
  }
}

/** Runs in the worker: takes the program first, then inputs. */
function serve() {
  /** @type {Promise<LocalExecutor>} */
  let executor;
  self.onmessage = async ({ data }) => {
    try {
      if (data.program) executor = LocalExecutor.create(data.program);
      else self.postMessage(runIn(await executor, data.values));
    } catch (error) {
      self.postMessage({ error: messageOf(error), isShapeMismatch: error instanceof ShapeMismatch });
    }
  };
}

/** @param {LocalExecutor} executor @param {Inputs} values @returns {Result} */
function runIn(executor, values) {
  const milliseconds = executor.run(values);
  const outputs = Object.fromEntries(
    Object.keys(executor.program.outputs).map((name) => [name, copyOutput(executor.read(name))]),
  );
  return { outputs, milliseconds };
}

/** What an error says. @param {unknown} error @returns {string} */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
