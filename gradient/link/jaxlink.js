// A compiled function between the traits of widgets. A change of an input runs it in the event's own task; more changes before
// the next frame are one more run. What the browser cannot run, it asks the kernel to.

import { moduleSource } from "../adapters/anywidget.js";
import { deserialize, getModel, hasUnsentChanges, kernelOf } from "../adapters/ipywidgets.js";
import { outlive } from "./connection.js";
import { Executor, Late, Misfit, RemoteExecutor, SLOW_MS, isSame, kept, whyUnable, withModule } from "./executor.js";
import { isByLink, isFromKernel, save, show, tell } from "./models.js";
import { fill } from "./text.js";
import { WarmUp } from "./warmup.js";

const AGAIN_MS = 10; // between looks at whether a value has left for the kernel
const NOT_COMPILED = "This function is not compiled for the browser."; // until the kernel says why
const STOPPED = "The browser stopped the program"; // Python knows a reason of this kind by these words
const LATER_MS = 100; // for changes whose sender says nothing after them

/** Sources and targets with their models in the place of references. */
async function linked(manager, spec) {
  const trait = async ([reference, ...rest]) => [await getModel(manager, reference), ...rest];
  const named = async (traits) => Promise.all(Object.entries(traits).map(async ([name, t]) => [name, ...(await trait(t))]));
  const outputs = Object.entries(spec.outputs).flatMap(([field, targets]) => targets.map((t) => [field, t]));
  return {
    own: await getModel(manager, spec.self),
    hasKernel: Boolean(kernelOf(manager)),
    inputs: await named(spec.inputs),
    static: await named(spec.static),
    outputs: await Promise.all(outputs.map(async ([field, target]) => [field, ...(await trait(target))])),
    syncTargets: spec.sync_targets,
    triggers: spec.triggers,
    errors: spec.errors && (await trait(spec.errors)),
    browserRenders: spec.browser_renders && (await trait(spec.browser_renders)),
    transition: spec.transition && { ...spec.transition, durations: await Promise.all(spec.transition.durations.map(trait)) },
  };
}

class Link {
  /** @param {Awaited<ReturnType<typeof linked>>} parts */
  constructor(parts) {
    Object.assign(this, parts);
    this.executors = new Map();
    this.held = new Map(); // what this link has set last, for each output
    this.isScheduled = this.hasRun = this.isClosed = false;
    this.sent = this.shown = 0; // runs that were begun, and the newest of them that is on the page
    this.last = {};
    this.off = [];
    this.targets = new Set(this.outputs.map(([, model]) => model));
    this.warmUp = new WarmUp(this);
    this.listen();
  }

  listen() {
    const on = (model, event, act) => {
      model.on(event, act);
      this.off.push(() => model.off(event, act));
    };
    for (const [, model, name] of this.inputs.filter(([input]) => this.triggers.includes(input))) {
      on(model, `change:${name}`, () => this.changed(model, name));
    }
    for (const [, model, name] of this.static) {
      on(model, `change:${name}`, () => (isFromKernel(model, name) ? this.later() : this.schedule()));
    }
    // Nobody but this link sets a picture while the page computes, but for a kernel that restores an older state.
    for (const [, model, name] of this.outputs) on(model, `change:${name}`, () => isFromKernel(model, name) && this.later());
    for (const model of this.targets) on(model, "change:visible", () => this.schedule());
    on(this.own, "change:asked_page", () => setTimeout(() => this.run())); // what came before it has been taken in by then
    on(this.own, "change:programs", () => this.renew());
    on(this.own, "change:where change:unable", () => this.run());
  }

  close() {
    this.isClosed = true;
    for (const undo of this.off) undo();
    clearTimeout(this.timer);
    for (const executor of this.executors.values()) executor.remote?.close();
    this.warmUp.close();
    this.executors.clear();
  }

  /** What a visitor moves is on the page before word of it has left for the kernel. */
  changed(model, name) {
    if (isFromKernel(model, name)) this.later();
    else if (this.mayRunIn(model)) this.run();
    else this.schedule();
  }

  /** Whether a run may come within the change of a model: a link may be about to make more changes, a target to send its own. */
  mayRunIn(model) {
    return this.isComputing() && !this.isScheduled && !this.hasRun && !isByLink(model) && !this.targets.has(model);
  }

  schedule() {
    if (this.isScheduled) return;
    this.isScheduled = true;
    const run = () => {
      this.isScheduled = false;
      this.run();
    };
    if (!this.hasRun || document.hidden) queueMicrotask(run);
    else requestAnimationFrame(run);
  }

