// Where the page computes, and what that takes. The server's round trip is read off the messages that pass anyway.

const REST_MS = 150; // after which a round trip is told by itself, and before with the next run: a frame costs more than a run
const GONE = new Set(["dead", "terminating", "restarting", "autorestarting"]);

/** A duration that a person can compare. @param {number} milliseconds */
function duration(milliseconds) {
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

/** Calls `act` with the round trip of each message that changes a widget in the kernel. Returns what undoes it. */
function watchRoundTrips(kernel, act) {
  const sent = new Map();
  const seen = (_, { msg, direction }) => {
    if (direction === "send" && msg.header.msg_type === "comm_msg") sent.set(msg.header.msg_id, performance.now());
    const start = sent.get(msg.parent_header?.msg_id);
    if (start === undefined || msg.header.msg_type !== "status" || msg.content.execution_state !== "idle") return;
    sent.delete(msg.parent_header.msg_id);
    act(performance.now() - start);
  };
  kernel.anyMessage.connect(seen);
  return () => kernel.anyMessage.disconnect(seen);
}

/** Calls `act` with whether the kernel that the page was opened with can be reached. Returns what undoes it. */
function watchConnection(kernel, act) {
  let isReplaced = false; // a kernel that was started again is empty, though it has the same name
  const look = () => {
    isReplaced ||= GONE.has(kernel.status);
    act(!isReplaced && kernel.connectionStatus === "connected");
  };
  kernel.statusChanged.connect(look);
  kernel.connectionStatusChanged.connect(look);
  addEventListener("online", look);
  return () => {
    kernel.statusChanged.disconnect(look);
    kernel.connectionStatusChanged.disconnect(look);
    removeEventListener("online", look);
  };
}

/** Builds the elements. @param {HTMLElement} el */
function build(el, hasServer) {
  el.innerHTML = `
    <fieldset ${hasServer ? "" : "hidden"}><legend>Compute in</legend>
      <label><input type="radio" value="browser"><span>browser</span></label>
      <label><input type="radio" value="kernel"><span>server</span></label>
    </fieldset>
    <p class="techni-took" aria-live="off"></p>
    <p class="techni-offline" role="status" hidden><span></span> <button type="button">Reconnect</button></p>`;
  const choices = el.querySelectorAll("input");
  const name = `techni-compute-${Math.random().toString(36).slice(2)}`;
  for (const choice of choices) choice.name = name;
  const [line, words, button] = ["offline", "offline span", "offline button"].map((part) =>
    el.querySelector(`.techni-${part}`),
  );
  return { choices, took: el.querySelector(".techni-took"), line, words, button };
}

/** Loads the page again if its server answers; the controls are remembered. */
async function reconnect(words) {
  try {
    // One of the page's own scripts: to ask for the page itself would start a kernel. After an upgrade it may have another name.
    const script = document.querySelector("script[src]")?.src ?? location.href;
    const { status } = await fetch(script, { method: "HEAD", cache: "no-store" });
    if (status >= 500) throw new Error("a proxy answers in the place of its server");
    location.reload();
  } catch {
    words.textContent = "The server still cannot be reached; this page goes on in your browser.";
  }
}

/** What the last run took: why the kernel computes, or the times of both. @param {{ here?: number, away?: number }} times */
function account(link, { here, away }) {
  const browser = here === undefined ? "" : `in your browser: ${duration(here)}`;
  const server = away === undefined ? "" : `last round trip to the server: ${duration(away)}`;
  return link.get("reason") || [browser, server].filter(Boolean).join("; ");
}

/** Has the link compute somewhere else. @param {string | undefined} live where the same page has a kernel, if this has none */
function choose(link, where, live) {
  link.set("where", where);
  if (!link.comm?.jsServicesComm?.isDisposed) link.save_changes(); // as it is when its kernel has been shut down
  if (live && where === "kernel") setTimeout(() => location.assign(live)); // when all that is remembered has been stored
}

/** Says whether the server can be reached; what it computed is then computed here. */
function showConnection({ choices, line, words }, link, isConnected) {
  line.hidden = isConnected;
  words.textContent = "The server is out of reach; this page goes on in your browser.";
  for (const choice of choices) choice.disabled = !isConnected;
  if (!isConnected && link.get("computing") === "kernel") choose(link, "browser");
}

async function render({ model, el }) {
  const link = await model.widget_manager.get_model(model.get("link").replace("IPY_MODEL_", ""));
  const kernel = model.widget_manager.kernel;
  const live = kernel ? undefined : document.body.dataset.live;
  const parts = build(el, Boolean(kernel || live));
  const times = {};
  let timer;
  const tell = () => {
    timer = clearTimeout(timer);
    parts.took.textContent = account(link, times);
  };
  const returned = (milliseconds) => {
    times.away = milliseconds;
    timer ??= setTimeout(tell, REST_MS);
  };
  const draw = () => {
    for (const choice of parts.choices) choice.checked = choice.value === link.get("computing");
    tell();
  };
  const ran = ({ milliseconds }) => {
    times.here = milliseconds;
    tell();
  };
  const connected = (isConnected) => showConnection(parts, link, isConnected);
  const undo = kernel ? [watchRoundTrips(kernel, returned), watchConnection(kernel, connected)] : [];
  for (const choice of parts.choices) choice.addEventListener("change", () => choose(link, choice.value, live));
  addEventListener("pageshow", draw); // who comes back from the page with a kernel finds what computes here
  parts.button.addEventListener("click", () => void reconnect(parts.words));
  link.on("change:computing change:reason", draw);
  link.on("jaxlink:ran", ran);
  draw();
  return () => {
    for (const stop of undo) stop();
    clearTimeout(timer);
    removeEventListener("pageshow", draw);
    link.off("change:computing change:reason", draw);
    link.off("jaxlink:ran", ran);
  };
}

export default { render };
