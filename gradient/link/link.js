// One link on one page. It runs the program for the present inputs whenever an input changes, or asks the kernel to.
// The docstring of `jaxlink.py` follows a change from a slider to a picture.

import { causeOfMessage, saysMore } from "./causes.js";
import { BROWSER, CONTRADICTION, STOPPED, UNCOMPILED, UNSUPPORTED } from "./constants.js";
import { ShapeMismatch } from "./executor.js";
import { ExecutorPool } from "./executor_pool.js";
import { LinkInputs } from "./inputs.js";
import { areChangesUnsent, causeOf, isFromKernel, isFromLink, joinCauses, listenTo, NO_CAUSE, sendTogether } from "./models.js";
import { OutputWriter } from "./outputs.js";
import { KernelRequests } from "./requests.js";
import { Scheduler } from "./scheduler.js";
import { LinkState } from "./states.js";
import { WarmUp } from "./warm_up.js";
import { messageOf, WorkerTimeout } from "./worker_executor.js";

/** @typedef {import("./executor.js").Inputs} Inputs */
/** @typedef {import("./executor.js").ReadOutput} ReadOutput */
/** @typedef {import("./executor_pool.js").LoadedProgram} LoadedProgram */
/** @typedef {import("./models.js").Model} Model */
/** @typedef {import("./models.js").PageTrait} PageTrait */
/** @typedef {import("./wiring.js").Wiring} Wiring */

export class Link {
  /** @param {Wiring} wiring */
  constructor(wiring) {
    this.wiring = wiring;
    this.own = wiring.own;
    this.isClosed = this.hasBegun = this.isAsked = false;
    this.cause = NO_CAUSE; // of the next run
    this.numBegun = this.numShown = 0; // runs: how many have begun, and the newest that is on the page
    this.inputs = new LinkInputs(wiring);
    this.state = new LinkState(wiring);
    this.requests = new KernelRequests(wiring.own, wiring.warmsUp, () => this.run());
    this.scheduler = new Scheduler(() => this.run(), wiring.order);
    this.writer = new OutputWriter(wiring);
    this.pool = new ExecutorPool(
      wiring.own,
      () => this.inputs.read(),
      (error, loaded) => this.handleFailure(error, loaded),
    );
    this.warmUp = new WarmUp(this.pool);
    this.targets = new Set(wiring.outputs.map(({ model }) => model));
    this.stopListening = listenTo([...this.inputListeners(), ...this.targetListeners(), ...this.ownListeners()]);
  }

  /** @returns {[Model, string, () => void][]} */
  inputListeners() {
    const { inputs, static: choices, triggers } = this.wiring;
    return [
      ...inputs
        .filter(({ name }) => triggers.includes(name))
        .map((source) => listener(source, () => this.inputChanged(source))),
      ...choices.map((source) => listener(source, () => this.choiceChanged(source))),
    ];
  }

  /** Only a kernel that restores an older state changes targets besides this link. @returns {[Model, string, () => void][]} */
  targetListeners() {
    /** @type {(target: PageTrait) => [Model, string, () => void]} */
    const overwritten = (target) => listener(target, () => isFromKernel(target.model, target.trait) && this.runWhenQuiet());
    /** @type {(model: Model) => [Model, string, () => void]} */
    const shown = (model) => [model, "change:visible", () => this.scheduler.schedule()];
    return [...this.wiring.outputs.map(overwritten), ...[...this.targets].map(shown)];
  }

  /** @returns {[Model, string, (...details: any[]) => void][]} */
  ownListeners() {
    return [
      [this.own, "msg:custom", (content) => this.messageCame(content)],
      [this.own, "change:programs", () => this.programsChanged()],
      [this.own, "change:where change:tables", () => this.run()],
      [this.own, "change:output_tables", () => this.tablesChanged()],
    ];
  }

  /** Lets runs begin. Outputs that are controls stay where they are until an input changes. @param {string} obstacle why it can run no program, or nothing */
  begin(obstacle) {
    this.hasBegun = true;
    if (obstacle) this.giveUp(UNSUPPORTED, obstacle);
    else if (this.isAsked || !this.wiring.syncTargets) this.run();
    if (this.wiring.warmsUp && !obstacle) this.warmUp.start();
  }

