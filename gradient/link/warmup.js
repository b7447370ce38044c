// Programs that a visitor may choose are made ready while the page has nothing else to do.

import { moduleSource } from "../adapters/anywidget.js";
import { Late, PATIENCE_MS, RemoteExecutor, SLOW_MS } from "./executor.js";

const WARM_UP_MS = 1000; // after which the page is drawn
const FAST_MS = 1; // of a run of which nobody notices anything

export class WarmUp {
  /** @param {Link} link whose programs they are */
  constructor(link) {
    this.link = link;
    this.isUnderWay = false;
  }

  /** Begins, or lets what is under way find the programs that have come. */
  start() {
    clearTimeout(this.timer);
    if (!this.isUnderWay) this.timer = setTimeout(() => this.next(), WARM_UP_MS);
  }

  close() {
    clearTimeout(this.timer);
    this.practice?.close();
  }

  /** Prepares one program after the other. */
  next() {
    const { link } = this;
    this.isUnderWay = true;
    const idle = globalThis.requestIdleCallback ?? ((act) => setTimeout(act, 50));
    idle(async () => {
      const key = Object.keys(link.own.get("programs")).find((name) => this.isCold(name));
      this.isUnderWay = key !== undefined && !link.isClosed && !link.own.get("unable");
      if (!this.isUnderWay) return;
      const executor = link.executorOf(key);
      await executor.ready;
      executor.isWarm = true;
      if (executor.local && link.isCurrent(executor)) await this.practise(executor);
      this.next();
    });
  }

  isCold(key) {
    const executor = this.link.executors.get(key);
    return !this.link.own.get("programs")[key].may_not_end && !executor?.isWarm && !executor?.why;
  }

  /**
   * Lets a worker run a program with the present inputs until it is fast: what the browser makes of its code there is the page's,
   * too, and no press has to wait for that. One that stays slow goes to a worker for good.
   */
  async practise(executor) {
    const { link } = this;
    this.practice = new RemoteExecutor(executor.local.program, moduleSource(link.own));
    const milliseconds = await new Promise((ended) => {
      // Inputs of another choice may not fit: the program fails, if it does, when it is chosen.
      const failed = (error) => ended(error instanceof Late ? PATIENCE_MS : 0);
      this.practice.tryOut(link.read(), { enough: FAST_MS, ended, failed });
    });
    this.practice.close();
    if (milliseconds > SLOW_MS && !executor.remote && link.isCurrent(executor)) link.moveOut(executor);
  }
}
