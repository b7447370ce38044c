// A plain page: a slider, and the loss curve that TensorFlow.js computes when it is moved.

const slider = document.querySelector("[role=slider]");
const [WIDTH, HEIGHT] = [600, 300];

function draw(losses) {
  const logs = losses.map(([loss]) => Math.log10(Math.max(loss, 1e-30)));
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const point = (value, i) => `${(WIDTH * i) / (logs.length - 1)},${HEIGHT * (1 - (value - low) / (high - low || 1))}`;
  document.querySelector("path.curve").setAttribute("d", `M${logs.map(point).join("L")}`);
}

function show(work) {
  slider.setAttribute("aria-valuenow", work.rate.toFixed(4));
  draw(descendTfjs(work).losses);
}

async function main() {
  const work = await (await fetch("work.json")).json();
  await tf.setBackend("cpu");
  await tf.ready();
  slider.addEventListener("keydown", ({ key }) => {
    const factor = { ArrowRight: 10 ** 0.02, ArrowLeft: 10 ** -0.02 }[key];
    if (!factor) return;
    work.rate = Math.min(10, Math.max(1e-3, work.rate * factor));
    show(work);
  });
  show(work);
}

void main();