  close() {
    this.isClosed = true;
    this.stopListening();
    this.scheduler.cancelDelayed();
    this.warmUp.close();
    this.pool.close();
  }

  /** Runs at once if it may, so that the page shows the change before the kernel is told. @param {PageTrait} source */
  inputChanged({ model, trait }) {
    this.cause = joinCauses(this.cause, causeOf({ model, trait }));
    if (isFromKernel(model, trait)) this.runWhenQuiet();
    else if (this.mayRunWithin(model)) this.run();
    else this.scheduler.schedule();
  }

  /** @param {PageTrait} source */
  choiceChanged({ model, trait }) {
    this.cause = joinCauses(this.cause, causeOf({ model, trait }));
    if (isFromKernel(model, trait)) this.runWhenQuiet();
    else this.scheduler.schedule();
  }

  /**
   * Whether a run may happen within a model's change: a link may be about to make more changes, or a target to send its own.
   * @param {Model} model
   */
  mayRunWithin(model) {
    return this.state.isBrowser() && this.scheduler.isFree() && !isFromLink(model) && !this.targets.has(model);
  }

  runWhenQuiet() {
    if (this.wiring.syncTargets || !this.state.isBrowser()) return; // the kernel has set the controls too
    this.scheduler.runWhenQuiet(() => this.state.isBrowser() && this.run());
  }

  /** Resolves when the program for the present inputs is ready, or there is none. A kernel may still be compiling it. */
  async whenLoaded() {
    if (!this.inputs.isComplete()) return;
    const isCompiling = () => this.wiring.hasKernel && this.state.isBrowser() && !(this.inputs.key() in this.pool.programs);
    while (isCompiling()) await new Promise((resolve) => this.own.once("change:programs change:state", () => resolve(null)));
    const key = this.inputs.key();
    const [state] = this.state.next(key in this.pool.programs);
    if (state === BROWSER) await this.pool.get(key).ready;
  }

  /** Runs the program for the present static inputs, or asks the kernel to. While an input is null nothing runs. */
  run() {
    this.isAsked = true;
    if (!this.hasBegun || this.isClosed || !this.inputs.isComplete()) return;
    this.scheduler.cancelDelayed();
    const key = this.inputs.key();
    const [state, reason] = this.state.next(key in this.pool.programs);
    if (state === BROWSER) this.runProgram(this.pool.get(key));
    else this.askKernel(state, reason);
  }

  /** A request of the kernel's, what the next one follows from, or an answer of its. @param {import("./requests.js").Incoming} message */
  messageCame(message) {
    if (message.type === "cause") this.cause = joinCauses(this.cause, causeOfMessage(message));
    else if (message.type === "request")
      setTimeout(() => this.run()); // after the changes that came before it are applied
    else this.requests.answer(message);
  }

  /** @param {LoadedProgram} loaded */
  runProgram(loaded) {
    this.state.set(BROWSER, "");
    if (loaded.failure) this.leaveToKernel(loaded.failure);
    else if (loaded.worker) this.runInWorker(loaded, loaded.worker);
    else if (loaded.local) this.runHere(loaded, loaded.local);
    else this.runWhenReady(loaded);
  }

  /** @param {LoadedProgram} loaded */
  runWhenReady(loaded) {
    if (loaded.isAwaited) return;
    loaded.isAwaited = true;
    void loaded.ready.then(() => this.run());
  }

  /** @param {LoadedProgram} loaded @param {import("./executor.js").LocalExecutor} executor */
  runHere(loaded, executor) {
    this.scheduler.markRun();
    const inputs = this.inputs.read();
    try {
      const milliseconds = executor.run(inputs);
      this.numBegun += 1;
      this.show((field) => executor.read(field), { number: this.numBegun, inputs, milliseconds, cause: this.takeCause() });
      this.pool.checkLatency(loaded, milliseconds);
    } catch (error) {
      this.handleFailure(error, loaded);
    }
  }

