// The service worker of a published page: after the first visit the page opens without a network.
//
// What is in assets/ never changes under its name, so the copy is as good as the file. The page itself is asked for anew,
// and its copy serves only where there is no answer. This file names the page's version, so a new page brings a new worker.

const FILES = ["/* script */"];
const MINE = `techni ${self.registration.scope} `; // other pages of the same host have other scopes
const CACHE = `${MINE}/* version */`;

/** Fetches what every visit needs, from the browser's own cache where it is there, and then removes older copies. */
async function install() {
  const cache = await caches.open(CACHE);
  const page = new Request("./", { cache: "no-cache" });
  await cache.addAll([page, ...FILES.map((file) => new Request(file, { cache: "force-cache" }))]);
  await self.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys()) if (name.startsWith(MINE) && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
}

/** @param {Request} request */
async function openPage(request) {
  try {
    return await fetch(request, { cache: "no-cache" }); // a host that says nothing about caching must not serve an old page
  } catch (error) {
    const copy = await (await caches.open(CACHE)).match("./");
    if (copy) return copy;
    throw error;
  }
}

/** Stores an answer, or does not: a full disk, for one, is no reason to withhold what has come. */
async function keep(request, response) {
  try {
    await (await caches.open(CACHE)).put(request, response);
  } catch {
    // The next visit asks for it again.
  }
}

/** @param {FetchEvent} event */
async function openAsset(event) {
  const { request } = event;
  const copy = await caches.match(request, { cacheName: CACHE }).catch(() => null);
  if (copy) return copy;
  const response = await fetch(request);
  if (response.ok) event.waitUntil(keep(request, response.clone()));
  return response;
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") event.respondWith(openPage(request));
  else if (request.url.startsWith(new URL("assets/", self.registration.scope).href)) event.respondWith(openAsset(event));
});
