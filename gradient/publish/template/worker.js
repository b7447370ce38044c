// The service worker of a published page: after the first visit the page opens without a network.
//
// What is in assets/ has a name that changes with its content, so its cached copy is always right. The page itself is requested
// on every visit, and its copy serves only if the network gives no answer. This file has the page's version in it, so that
// browsers install it again with every new page.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const PRECACHED = "/* files */".split(" ");
const PREFIX = `techni ${worker.registration.scope} `; // other pages of the same host have other scopes
const CACHE = `${PREFIX}/* version */`;

/** Precaches what every visit needs, from the browser's own cache where that has it. */
async function install() {
  const cache = await caches.open(CACHE);
  const page = new Request("./", { cache: "no-cache" });
  await cache.addAll([page, ...PRECACHED.map((file) => new Request(file, { cache: "force-cache" }))]);
  await worker.skipWaiting();
}

/** Removes the caches of older pages, and takes over the open ones. */
async function activate() {
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
  await worker.clients.claim();
}

/** Network first: the page, or its copy without a network. @param {Request} request */
async function openPage(request) {
  try {
    return await fetch(request, { cache: "no-cache" }); // a host that says nothing about caching must not serve an old page
  } catch (error) {
    const copy = await (await caches.open(CACHE)).match("./");
    if (copy) return copy;
    throw error;
  }
}

/** Caches a response, if that is possible: a full disk is no reason to withhold it. @param {Request} request @param {Response} response */
async function tryToCache(request, response) {
  try {
    await (await caches.open(CACHE)).put(request, response);
  } catch {
    // The next visit asks for it again.
  }
}

/** Cache first: an asset. @param {FetchEvent} event */
async function openAsset(event) {
  const { request } = event;
  const copy = await caches.match(request, { cacheName: CACHE }).catch(() => null);
  if (copy) return copy;
  const response = await fetch(request);
  if (response.ok) event.waitUntil(tryToCache(request, response.clone()));
  return response;
}

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") event.respondWith(openPage(request));
  else if (request.url.startsWith(new URL("assets/", worker.registration.scope).href)) event.respondWith(openAsset(event));
});
