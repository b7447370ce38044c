// Makes the programs that a visitor may choose next ready and fast, while the page is idle.

import { moduleSource } from "../adapters/anywidget.js";
import { LASTING } from "./states.js";
import { SLOW_MS, WORKER_TIMEOUT_MS, WorkerExecutor, WorkerTimeout } from "./worker_executor.js";

/** @typedef {import("./executor.js").CompiledProgram} CompiledProgram */
/** @typedef {import("./executor_pool.js").ExecutorPool} ExecutorPool */
/** @typedef {import("./executor_pool.js").LoadedProgram} LoadedProgram */

const DELAY_MS = 1000; // the page is drawn by then
const FAST_MS = 1; // nobody notices a run that takes no longer

const whenIdle = globalThis.requestIdleCallback ?? ((/** @type {() => void} */ act) => setTimeout(act, 50));

export class WarmUp {
  /** @param {ExecutorPool} pool */
  constructor(pool) {
    this.pool = pool;
    this.isRunning = false;
    this.timer = 0;
    /** @type {WorkerExecutor | null} */
    this.worker = null;
  }

  /** Begins, unless a warm-up is running, which takes new programs too. */
  start() {
    clearTimeout(this.timer);
    if (!this.isRunning) this.timer = setTimeout(() => this.warmUpNext(), DELAY_MS);
  }

  close() {
    clearTimeout(this.timer);
    this.closeWorker();
  }

  closeWorker() {
    this.worker?.close();
    this.worker = null;
  }

  /** The worker that runs all programs, one after the other, with this one loaded. @param {CompiledProgram} program */
  workerWith(program) {
    if (this.worker) this.worker.load(program);
    else this.worker = new WorkerExecutor(program, moduleSource(this.pool.own));
    return this.worker;
  }

  /** Warms up one program, then the next. */
  warmUpNext() {
    const { pool } = this;
    this.isRunning = true;
    whenIdle(async () => {
      const key = pool.nextCold();
      if (key === undefined || pool.isClosed || LASTING.has(pool.own.get("state"))) {
        this.isRunning = false;
        this.closeWorker();
        return;
      }
      const loaded = pool.get(key);
      await loaded.ready;
      loaded.isWarm = true;
      if (loaded.local && pool.isCurrent(loaded)) await this.runInWorker(loaded, loaded.local.program);
      this.warmUpNext();
    });
  }

  /**
   * Runs a program with the present inputs in a worker until it is fast. The page shares the code that the browser optimizes
   * there, so that no key press waits for it. A program that stays slow moves to a worker for good.
   * @param {LoadedProgram} loaded
   * @param {CompiledProgram} program
   */
  async runInWorker(loaded, program) {
    const { pool } = this;
    const worker = this.workerWith(program);
    /** @type {number} */
    const milliseconds = await new Promise((ended) => {
      // The inputs of another choice may not fit. If it is the program that fails, it fails again when it is chosen.
      const failed = (/** @type {Error} */ error) => {
        this.closeWorker();
        ended(error instanceof WorkerTimeout ? WORKER_TIMEOUT_MS : 0);
      };
      worker.repeatUntilFast(pool.readInputs(), { enough: FAST_MS, ended, failed });
    });
    if (milliseconds > SLOW_MS && !loaded.worker && pool.isCurrent(loaded)) pool.moveToWorker(loaded);
  }
}
