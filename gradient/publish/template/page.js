// Shows the widgets of a published page. Every model that the kernel had is made, also those that nothing displays, because
// links are such. There is no kernel behind them: what one would do for a figure, drawing it at another size, is done here.

/**
 * A picture of a figure: its file, its size and the words outside its axes, in CSS pixels; see publish/pictures.py.
 * @typedef {[text: string, x: number, y: number, align: CanvasTextAlign, degrees: number, font: number, colour: string]} Word
 * @typedef {{file: string, size: [number, number], margins: [number, number, number, number], words: Word[]}} Picture
 */

const PATIENCE_MS = 1000;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

/** Where a length of a picture is in a place: the margins keep their size, the middle is stretched. */
function stretch(value, length, place, low, high) {
  if (value <= low) return value;
  if (value >= length - high) return value + place - length;
  return low + ((value - low) * (place - low - high)) / (length - low - high);
}

/** @param {CanvasRenderingContext2D} context @param {Picture} picture @param {number} ratio device pixels in a CSS pixel */
function drawPicture(context, image, picture, [width, height], ratio) {
  const [left, top, right, bottom] = picture.margins;
  const [fullWidth, fullHeight] = picture.size;
  const scale = image.width / fullWidth;
  const across = (x) => stretch(x, fullWidth, width, left, right);
  const down = (y) => stretch(y, fullHeight, height, top, bottom);
  const pixel = (value) => Math.round(value * ratio);
  const columns = [0, left, fullWidth - right, fullWidth];
  const rows = [0, top, fullHeight - bottom, fullHeight];
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, pixel(width), pixel(height));
  context.imageSmoothingQuality = "high";
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      const [x, y, x1, y1] = [columns[i], rows[j], columns[i + 1], rows[j + 1]];
      const [toX, toY] = [pixel(across(x)), pixel(down(y))];
      context.drawImage(
        image,
        x * scale,
        y * scale,
        (x1 - x) * scale,
        (y1 - y) * scale,
        toX,
        toY,
        pixel(across(x1)) - toX,
        pixel(down(y1)) - toY,
      );
    }
  }
  for (const [text, x, y, align, degrees, font, colour] of picture.words) {
    context.setTransform(ratio, 0, 0, ratio, ratio * across(x), ratio * down(y));
    context.rotate((degrees * Math.PI) / 180);
    Object.assign(context, { font: `${font}px ${FONT}`, fillStyle: colour, textAlign: align, textBaseline: "middle" });
    context.fillText(text, 0, 0);
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
}

/** @type {Map<string, Promise<ImageBitmap>>} */
const images = new Map();

/** A picture's image, downloaded once. @param {Picture} picture */
function load({ file }) {
  const download = async () => {
    const response = await fetch(file, { cache: "force-cache" }); // the name changes with the content
    if (!response.ok) throw new Error(`${file}: ${response.status} ${response.statusText}`);
    return createImageBitmap(await response.blob());
  };
  if (!images.has(file)) {
    const image = download();
    image.catch(() => images.delete(file)); // the network may be there again when it is wanted next
    images.set(file, image);
  }
  return images.get(file);
}

/** The picture that a place stretches least. @param {Picture[]} pictures @param {[number, number]} place */
function choose(pictures, place) {
  const stretched = ({ size }) => Math.abs(Math.log(place[0] / size[0])) + Math.abs(Math.log(place[1] / size[1]));
  return pictures.reduce((best, picture) => (stretched(picture) < stretched(best) ? picture : best));
}

/** Makes the model of an ipympl canvas draw its pictures by itself when it is asked for another size. @param {Picture[]} pictures */
function drawOnResize(canvas, pictures) {
  let newest;
  canvas.resize = async (width, height) => {
    const size = (newest = [width, height]);
    const picture = choose(pictures, size);
    const image = await load(picture);
    if (size !== newest) return;
    canvas.set("_size", size);
    canvas.ratio = Math.max(1, devicePixelRatio); // of now: a window is zoomed, or taken to another screen
    canvas.resize_canvas();
    drawPicture(canvas.offscreen_context, image, picture, size, canvas.ratio);
    for (const view of Object.values(canvas.views)) (await view).resize_and_update_canvas(size);
    canvas.trigger("drawn"); // for what lies over the figure
  };
}

