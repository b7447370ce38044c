// When a link runs: the first change of a frame at once, all further changes together at the next frame.

const KERNEL_QUIET_MS = 100; // the kernel does not say which of its changes is the last

// Each link has its own instance of this module, and all have one queue.
const QUEUE = Symbol.for("jaxlink.queue");

/** @typedef {{ order: number, run: () => void }} Waiting a run, and which of the links has been declared how early */

/** @returns {Waiting[]} */
function sharedQueue() {
  const shared = /** @type {Record<symbol, any>} */ (/** @type {unknown} */ (globalThis));
  shared[QUEUE] ??= [];
  return shared[QUEUE];
}

/** Runs what waits, the links in the order in which they were declared: each may change the inputs of those behind it. */
function runAll() {
  const queue = sharedQueue();
  while (queue.length) {
    const first = queue.reduce((one, other) => (other.order < one.order ? other : one));
    queue.splice(queue.indexOf(first), 1);
    try {
      first.run();
    } catch (error) {
      reportError(error); // the others run all the same
    }
  }
}

/** Runs at the end of the task, with all that wait until then. @param {Waiting} waiting */
function enqueue(waiting) {
  const queue = sharedQueue();
  queue.push(waiting);
  if (queue.length === 1) queueMicrotask(runAll);
}

export class Scheduler {
  /** @param {() => void} run @param {number} order of the link among all that were declared */
  constructor(run, order) {
    this.run = run;
    this.order = order;
    this.isScheduled = false;
    this.hasRunInFrame = false;
    this.timer = 0;
  }

  /** Runs before the next frame: at the end of the task if it has not run in this frame. */
  schedule() {
    if (this.isScheduled) return;
    this.isScheduled = true;
    const run = () => {
      this.isScheduled = false;
      this.run();
    };
    const waiting = { order: this.order, run };
    if (!this.hasRunInFrame || document.hidden) enqueue(waiting);
    else requestAnimationFrame(() => enqueue(waiting));
  }

  /** Runs when the kernel has been quiet for a while. @param {() => void} [run] */
  runWhenQuiet(run = this.run) {
    this.runAfter(KERNEL_QUIET_MS, run);
  }

  /** Runs after a delay, which takes the place of the last one. @param {number} milliseconds @param {() => void} [run] */
  runAfter(milliseconds, run = this.run) {
    this.cancelDelayed();
    this.timer = setTimeout(run, milliseconds);
  }

  cancelDelayed() {
    clearTimeout(this.timer);
  }

  /** Whether a run may come at once. */
  isFree() {
    return !this.isScheduled && !this.hasRunInFrame;
  }

  /** Notes a run: further changes wait for the next frame. */
  markRun() {
    if (this.hasRunInFrame) return;
    this.hasRunInFrame = true;
    requestAnimationFrame(() => {
      this.hasRunInFrame = false;
    });
  }
}
