// More messages than a slow page can draw: few are added in a frame, too many are passed over, and none is lost.
import assert from 'node:assert/strict';
import { eventually, say, scene } from './harness.mjs';

const AT_ONCE = 40; // rows that a frame may add: what fills a screen, its day and what is mine
const quick = { daemon: { message_rate: 0 } };
const allTexts = (page) => page.$$eval('.bubble', (all) => all.map((one) => one.textContent));
const lastText = async (page) => (await allTexts(page)).at(-1);

async function throttle(page, rate) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate });
  return () => devtools.send('Emulation.setCPUThrottlingRate', { rate: 1 });
}

// Counts aloud, so many numbers at once.
function counter(peer) {
  let next = 0;
  return (n) => {
    for (let i = 0; i < n; i++) peer.say(`${next++} said`);
    return next;
  };
}

// How many messages were added, at most in a frame and in all.
const watchRows = (page) =>
  page.evaluate(() => {
    const added = { most: 0, sum: 0 };
    globalThis.added = added;
    new MutationObserver((records) => {
      const nodes = records.flatMap(({ addedNodes }) => [...addedNodes]);
      const { length } = nodes.filter((node) => node.matches('.message'));
      added.most = Math.max(added.most, length);
      added.sum += length;
    }).observe(document.getElementById('rows'), { childList: true });
  });

scene('a flood: few rows a frame, what is mine at once, then the newest; and none is missing or double', quick, async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  await watchRows(ana);
  const release = await throttle(ana, 4);
  const count = counter(bob);
  let total;
  for (let round = 0; round < 5; round++) {
    total = count(300);
    if (round === 2) {
      await say(ana, 'mine');
      await ana.waitForSelector('.mine .bubble');
    }
    await eventually(async () => (await allTexts(ana)).findLast((text) => text !== 'mine'), `${total - 1} said`);
  }
  const { most, sum } = await ana.evaluate(() => globalThis.added);
  assert.ok(most > 0 && most <= AT_ONCE, `${most} rows in a frame`);
  assert.ok(sum < total, `${sum} rows for ${total} messages`);
  assert.equal(await ana.title(), '#lobby · hubbub', 'who is at the end has seen it');
  assert.equal(await ana.isVisible('#pill'), false);
  await release();

  const found = await ana.evaluate(async () => {
    const log = document.getElementById('log');
    const seen = new Set();
    const faults = [];
    let mine = 0;
    while (!seen.has(0) && !faults.length) {
      const texts = [...document.querySelectorAll('.bubble')].map((bubble) => bubble.textContent);
      const numbers = texts.filter((text) => text !== 'mine').map((text) => Number.parseInt(text, 10));
      numbers.forEach((number, i) => i && number !== numbers[i - 1] + 1 && faults.push(`${number} after ${numbers[i - 1]}`));
      for (const number of numbers) seen.add(number);
      mine = Math.max(mine, texts.length - numbers.length);
      log.scrollTop = 0;
      await new Promise(requestAnimationFrame);
    }
    return { faults, seen: seen.size, mine };
  });
  assert.deepEqual(found, { faults: [], seen: total, mine: 1 });
});

scene('a flood below somebody who reads further up moves nothing, and the pill leads to the newest', quick, async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  for (let i = 0; i < 100; i++) bob.say(`before ${i}`);
  await eventually(() => lastText(ana), 'before 99');
  await ana.waitForFunction(() => {
    document.getElementById('log').scrollTop = 0; // each time a page more
    return document.querySelector('.bubble').textContent === 'before 0';
  });
  const firstInSight = () =>
    ana.evaluate(() => {
      const { top } = document.getElementById('log').getBoundingClientRect();
      const bubble = [...document.querySelectorAll('.bubble')].find((one) => one.getBoundingClientRect().top > top);
      return [bubble.textContent, Math.round(bubble.getBoundingClientRect().top)];
    });
  const before = await firstInSight();
  const release = await throttle(ana, 4);
  const total = counter(bob)(600);
  await eventually(() => ana.textContent('#pill-text'), `${total} new messages`);
  assert.deepEqual(await firstInSight(), before);
  await ana.click('#pill');
  await eventually(() => lastText(ana), `${total - 1} said`);
  await eventually(() => ana.title(), '#lobby · hubbub');
  await release();
});