/** Waits until a memory of controls has set them; see link/remember.js. A picture that is exchanged while it is made is an error. */
function remembered(model) {
  const isMemory = Boolean(model.get("spec")?.after);
  return !isMemory || model[Symbol.for("jaxlink.ready")] || new Promise((done) => model.once("jaxlink:ready", done));
}

/** Shows a widget in its place; one that the notebook has closed again has none any more. */
async function fillPlace(place, manager, state) {
  if (!(place.dataset.model in state.state)) return place.remove();
  const view = await manager.create_view(await manager.get_model(place.dataset.model));
  place.replaceChildren();
  await manager.display_view(view, place);
}

/** Makes every model of a state, and shows those that have a place on the page. */
async function show(state) {
  requirejs.config({ paths: { "@jupyter-widgets/html-manager": "assets/html-manager" } }); // its icon font is there
  const loader = (name) => new Promise((done, fail) => requirejs([name], done, fail));
  const { HTMLManager } = await loader("@jupyter-widgets/html-manager");
  const manager = new HTMLManager({ loader });
  const models = await manager.set_state(state);
  for (const model of models) if (model.model_id in state.figures) drawOnResize(model, state.figures[model.model_id]);
  await Promise.race([Promise.all(models.map(remembered)), new Promise((done) => setTimeout(done, PATIENCE_MS))]);
  for (const place of document.querySelectorAll("[data-model]")) {
    await fillPlace(place, manager, state).catch((error) => console.error(error)); // the other widgets are to be seen all the same
  }
  window.widgetManager = manager; // for whoever looks at the page from its console
}

/** Keeps the page for visits without a network, with the other pictures that a window like this one shows. */
async function keep(pictures) {
  const workers = navigator.serviceWorker;
  if (!workers) return; // the page did not come over https
  await new Promise((done) => (window.requestIdleCallback ?? setTimeout)(done)); // the visitor comes first
  const controlled = workers.controller || new Promise((done) => workers.addEventListener("controllerchange", done));
  await workers.register("worker.js");
  await controlled;
  await Promise.all(pictures.map(({ file }) => fetch(file, { cache: "force-cache" })));
}

/** Resolves when the widgets' script has run; it may have failed to come before this is asked. */
function loadedScript() {
  const script = document.querySelector("script[src]");
  return new Promise((done, fail) => {
    const look = () => (window.requirejs ? done() : fail(new Error(`${script.src} cannot be loaded`)));
    if (window.requirejs || document.readyState === "complete") return look();
    script.addEventListener("load", look);
    addEventListener("load", look);
  });
}

/** Says that there are no widgets, where they would be. */
function sayFailure(error) {
  const words = document.createElement("p");
  words.setAttribute("role", "alert");
  words.innerHTML = `This page could not be loaded. <a href="">Load it again</a>`;
  document.querySelector("[data-model]")?.replaceChildren(words);
  throw error;
}

/** @param {Picture[]} first the pictures of the figure that is shown first, if there is one; its place is on the page already */
async function start(first) {
  const { clientWidth, clientHeight } = document.querySelector(".techni-field") ?? document.body;
  const place = [clientWidth, clientHeight];
  if (first.length) load(choose(first, place)).catch(() => {}); // it is asked for again when it is drawn
  const state = JSON.parse(document.querySelector("#state").textContent); // while the widgets' script is on its way
  await loadedScript()
    .then(() => show(state))
    .catch(sayFailure);
  await keep(Object.values(state.figures).map((pictures) => choose(pictures, place)));
}