  later() {
    if (this.syncTargets || !this.isComputing()) return; // a control that is moved twice is where it was moved last
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.isComputing() && this.run(), LATER_MS);
  }

  isComputing() {
    return this.own.get("computing") === "browser";
  }

  /** The name of the present combination of static inputs, the same as Python's JSON gives it. */
  key() {
    return JSON.stringify(this.static.map(([, model, name]) => model.get(name)));
  }

  read() {
    return Object.fromEntries(this.inputs.map(([name, model, trait]) => [name, model.get(trait)]));
  }

  /** Runs the program of the present choice, or asks the kernel to. */
  run() {
    if (this.isClosed) return;
    clearTimeout(this.timer);
    const key = this.key();
    const reason = this.own.get("unable") || (key in this.own.get("programs") ? "" : this.own.get("reason") || NOT_COMPILED);
    const isWanted = this.own.get("where") === "browser" || !this.hasKernel;
    if (!isWanted || reason) {
      this.ask(isWanted ? reason : "");
      return;
    }
    this.enter("browser", "");
    const executor = this.executorOf(key);
    if (executor.why) this.stop(executor.why);
    else if (executor.remote) this.runRemote(executor);
    else if (executor.local) this.runHere(executor);
    else executor.awaited ??= executor.ready.then(() => this.run());
  }

  runHere(executor) {
    this.markFrame();
    const values = this.read();
    try {
      const milliseconds = executor.local.run(values);
      this.shown = ++this.sent;
      this.write((field) => executor.local.read(field), values, milliseconds);
      this.weigh(executor, milliseconds);
    } catch (error) {
      this.failed(error, executor);
    }
  }

  runRemote(executor) {
    const number = ++this.sent;
    const values = this.read();
    const done = (outputs, milliseconds) => {
      // Stale is what is older than the picture, or belongs to another choice.
      if (this.isClosed || !this.isComputing() || number < this.shown || executor.key !== this.key()) return;
      this.shown = number;
      this.write((field) => outputs[field], values, milliseconds);
    };
    executor.remote.run(values, done, (error) => this.failed(error, executor));
  }

  /** Until the next frame, further changes wait for it. */
  markFrame() {
    if (this.hasRun) return;
    this.hasRun = true;
    requestAnimationFrame(() => (this.hasRun = false));
  }

  /** @param {(field: string) => any} read gives an output of the run */
  write(read, values, milliseconds) {
    const states = new Map();
    for (const output of this.outputs) {
      const [, model, name] = output;
      const value = this.news(output, read);
      if (value !== undefined) states.set(model, { ...states.get(model), [name]: value });
    }
    const isEased = this.isEased(values);
    if (isEased) this.setDurations(this.transition.milliseconds);
    for (const [model, state] of states) (this.syncTargets ? save : show)(model, state);
    if (isEased) this.setDurations(0);
    this.complain("");
    this.own.trigger("jaxlink:ran", { milliseconds });
  }

  /** What a target has to be set to; undefined where it is hidden, or is as this link has set it last: to set it is to draw it. */
  news(output, read) {
    const [field, model, name, template] = output;
    if (model.get("visible") === false) {
      this.held.delete(output);
      return undefined;
    }
    const raw = template ? fill(template, read) : read(field);
    const held = this.held.get(output);
    if (held && held.value === model.get(name) && isSame(held.raw, raw)) return undefined;
    if (this.syncTargets && typeof raw === "number" && !Number.isFinite(raw)) return undefined; // no control can stand there
    const own = kept(raw);
    const value = template ? own : deserialize(model, name, own);
    this.held.set(output, { raw: own, value });
    return value;
  }

  isEased(values) {
    const before = this.last;
    this.last = { ...values, ...Object.fromEntries(this.static.map(([name, model, trait]) => [name, model.get(trait)])) };
    return Boolean(this.transition?.triggers.some((name) => name in before && before[name] !== this.last[name]));
  }

  setDurations(milliseconds) {
    for (const [model, name] of this.transition.durations) show(model, { [name]: milliseconds });
  }

  /** Says who computes, to the kernel too. */
  enter(computing, reason) {
    if (computing === this.own.get("computing") && reason === this.own.get("reason")) return;
    this.own.set({ computing, reason });
    this.own.save_changes();
    if (this.browserRenders) show(this.browserRenders[0], { [this.browserRenders[1]]: computing === "browser" });
  }

  /** Asks the kernel to run, after it has heard of what is changing now. */
  ask(reason) {
    queueMicrotask(() => this.isClosed || this.send(reason));
  }

  send(reason) {
    this.enter("kernel", reason);
    if (!this.hasKernel) this.complain(reason);
    const sources = [...this.inputs, ...this.static];
    for (const [, model, name] of sources) tell(model, name);
    this.own.set({ asked_kernel: this.own.get("asked_kernel") + 1 });
    this.own.save_changes();
    // ipywidgets keeps a value back while the one before it is under way. It may leave after this question, so ask again.
    clearTimeout(this.timer);
    if (sources.some(([, model]) => hasUnsentChanges(model))) this.timer = setTimeout(() => this.run(), AGAIN_MS);
  }

  /** Says on the page what failed, or that nothing did. */
  complain(words) {
    const [model, name] = this.errors ?? [];
    if (model && model.get(name) !== words) show(model, { [name]: words });
  }

  /** Goes on after an error: without the program, if it is its fault; with another worker, if nobody else could compute. */
  failed(error, executor) {
    executor.why = `${STOPPED} (${String(error.message ?? error)}).`;
    if (error instanceof Misfit) {
      executor.why = "";
      this.ask(`${error.message}.`);
    } else if (error instanceof Late && !this.hasKernel) this.abandon(executor);
    else if (executor.key === this.key()) this.stop(executor.why);
  }

  /** Leaves it to the kernel, which hears of what is changing now before that. */
  stop(why) {
    queueMicrotask(() => {
      if (this.isClosed) return;
      this.own.set({ unable: why });
      this.own.save_changes();
    });
  }

  abandon({ key, why, remote }) {
    this.executors.delete(key);
    this.own.set({ reason: why });
    this.complain(why);
    if (remote.next) this.run();
  }

  executorOf(key) {
    const program = this.own.get("programs")[key];
    const known = this.executors.get(key);
    if (known?.program === program) return known;
    known?.remote?.close();
    const executor = { key, program, local: null, remote: null, awaited: null, why: "", slow: 0, isWarm: false };
    this.executors.set(key, executor);
    executor.ready = this.prepare(executor).catch((error) => this.failed(error, executor));
    return executor;
  }

  /** Makes a program ready: in the page, or in a worker if its inputs decide whether it ends. */
  async prepare(executor) {
    if (executor.program.may_not_end) {
      const compiled = await withModule(executor.program);
      if (this.isCurrent(executor)) executor.remote = new RemoteExecutor(compiled, moduleSource(this.own));
    } else {
      executor.local = await Executor.of(executor.program);
    }
  }

  isCurrent(executor) {
    return !this.isClosed && this.executors.get(executor.key) === executor;
  }

  /** Moves a program that is slow twice in a row, or very slow once, to a worker. */
  weigh(executor, milliseconds) {
    executor.slow = milliseconds > SLOW_MS ? executor.slow + 1 : 0;
    if (executor.slow >= 2 || milliseconds > 3 * SLOW_MS) this.moveOut(executor);
  }

  /** Moves a program to a worker. It comes back if it becomes fast there. */
  moveOut(executor) {
    const comeBack = () => {
      executor.remote.close();
      Object.assign(executor, { remote: null, slow: 0 });
    };
    executor.isWarm = true; // or will be, there
    executor.remote = new RemoteExecutor(executor.local.program, moduleSource(this.own), comeBack);
    executor.remote.tryOut(this.read(), { enough: SLOW_MS, failed: (error) => this.failed(error, executor) });
  }

  /** Programs have come or gone. */
  renew() {
    for (const [key, executor] of this.executors) {
      if (this.own.get("programs")[key] !== executor.program) {
        executor.remote?.close();
        this.executors.delete(key);
      }
    }
    if (this.isComputing()) this.later();
    this.warmUp.start();
  }
}

export default {
  initialize({ model }) {
    let link = null;
    let isClosed = false;
    const start = async () => {
      const spec = model.get("spec");
      if (link || !spec.self) return;
      outlive(model.widget_manager);
      const found = new Link(await linked(model.widget_manager, spec));
      if (isClosed || link) return found.close();
      link = found;
      const reason = whyUnable();
      if (reason) {
        link.own.set({ unable: reason });
        link.own.save_changes();
      } else {
        if (!link.syncTargets) link.run();
        link.warmUp.start();
      }
    };
    model.on("change:spec", start);
    void start();
    return () => {
      isClosed = true;
      link?.close();
    };
  },
};
