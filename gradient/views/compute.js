// Where the page computes, and how long that takes. The server's round trip is read off the messages that pass anyway.

import { getModel, isDisconnected, kernelOf } from "../adapters/ipywidgets.js";
import { BROWSER, KERNEL } from "../link/constants.js";
import { localised } from "../link/page_language.js";
import { callAll } from "./observers.js";
import { setHidden, setText } from "./texts.js";
import { worded } from "./worded.js";
import { fillIn } from "./words.js";

/** @typedef {import("../adapters/ipywidgets.js").Kernel} Kernel */
/** @typedef {import("../adapters/ipywidgets.js").Message} Message */
/** @typedef {import("../adapters/ipywidgets.js").Model} Link the model of a `jaxlink` */
/** @typedef {Record<string, string>} Words see `sentences.py` */
/** @typedef {{ here?: number, away?: number }} Times in milliseconds, of the last run here and of the last round trip */

const QUIET_MS = 150; // after which a round trip is shown by itself, and before then with the next run: painting costs more than a run
const LEAST_MS = 0.1; // that is shown: browsers' clocks are no finer
const LATE_MS = 500; // after which an answer is late
const GONE = new Set(["dead", "terminating", "restarting", "autorestarting"]);

/** A duration that a person can compare. @param {number} milliseconds @param {Words} words @returns {string} */
function durationOf(milliseconds, words) {
  if (milliseconds < LEAST_MS) return fillIn(words.under, { duration: durationOf(LEAST_MS, words) });
  return `${localised(milliseconds < 10 ? milliseconds.toFixed(1) : String(Math.round(milliseconds)))} ms`;
}

/**
 * Calls `returned` with the round trip of each message that changes a widget in the kernel, and `late` with whether an answer is
 * late. Returns what undoes it.
 * @param {Kernel} kernel @param {(milliseconds: number) => void} returned @param {(isLate: boolean) => void} late
 */
function watchRoundTrips(kernel, returned, late) {
  /** @type {Map<string, number>} */
  const sent = new Map();
  /** @type {number | undefined} */
  let timer;
  const check = () => {
    clearTimeout(timer);
    const [oldest = Number.POSITIVE_INFINITY] = sent.values();
    const left = oldest + LATE_MS - performance.now();
    late(left <= 0);
    if (left > 0 && sent.size) timer = setTimeout(check, left);
  };
  const seen = (/** @type {unknown} */ _, /** @type {{ msg: Message, direction: string }} */ { msg, direction }) => {
    if (direction === "send" && msg.header.msg_type === "comm_msg") sent.set(msg.header.msg_id, performance.now());
    else if (msg.header.msg_type !== "status" || msg.content.execution_state !== "idle") return;
    else takeAnswer(sent, msg.parent_header?.msg_id, returned);
    check();
  };
  kernel.anyMessage.connect(seen);
  return () => {
    clearTimeout(timer);
    kernel.anyMessage.disconnect(seen);
  };
}

/** Takes the answer to a message. A kernel answers in order, so what was sent earlier is done, or lost. @param {Map<string, number>} sent @param {string | undefined} answered @param {(milliseconds: number) => void} returned */
function takeAnswer(sent, answered, returned) {
  const start = sent.get(answered ?? "");
  if (start === undefined) return;
  for (const id of sent.keys()) {
    sent.delete(id);
    if (id === answered) break;
  }
  returned(performance.now() - start);
}

/** Calls `act` with whether the kernel that the page was opened with can be reached. Returns what undoes it. @param {Kernel} kernel @param {(isConnected: boolean) => void} act */
function watchConnection(kernel, act) {
  let isReplaced = false; // a kernel that was started again is empty, though it has the same name
  const check = () => {
    isReplaced ||= GONE.has(kernel.status);
    act(!isReplaced && kernel.connectionStatus === "connected");
  };
  kernel.statusChanged.connect(check);
  kernel.connectionStatusChanged.connect(check);
  addEventListener("online", check);
  return () => {
    kernel.statusChanged.disconnect(check);
    kernel.connectionStatusChanged.disconnect(check);
    removeEventListener("online", check);
  };
}

/** One side of the switch. @param {string} name of the group @param {string} value @param {string} text */
function makeChoice(name, value, text) {
  const [label, input, words] = [
    document.createElement("label"),
    document.createElement("input"),
    document.createElement("span"),
  ];
  Object.assign(input, { type: "radio", name, value });
  words.textContent = text;
  label.append(input, words);
  return { label, input };
}

/** Builds the elements. @param {HTMLElement} el @param {Words} words @param {boolean} hasServer */
function build(el, words, hasServer) {
  el.innerHTML = `
    <fieldset><legend></legend></fieldset>
    <p class="techni-took" aria-live="off"></p>
    <p class="techni-offline" role="status" hidden><span></span> <button type="button"></button></p>`;
  const [fieldset, legend, took, line, sentence, button] = /** @type {HTMLElement[]} */ (
    ["fieldset", "legend", ".techni-took", ".techni-offline", "span", "button"].map((selector) => el.querySelector(selector))
  );
  const name = `techni-compute-${Math.random().toString(36).slice(2)}`;
  const sides = [BROWSER, KERNEL].map((place) => makeChoice(name, place, words[place]));
  fieldset.hidden = !hasServer;
  fieldset.append(...sides.map(({ label }) => label));
  legend.textContent = words.legend;
  button.textContent = words.reconnect;
  return { choices: sides.map(({ input }) => input), took, line, sentence, button, words };
}

