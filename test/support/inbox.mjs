// What arrived and was not looked at yet. Every wait has a deadline and says what it waited for.
import { within } from './daemon.mjs';

export const PATIENCE = process.env.HUBBUB_WRAPPER ? 60_000 : 15_000;

export const soon = (promise, what) => within(PATIENCE, promise, () => `waited for ${typeof what === 'function' ? what() : what}`);

// Runs attempt until it returns a truthy value, for facts that only asking again can show.
export async function eventually(attempt, what) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const found = await attempt();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export class Inbox {
  #items = [];
  #waiting = [];
  #over = null;

  put(item) {
    const first = this.#waiting.shift();
    if (first) first.resolve(item);
    else this.#items.push(item);
  }

  // Nothing will arrive any more; why is for those who wait nevertheless.
  end(why) {
    this.#over ??= why;
    for (const { reject, what } of this.#waiting.splice(0)) reject(new Error(`${this.#over} instead of ${what}`));
  }

  get waiting() {
    return this.#items.length;
  }

  next(what = 'anything') {
    if (this.#items.length) return Promise.resolve(this.#items.shift());
    if (this.#over) return Promise.reject(new Error(`${this.#over} instead of ${what}`));
    const wish = { what };
    const item = new Promise((resolve, reject) => Object.assign(wish, { resolve, reject }));
    this.#waiting.push(wish);
    return soon(item, what);
  }

  // Passes over what does not fit.
  async until(fits, what = 'a certain item') {
    for (;;) {
      const item = await this.next(what);
      if (fits(item)) return item;
    }
  }
}
