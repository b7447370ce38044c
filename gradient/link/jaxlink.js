// A compiled function between the traits of widgets. A change of an input runs it in the event's own task; more changes before
// the next frame are one more run. What the browser cannot run, it asks the kernel to.

const AGAIN_MS = 10; // between looks at whether a value has left for the kernel
const NOT_COMPILED = "This function is not compiled for the browser."; // until the kernel says why
const WARM_UP_MS = 1000; // after which the page is drawn, and has time for programs that may be chosen
const LATER_MS = 100; // for changes whose sender says nothing after them

/** Sources and targets with their models in the place of references. */
async function linked(manager, spec) {
  const trait = async ([reference, ...rest]) => [await modelOf(manager, reference), ...rest];
  const named = async (traits) => Promise.all(Object.entries(traits).map(async ([name, t]) => [name, ...(await trait(t))]));
  const outputs = Object.entries(spec.outputs).flatMap(([field, targets]) => targets.map((t) => [field, t]));
  return {
    own: await modelOf(manager, spec.self),
    hasKernel: Boolean(manager.kernel),
    inputs: await named(spec.inputs),
    static: await named(spec.static),
    outputs: await Promise.all(outputs.map(async ([field, target]) => [field, ...(await trait(target))])),
    keep: spec.keep,
    on: spec.on,
    errors: spec.errors && (await trait(spec.errors)),
    onPage: spec.on_page && (await trait(spec.on_page)),
    ease: spec.ease && { ...spec.ease, durations: await Promise.all(spec.ease.durations.map(trait)) },
  };
}

class Link {
  /** @param {Awaited<ReturnType<typeof linked>>} parts */
  constructor(parts) {
    Object.assign(this, parts);
    this.executors = new Map();
    this.isScheduled = this.hasRun = this.isClosed = false;
    this.sent = this.shown = 0; // runs that were begun, and the newest of them that is on the page
    this.last = {};
    this.off = [];
    this.listen();
  }

  listen() {
    const on = (model, event, act) => {
      model.on(event, act);
      this.off.push(() => model.off(event, act));
    };
    for (const [, model, name] of [...this.inputs.filter(([input]) => this.on.includes(input)), ...this.static]) {
      on(model, `change:${name}`, () => (isFromKernel(model, name) ? this.later() : this.schedule()));
    }
    // Nobody but this link sets a picture while the page computes, but for a kernel that restores an older state.
    for (const [, model, name] of this.outputs) on(model, `change:${name}`, () => isFromKernel(model, name) && this.later());
    for (const model of new Set(this.outputs.map(([, target]) => target))) on(model, "change:visible", () => this.schedule());
    on(this.own, "change:asked_page", () => setTimeout(() => this.run())); // what came before it has been taken in by then
    on(this.own, "change:programs", () => this.renew());
    on(this.own, "change:where change:unable", () => this.run());
  }

  close() {
    this.isClosed = true;
    for (const undo of this.off) undo();
    clearTimeout(this.timer);
    clearTimeout(this.warming);
    for (const executor of this.executors.values()) executor.remote?.close();
    this.executors.clear();
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
    if (this.keep || !this.isComputing()) return; // a control that is moved twice is where it was moved last
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
    if (executor.remote) this.runRemote(executor, key);
    else if (executor.local) this.runHere(executor);
    else executor.ready.then(() => this.run());
  }

  runHere(executor) {
    this.markFrame();
    const values = this.read();
    try {
      const start = performance.now();
      const outputs = executor.local.run(values);
      executor.milliseconds = performance.now() - start;
      this.shown = ++this.sent;
      this.write(outputs, values, executor.milliseconds);
    } catch (error) {
      if (error instanceof Misfit) this.ask(`${error.message}.`);
      else this.fail(error);
    }
  }

  runRemote(executor, key) {
    const number = ++this.sent;
    const values = this.read();
    const done = (outputs, milliseconds) => {
      // Stale is what is older than the picture, or belongs to another choice.
      if (this.isClosed || !this.isComputing() || number < this.shown || key !== this.key()) return;
      this.shown = number;
      this.write(outputs, values, milliseconds);
    };
    executor.remote.run(values, done, (error) => (error.includes("Misfit") ? this.ask(error) : this.fail(error)));
  }

  /** Until the next frame, further changes wait for it. */
  markFrame() {
    if (this.hasRun) return;
    this.hasRun = true;
    requestAnimationFrame(() => (this.hasRun = false));
  }