  /** @param {LoadedProgram} loaded @param {import("./worker_executor.js").WorkerExecutor} executor */
  runInWorker(loaded, executor) {
    this.numBegun += 1;
    const number = this.numBegun;
    const [inputs, cause] = [this.inputs.read(), this.takeCause()];
    /** @type {import("./worker_executor.js").Done} */
    const done = (outputs, milliseconds) => {
      const isStale = number < this.numShown || loaded.key !== this.inputs.key();
      if (!this.isClosed && this.state.isBrowser() && !isStale)
        this.show((field) => outputs[field], { number, inputs, milliseconds, cause });
    };
    executor.run(inputs, done, (error) => this.handleFailure(error, loaded));
  }

  /** The cause of the run that begins now. */
  takeCause() {
    const { cause } = this;
    this.cause = NO_CAUSE;
    return cause;
  }

  /**
   * Puts a run's outputs on the page.
   * @param {ReadOutput} read
   * @param {{ number: number, inputs: Inputs, milliseconds: number, cause: import("./models.js").Cause }} run
   */
  show(read, { number, inputs, milliseconds, cause }) {
    this.numShown = number;
    this.writer.write(read, { ...inputs, ...this.inputs.readStatic() }, cause);
    this.state.showError(this.writer.isContradicted ? CONTRADICTION : "");
    this.own.trigger("jaxlink:ran", { milliseconds });
  }

  /** Asks the kernel to compute, after the change that is being made now has been sent. @param {string} state @param {string} reason */
  askKernel(state, reason) {
    queueMicrotask(() => this.isClosed || this.sendRequest(state, reason));
  }

  /** @param {string} state @param {string} reason */
  sendRequest(state, reason) {
    const cause = this.takeCause();
    this.state.set(state, reason);
    if (!this.wiring.hasKernel) {
      this.state.showError(reason);
      return;
    }
    const sources = [...this.wiring.inputs, ...this.wiring.static];
    for (const model of new Set(sources.map((source) => source.model)))
      sendTogether(
        model,
        sources.filter((source) => source.model === model).map(({ trait }) => trait),
      );
    this.scheduler.cancelDelayed();
    // ipywidgets holds a value back until the one before it is answered, so it may be sent after this request.
    this.requests.ask(areChangesUnsent(sources.map(({ model }) => model)), saysMore(cause, sources) ? cause : NO_CAUSE);
  }

  /**
   * Goes on after a failure: in the kernel, or with a new worker if there is no kernel.
   * @param {unknown} error
   * @param {LoadedProgram} loaded
   */
  handleFailure(error, loaded) {
    const failure = `The browser stopped the program (${messageOf(error)}).`;
    if (error instanceof ShapeMismatch) {
      this.askKernel(UNCOMPILED, `${error.message}.`); // the kernel then sends another program
      return;
    }
    loaded.failure = failure;
    if (error instanceof WorkerTimeout && !this.wiring.hasKernel) this.startAnew(loaded);
    else if (loaded.key === this.inputs.key()) this.leaveToKernel(failure);
  }

  /** Lets the kernel compute from now on, after the change that is being made now has been sent. @param {string} reason */
  leaveToKernel(reason) {
    queueMicrotask(() => this.isClosed || this.giveUp(STOPPED, reason));
  }

  /** Lets the kernel compute from now on. @param {string} state @param {string} reason */
  giveUp(state, reason) {
    if (this.own.get("where") === BROWSER || !this.wiring.hasKernel) this.state.set(state, reason);
    this.run();
  }

  /** Forgets a program that timed out, and runs it anew if there are newer inputs. @param {LoadedProgram} loaded */
  startAnew(loaded) {
    this.pool.remove(loaded);
    this.own.set({ reason: loaded.failure });
    this.state.showError(loaded.failure);
    if (loaded.worker?.next) this.run();
  }

  tablesChanged() {
    this.writer.forget();
    this.run();
  }

  programsChanged() {
    this.pool.removeReplaced();
    if (this.state.isBrowser()) this.runWhenQuiet();
    if (this.wiring.warmsUp) this.warmUp.start();
  }
}

/** @param {PageTrait} trait @param {() => void} act @returns {[Model, string, () => void]} */
const listener = ({ model, trait }, act) => [model, `change:${trait}`, act];
