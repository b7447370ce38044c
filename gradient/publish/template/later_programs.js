// The programs of links that a page does not run at first come in a file of their own, after the page is shown.

/** @typedef {[model: string, key: string, offset: number, length: number]} Place of a module in the file */
/** @typedef {{ programs?: Record<string, { module: unknown }> }} LinkState */

const WAITS_MS = [500, 2000, 8000]; // before the file is asked for again

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Loads a file, if need be at a later attempt. @param {string} file @param {number} [attempt] @returns {Promise<ArrayBuffer>} */
export async function load(file, attempt = 0) {
  try {
    const response = await fetch(file, { cache: "force-cache" }); // the name changes with the content
    if (response.ok) return await response.arrayBuffer();
  } catch {
    // The network may be back in a moment.
  }
  if (attempt === WAITS_MS.length) throw new Error(`${file} cannot be loaded; load the page again`);
  await pause(WAITS_MS[attempt]);
  return load(file, attempt + 1);
}

/**
 * Gives the links of a page the programs that are in a file. A link waits for a program's module if it is chosen before it has come.
 * Returns what begins to load the file.
 * @param {Record<string, { state: LinkState }>} models by their ids
 * @param {string} file
 * @param {Place[]} places
 */
export function addLaterPrograms(models, file, places) {
  /** @type {Promise<ArrayBuffer> | undefined} */
  let loading;
  const start = () => {
    loading ??= load(file);
    loading.catch(() => {}); // it is the links that fail
    return loading;
  };
  for (const [id, key, offset, length] of places) {
    const program = models[id].state.programs?.[key];
    if (program) program.module = async () => new Uint8Array(await start(), offset, length);
  }
  return start;
}