  write(outputs, values, milliseconds) {
    const states = new Map();
    for (const [field, model, name, template] of this.outputs) {
      if (model.get("visible") === false) continue; // what is hidden costs nothing until it is shown
      const value = template ? fill(template, (other) => outputs[other]) : deserialize(model, name, outputs[field]);
      if (this.keep && typeof value === "number" && !Number.isFinite(value)) continue; // no control can stand there
      states.set(model, { ...states.get(model), [name]: value });
    }
    const isEased = this.isEased(values);
    if (isEased) this.setDurations(this.ease.milliseconds);
    for (const [model, state] of states) (this.keep ? save : show)(model, state);
    if (isEased) this.setDurations(0);
    if (this.errors) show(this.errors[0], { [this.errors[1]]: "" });
    this.own.trigger("jaxlink:ran", { milliseconds });
  }

  isEased(values) {
    const before = this.last;
    this.last = { ...values, ...Object.fromEntries(this.static.map(([name, model, trait]) => [name, model.get(trait)])) };
    return Boolean(this.ease?.on.some((name) => name in before && before[name] !== this.last[name]));
  }

  setDurations(milliseconds) {
    for (const [model, name] of this.ease.durations) show(model, { [name]: milliseconds });
  }

  /** Says who computes, to the kernel too. */
  enter(computing, reason) {
    if (computing === this.own.get("computing") && reason === this.own.get("reason")) return;
    this.own.set({ computing, reason });
    this.own.save_changes();
    if (this.onPage) show(this.onPage[0], { [this.onPage[1]]: computing === "browser" });
  }

  ask(reason) {
    this.enter("kernel", reason);
    this.own.set({ asked_kernel: this.own.get("asked_kernel") + 1 });
    this.own.save_changes();
    // ipywidgets keeps a value back while the one before it is under way. It may leave after this question, so ask again.
    clearTimeout(this.timer);
    if (this.inputs.some(([, model]) => model._msg_buffer)) this.timer = setTimeout(() => this.run(), AGAIN_MS);
  }

  fail(error) {
    this.own.set({ unable: `The browser stopped the program (${String(error.message ?? error)}).` });
    this.own.save_changes();
  }

  executorOf(key) {
    const program = this.own.get("programs")[key];
    const known = this.executors.get(key);
    if (known?.program === program) return known;
    known?.remote?.close();
    const executor = { program, local: null, remote: null, ready: null };
    executor.ready = this.prepare(executor).catch((error) => this.fail(error));
    this.executors.set(key, executor);
    return executor;
  }

  /** Instantiates a program; one that is slow goes to a worker, and comes back if it is fast there. */
  async prepare(executor) {
    const local = await Executor.of(executor.program);
    const first = local.time(); // which may be longer than others by some milliseconds, but not by many
    if (first <= SLOW_MS || (first <= 3 * SLOW_MS && local.time() <= SLOW_MS)) {
      executor.local = local;
      return;
    }
    const comeBack = () => {
      executor.remote.close();
      Object.assign(executor, { local, remote: null });
    };
    executor.remote = new RemoteExecutor(local.program, this.own.get("_esm"), comeBack);
    executor.remote.tryOut((error) => this.fail(error));
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
    this.warmUp();
  }

  /** Prepares what can be chosen next, one program after the other, when the page is drawn and has nothing else to do. */
  warmUp() {
    clearTimeout(this.warming);
    this.warming = setTimeout(() => this.warmUpNext(), WARM_UP_MS);
  }

  warmUpNext() {
    const idle = globalThis.requestIdleCallback ?? ((act) => setTimeout(act, 50));
    idle(() => {
      const key = Object.keys(this.own.get("programs")).find((name) => !this.executors.has(name));
      if (key === undefined || this.isClosed || this.own.get("unable")) return;
      void this.executorOf(key).ready.then(() => this.warmUpNext());
    });
  }
}

export default {
  initialize({ model }) {
    let link = null;
    let isClosed = false;
    const start = async () => {
      const spec = model.get("spec");
      if (link || !spec.self) return;
      const found = new Link(await linked(model.widget_manager, spec));
      if (isClosed || link) return found.close();
      link = found;
      const reason = whyUnable();
      if (reason) {
        link.own.set({ unable: reason });
        link.own.save_changes();
      } else {
        if (!link.keep) link.run();
        link.warmUp();
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
