// One run: the page is opened over two kinds of network, then somebody reads through the whole room, then it is busy.
import WebSocket from 'ws';
import { browser } from '../browser/chromium.mjs';
import { client } from '../browser/client.mjs';
import { feed, filled, frames, heapOf, memoryOf, nodesIn, percentile, rowsIn, slip, tap, timeToRoom } from './browser_page.mjs';
import { OTHER_ROOM, ROOM, openPage, sentence, speaker, talk } from './browser_stage.mjs';

const { connect } = await client('hubbub.js');

const MIB = 1024 * 1024;
const FRAMES = 180;
const SCROLL_PX = 6_000;
const SCROLL_PX_S = 2_400;
const slowLine = { latency: 150, rate: 1_600_000 / 8 };

async function loading(daemon, network) {
  // The panel is ready when it gives the focus to the name: that is the last thing it does.
  const script = () =>
    document.addEventListener('focusin', ({ target }) => {
      if (target.id === 'name') globalThis.readyAt ??= performance.now();
    });
  const { page, close } = await openPage(daemon, { network, script });
  await page.waitForFunction(() => globalThis.readyAt && performance.getEntriesByName('first-contentful-paint').length);
  await page.keyboard.type('x');
  await page.waitForFunction(() => document.getElementById('name').value === 'x');
  const times = await page.evaluate(() => ({
    paint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
    typing: globalThis.readyAt,
  }));
  await close();
  return times;
}

// Up to the very first message: the most rows and nodes that there were on the way.
async function readAll(page) {
  let rows = 0;
  let nodes = 0;
  for (let isTop = false; !isTop; ) {
    isTop = await page.evaluate(async () => {
      const log = document.getElementById('log');
      for (let i = 0; i < 30; i++) {
        log.scrollTop = 0;
        await new Promise(requestAnimationFrame);
      }
      return document.querySelector('.bubble').textContent.startsWith('0: ');
    });
    rows = Math.max(rows, await rowsIn(page));
    nodes = Math.max(nodes, await nodesIn(page));
  }
  return { rows, nodes };
}

// Not as the last: what several say in one moment comes in any order.
export const sees = (page, text) =>
  page.waitForFunction((wanted) => [...document.querySelectorAll('.bubble')].some((bubble) => bubble.textContent === wanted), text);

// What was in sight for half a second, and was remembered a second later.
const reads = (page, seq) =>
  page.waitForFunction(
    ([room, least]) =>
      Object.entries(localStorage).some(([key, marks]) => key.startsWith('hubbub.marks ') && JSON.parse(marks)[room]?.seq >= least),
    [ROOM, seq],
  );

async function toEnd(page) {
  if (await page.isVisible('#pill')) await page.click('#pill');
  await page.waitForSelector('#pill', { state: 'hidden' });
}

async function busy(page, perFrame) {
  const bodies = Array.from({ length: FRAMES * perFrame }, (_, i) => `${perFrame} ${sentence(i)} ${i}`);
  return percentile(await feed(page, { room: ROOM, bodies, perFrame }), 0.95);
}

const scrollBy = ({ devtools }, yDistance) =>
  devtools.send('Input.synthesizeScrollGesture', {
    x: 640, y: 400, yDistance, speed: SCROLL_PX_S, gestureSourceType: 'mouse',
  });

const firstKey = (page) =>
  page.evaluate(() => {
    const { top } = document.getElementById('log').getBoundingClientRect();
    return [...document.querySelectorAll('.message')].find((row) => row.getBoundingClientRect().top > top).dataset.key;
  });

async function scroll(reader) {
  const from = await firstKey(reader.page);
  const lengths = await frames(reader.page, () => scrollBy(reader, SCROLL_PX));
  if ((await firstKey(reader.page)) === from) throw new Error('nothing was scrolled');
  return percentile(lengths, 0.95);
}

// Speed: at the end of a busy room, and while one reads up.
async function speeds(reader) {
  const { page } = reader;
  await toEnd(page);
  const append = await busy(page, 1);
  const burst = await busy(page, 10);
  return { append, burst, scroll: await scroll(reader) };
}

async function throttled({ devtools }, work) {
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  const result = await work();
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  return result;
}

// In a room of which the newest page is loaded and no more.
async function slipOlder(page) {
  await filled(page);
  const known = await rowsIn(page);
  const hasMore = () => page.waitForFunction((n) => document.querySelectorAll('#rows > li').length >= n + 50, known);
  return slip(page, hasMore, 300);
}

// What happens below, and above, somebody who has scrolled up.
async function slips(daemon, reader, speakers) {
  const { page } = reader;
  await toEnd(page);
  const chat = connect({ name: 'editor', server: daemon.url, WebSocket });
  const room = chat.join(ROOM);
  const { id } = await room.send('short');
  await sees(page, await talk(speakers, { rate: 60, ms: 500 }));
  await reads(page, room.place().seq);
  await scrollBy(reader, 300);
  await page.waitForFunction(() => {
    const log = document.getElementById('log');
    return log.scrollHeight - log.clientHeight - log.scrollTop > 100;
  });
  const slipNew = await slip(page, async () => {
    await talk(speakers, { rate: 100, ms: 1_000 });
    await page.waitForFunction(() => document.getElementById('pill-text').textContent === '100 new messages');
  });
  const slipChange = await slip(page, async () => {
    await room.edit(id, 'now it is long '.repeat(100));
    await room.react(id, '👍');
    await page.waitForFunction(() => document.querySelector('.chip'));
  });
  chat.close();
  return { slipNew, slipChange };
}

async function roomTime(page) {
  await page.evaluate((room) => (location.hash = `#/r/${room}`), OTHER_ROOM);
  await page.waitForSelector(`.room-link[aria-current="page"][title="${OTHER_ROOM}"]`);
  return timeToRoom(page, ROOM);
}

// A page whose person has read through the whole room and is at its end again.
export async function wellRead(daemon, name) {
  const reader = await openPage(daemon, { name, script: tap });
  const { page } = reader;
  const slipped = await slipOlder(page);
  const most = await readAll(page);
  await toEnd(page);
  return { ...reader, figures: { slipOlder: slipped, ...most } };
}

export async function run(daemon, round) {
  const fast = await loading(daemon);
  const slow = await loading(daemon, slowLine);
  const speakers = await Promise.all([0, 1, 2].map((i) => speaker(daemon, `speaker ${round}.${i}`)));
  const reader = await wellRead(daemon, `reader ${round}`);
  const { page, devtools, figures } = reader;
  figures.heap = (await heapOf(devtools)) / MIB;
  figures.room = await roomTime(page);
  Object.assign(figures, await slips(daemon, reader, speakers));
  for (const one of speakers) one.close();
  Object.assign(figures, await speeds(reader)); // from here on the room of the page is ahead of the server's
  const { append, burst, scroll: scrolled } = await throttled(reader, () => speeds(reader));
  await heapOf(devtools);
  const { own, pss } = await memoryOf(await browser());
  figures.memory = own / MIB;
  figures.pss = pss / MIB;
  await reader.close();
  return {
    ...figures, ...fast, paintSlow: slow.paint, typingSlow: slow.typing,
    append4: append, burst4: burst, scroll4: scrolled,
  };
}
