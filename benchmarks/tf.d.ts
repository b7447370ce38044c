// What the benchmarks use of TensorFlow.js, which its script defines globally: https://js.tensorflow.org/api/4.22.0/

interface Tensor {
  dataSync(): Float32Array;
  dispose(): void;
}

type Values = number[] | number[][];

declare const tf: {
  add(a: Tensor, b: Tensor): Tensor;
  keep(tensor: Tensor): Tensor;
  matMul(a: Tensor, b: Tensor): Tensor;
  mean(x: Tensor): Tensor;
  mul(a: Tensor, b: Tensor | number): Tensor;
  ready(): Promise<void>;
  setBackend(name: string): Promise<boolean>;
  sin(x: Tensor): Tensor;
  slice(x: Tensor, begin: number, size: number): Tensor;
  square(x: Tensor): Tensor;
  squeeze(x: Tensor, axis: number[]): Tensor;
  sub(a: Tensor, b: Tensor): Tensor;
  tanh(x: Tensor): Tensor;
  tensor(values: Values): Tensor;
  tidy(run: () => void): void;
  valueAndGrads(f: (...x: Tensor[]) => Tensor): (x: Tensor[]) => { value: Tensor; grads: Tensor[] };
  zerosLike(x: Tensor): Tensor;
  wasm: { setWasmPaths(folder: string): void };
};
