// What a page is asked while it is measured: how long its frames were, where its rows are, what it holds.
import { readFileSync } from 'node:fs';

const CATCH_UP_MS = 2_000;

// The smallest value that share of all are not above.
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

// Lengths of the frames, in ms, that the page had while work() ran.
export async function frames(page, work) {
  await page.evaluate(() => {
    const at = [];
    globalThis.recorded = at;
    const next = (now) => {
      at.push(now);
      if (globalThis.recorded === at) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  await work();
  const at = await page.evaluate(() => {
    const all = globalThis.recorded;
    globalThis.recorded = null;
    return all;
  });
  const lengths = at.slice(1).map((now, i) => now - at[i]);
  if (lengths.length < 20) throw new Error(`the page had only ${lengths.length} frames`);
  return lengths;
}

// Before the page's own scripts: keeps hold of its socket, and of the place that the room has reached.
export const tap = () => {
  const Real = WebSocket;
  globalThis.WebSocket = class extends Real {
    constructor(...args) {
      super(...args);
      globalThis.tapped = this;
      this.addEventListener('message', ({ data }) => {
        const { room, seq } = JSON.parse(data);
        if (room === 'lobby' && seq) globalThis.lastSeq = seq;
      });
    }
  };
};

// Lengths of the frames while so many messages come in each of them, and until the last of them is on the screen, which
// may be CATCH_UP_MS later. They come from within the page, or a server and a sender would take part of the processor
// that the page is measured on.
export async function feed(page, { room, bodies, perFrame }) {
  const [lengths, last] = await page.evaluate(
    ({ room, bodies, perFrame, patience }) => {
      const frames = bodies.map((body, i) => {
        const seq = ++globalThis.lastSeq;
        const username = `speaker ${Math.floor(i / 3) % 5}`;
        return JSON.stringify({ type: 'message', room, id: `fed${seq}`, seq, username, body, ts: Date.now() });
      });
      const lengths = [];
      const shown = () => [...document.querySelectorAll('.bubble')].at(-1).textContent;
      let before = null;
      let deadline = null;
      return new Promise((done) => {
        const next = (now) => {
          if (before !== null) lengths.push(now - before);
          before = now;
          for (const data of frames.splice(0, perFrame)) globalThis.tapped.onmessage({ data });
          if (!frames.length) deadline ??= now + patience;
          // What a frame shows was long enough in the one after it.
          const isOver = deadline && (shown() === bodies.at(-1) || now > deadline);
          if (isOver) requestAnimationFrame((end) => done([[...lengths, end - now], shown()]));
          else requestAnimationFrame(next);
        };
        requestAnimationFrame(next);
      });
    },
    { room, bodies, perFrame, patience: CATCH_UP_MS },
  );
  if (last !== bodies.at(-1)) throw new Error(`the last message is not in the page, but ${last}`);
  return lengths;
}

// How many px the first row in sight moved at most, in any frame while work() ran. from: scrolled there first.
export async function slip(page, work, from = null) {
  await page.evaluate((scrollTop) => {
    const log = document.getElementById('log');
    if (scrollTop !== null) log.scrollTop = scrollTop;
    const { top } = log.getBoundingClientRect();
    const place = (row) => row?.querySelector('.bubble').getBoundingClientRect().top ?? Infinity;
    const { key } = [...document.querySelectorAll('.message')].find((row) => place(row) > top).dataset;
    const where = () => place(document.querySelector(`[data-key="${CSS.escape(key)}"]`));
    const start = where();
    const watched = { most: 0 };
    globalThis.watched = watched;
    const next = () => {
      watched.most = Math.max(watched.most, Math.abs(where() - start));
      if (globalThis.watched === watched) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  }, from);
  await work();
  await twoFrames(page);
  return page.evaluate(() => {
    const { most } = globalThis.watched;
    globalThis.watched = null;
    return most;
  });
}

export const twoFrames = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

// The window fills over some frames: until it has not grown for a while.
export const filled = (page) =>
  page.evaluate(
    (enough) =>
      new Promise((done) => {
        const rows = document.getElementById('rows');
        let count = 0;
        let same = 0;
        const next = () => {
          same = rows.childElementCount === count ? same + 1 : 0;
          count = rows.childElementCount;
          if (same === enough) done();
          else requestAnimationFrame(next);
        };
        next();
      }),
    20,
  );

// From a click on a room's link until its rows are on the screen, in ms.
export function timeToRoom(page, room) {
  return page.evaluate(
    (name) =>
      new Promise((done) => {
        const rows = document.getElementById('rows');
        const link = document.querySelector(`.room-link[title="${name}"]`);
        const painted = new MessageChannel();
        const start = performance.now();
        painted.port1.onmessage = () => done(performance.now() - start);
        new MutationObserver((_, observer) => {
          if (document.getElementById('room-name').textContent !== name || !rows.childElementCount) return;
          observer.disconnect();
          requestAnimationFrame(() => painted.port2.postMessage(null)); // which comes when the frame is done
        }).observe(rows, { childList: true });
        link.click();
      }),
    room,
  );
}

export const rowsIn = (page) => page.locator('#rows > li').count();

// Elements and texts.
export const nodesIn = (page) =>
  page.evaluate(() => {
    const walker = document.createTreeWalker(document);
    let count = 1;
    while (walker.nextNode()) count++;
    return count;
  });

// After all garbage is gone, in bytes.
export async function heapOf(devtools) {
  for (let i = 0; i < 3; i++) await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  return usedSize;
}

// Of the page's process, in bytes: own is what it has to itself, pss that and its share of what it has with others.
export async function memoryOf(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  // Of the processes for pages, ours is the one that has worked; the browser keeps an idle one in reserve.
  const [{ id }] = processInfo.filter(({ type }) => type === 'renderer').sort((a, b) => b.cpuTime - a.cpuTime);
  const rollup = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8');
  const sizeOf = (what) => new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(rollup)[1] * 1024;
  return { own: sizeOf('Private_Clean') + sizeOf('Private_Dirty'), pss: sizeOf('Pss') };
}
