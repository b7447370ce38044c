/// <reference path="./tf.d.ts" />
// The part of the compiler's benchmarks that runs in the browser. Times are in milliseconds.

import { descend } from "./tfjs.js";

/**
 * @typedef {object} EncodedProgram a compiled program with its inputs; all bytes are in base64
 * @property {string} module
 * @property {[offset: number, data: string][]} inputs where in the memory each belongs
 * @property {[offset: number, size: number][]} outputs where in the memory each is, in bytes
 */

const decode = (/** @type {string} */ text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

/** The median of numbers. @param {number[]} times */
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

/** How long an action takes. @param {() => void} action */
function duration(action) {
  const start = performance.now();
  action();
  return performance.now() - start;
}

/**
 * The median duration of an action in so many seconds, after ten runs in which the browser's optimizing compiler can finish.
 * @param {() => void} action @param {number} seconds
 */
async function medianDuration(action, seconds) {
  const times = [];
  for (let i = 0; i < 10; i++) {
    action();
    if (i % 3 === 2) await pause();
  }
  const end = performance.now() + 1000 * seconds;
  while (times.length < 3 || (performance.now() < end && times.length < 2000)) times.push(duration(action));
  return median(times);
}

/**
 * The median duration of an action that may be too short for the browser's clock, which ticks in tenths of a millisecond: then it
 * is timed by the hundred.
 * @param {() => void} action
 */
async function medianOfShort(action) {
  action();
  const count = duration(action) < 1 ? 200 : 1;
  const repeated = () => {
    for (let i = 0; i < count; i++) action();
  };
  return (await medianDuration(repeated, 2)) / count;
}

/** Times loading a program, its first run and its later ones. @param {EncodedProgram} program */
async function measure({ module, inputs, outputs }) {
  const bytes = decode(module);
  const start = performance.now();
  const { instance } = await WebAssembly.instantiate(bytes);
  const load = performance.now() - start;
  const exported = /** @type {{ memory: WebAssembly.Memory, run: () => void }} */ (/** @type {unknown} */ (instance.exports));
  const memory = new Uint8Array(exported.memory.buffer);
  for (const [offset, data] of inputs) memory.set(decode(data), offset);
  const first = duration(exported.run);
  // The outputs are adjacent, so one copy takes all of them, as a page needs it that draws them during the next run.
  const low = Math.min(...outputs.map(([offset]) => offset));
  const high = Math.max(...outputs.map(([offset, size]) => offset + size));
  const source = memory.subarray(low, high);
  const copy = new Uint8Array(high - low);
  const run = () => {
    exported.run();
    copy.set(source);
  };
  return { load, first, wasm: await medianOfShort(run) };
}

/** Times a descent in TensorFlow.js. @param {string} backend @param {import("./tfjs.js").Work} work */
async function measureTfjs(backend, work) {
  if (backend === "wasm") tf.wasm.setWasmPaths("node_modules/@tensorflow/tfjs-backend-wasm/dist/");
  await tf.setBackend(backend);
  await tf.ready();
  const run = () => descend(work);
  run();
  if (duration(run) <= 300) return medianDuration(run, 2);
  return median([duration(run), duration(run), duration(run)]);
}

Object.assign(window, { measure, measureTfjs });