/** @typedef {ReturnType<typeof build>} Parts */

/** Loads the page again if its server answers; the controls are remembered. @param {Parts} parts */
async function reconnect({ sentence, words }) {
  try {
    // One of the page's own scripts, which after an upgrade may have another name: the page itself would start a kernel.
    const script = /** @type {HTMLScriptElement | null} */ (document.querySelector("script[src]"));
    const { status } = await fetch(script?.src ?? location.href, { method: "HEAD", cache: "no-store" });
    if (status >= 500) throw new Error("a proxy answers in the place of its server");
    location.reload();
  } catch {
    sentence.textContent = words.still_offline;
  }
}

/** How long the last run took: why the kernel computes, or the times of both. @param {Link} link @param {Words} words @param {Times} times */
function accountOf(link, words, { here, away }) {
  const browser = here === undefined ? "" : fillIn(words.here, { duration: durationOf(here, words) });
  const server = away === undefined ? "" : fillIn(words.away, { duration: durationOf(away, words) });
  return link.get("reason") || [browser, server].filter(Boolean).join(" · ");
}

/** Makes the links compute somewhere else, that of a visitor's own data, which others depend on, first. @param {Link[]} links @param {string} where @param {string} [live] where the same page has a kernel, if this has none */
function switchTo(links, where, live) {
  const [first, ...followers] = links;
  for (const link of [...followers, first]) {
    link.set({ where });
    if (!isDisconnected(link)) link.save_changes();
  }
  if (live && where === KERNEL) setTimeout(() => location.assign(`${live}${location.hash}`)); // when all that is remembered has been stored
}

/** Says whether the server can be reached; what it computed is then computed here. @param {Parts} parts @param {Link[]} links the one that is shown first @param {boolean} isConnected */
function showConnection({ choices, line, sentence, words }, links, isConnected) {
  if (line.hidden) setText(sentence, words.offline); // else it may say that a try to reconnect has failed
  setHidden(line, isConnected); // which is asked at each of the kernel's answers
  for (const choice of choices) choice.disabled = !isConnected;
  if (!isConnected && links[0].get("state") === KERNEL) switchTo(links, BROWSER);
}

/** The times of each link, which a view that is built anew shows again. @type {WeakMap<Link, Times>} */
const kept = new WeakMap();

/** @param {Link} link @returns {Times} */
function timesOf(link) {
  const times = kept.get(link) ?? {};
  kept.set(link, times);
  return times;
}

/** Makes what says how long runs take, and pales what is shown while it is older than the controls. @param {Parts} parts @param {Link} link */
function makeReporter({ took, words }, link) {
  const times = timesOf(link);
  /** @type {number | undefined} */
  let timer;
  let isLate = false;
  const report = () => {
    timer = void clearTimeout(timer);
    const waits = isLate && link.get("state") === KERNEL;
    setText(took, waits ? words.waits : accountOf(link, words, times));
    took.closest(".techni-grid")?.classList.toggle("techni-waits", waits);
  };
  const ran = (/** @type {{ milliseconds: number }} */ { milliseconds }) => {
    times.here = milliseconds;
    report();
  };
  const returned = (/** @type {number} */ milliseconds) => {
    times.away = milliseconds;
    timer ??= setTimeout(report, QUIET_MS);
  };
  const late = (/** @type {boolean} */ now) => {
    if (now === isLate) return;
    isLate = now;
    report();
  };
  return { report, ran, returned, late, close: () => clearTimeout(timer) };
}

/** Shows where the first link computes and how long it takes. Returns what undoes it. @param {Parts} parts @param {Link[]} links @param {Kernel} [kernel] */
function follow(parts, links, kernel) {
  const [link] = links;
  const { report, ran, returned, late, close } = makeReporter(parts, link);
  const draw = () => {
    for (const choice of parts.choices) choice.checked = choice.value === link.get("state");
    report();
  };
  const connected = (/** @type {boolean} */ isConnected) => showConnection(parts, links, isConnected);
  addEventListener("pageshow", draw); // for a visitor who comes back from the page with a kernel
  link.on("change:state change:reason", draw);
  link.on("jaxlink:ran", ran);
  draw();
  return [
    ...(kernel ? [watchRoundTrips(kernel, returned, late), watchConnection(kernel, connected)] : []),
    close,
    () => removeEventListener("pageshow", draw),
    () => link.off("change:state change:reason", draw),
    () => link.off("jaxlink:ran", ran),
  ];
}

/** @param {import("./observers.js").RenderContext} context */
async function render({ model, el }) {
  const references = [model.get("link"), ...model.get("followers")];
  const links = await Promise.all(references.map((reference) => getModel(model.widget_manager, reference)));
  const kernel = kernelOf(model.widget_manager);
  const live = kernel ? undefined : document.body.dataset.live;
  const parts = build(el, model.get("words"), Boolean(kernel || live));
  for (const choice of parts.choices) choice.addEventListener("change", () => switchTo(links, choice.value, live));
  parts.button.addEventListener("click", () => void reconnect(parts));
  const undo = follow(parts, links, kernel);
  return () => callAll(undo);
}

export default { render: worded(render) };
