// When a link runs: the first change of a frame at once, all further changes together at the next frame.

const KERNEL_QUIET_MS = 100; // the kernel does not say which of its changes is the last

export class Scheduler {
  /** @param {() => void} run */
  constructor(run) {
    this.run = run;
    this.isScheduled = false;
    this.hasRunInFrame = false;
    this.timer = 0;
  }

  /** Runs before the next frame: in a microtask if nothing has run in this frame. */
  schedule() {
    if (this.isScheduled) return;
    this.isScheduled = true;
    const run = () => {
      this.isScheduled = false;
      this.run();
    };
    if (!this.hasRunInFrame || document.hidden) queueMicrotask(run);
    else requestAnimationFrame(run);
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
