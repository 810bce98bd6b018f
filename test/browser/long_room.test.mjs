// Ten thousand messages: all can be read, a few hundred are in the page.
import assert from 'node:assert/strict';
import { seed } from '../support/seed.mjs';
import { eventually, scene, texts } from './harness.mjs';

const TOTAL = 10_000;
const messages = Array.from({ length: TOTAL }, (_, i) => ({
  room: 'lobby',
  username: ['bob', 'cy', 'dan'][Math.floor(i / 2) % 3],
  body: `${i} ${'and so on '.repeat(i % 9)}`,
}));

scene('10,000 messages: never more than 300 rows and 5,000 nodes, and none is left out', { daemon: { state_dir: await seed(messages), message_rate: 0 } }, async ({ person, friend }) => {
  const ana = await person('ana');
  await ana.waitForSelector('.message');
  const found = await ana.evaluate(async (total) => {
    const log = document.getElementById('log');
    const list = document.getElementById('rows');
    const seen = new Set();
    const most = { rows: 0, nodes: 0 };
    const faults = [];
    const look = () => {
      const numbers = [...document.querySelectorAll('.bubble')].map((bubble) => Number.parseInt(bubble.textContent, 10));
      numbers.forEach((number, i) => i && number !== numbers[i - 1] + 1 && faults.push(`${number} after ${numbers[i - 1]}`));
      for (const number of numbers) seen.add(number);
      const walker = document.createTreeWalker(document);
      let nodes = 1;
      while (walker.nextNode()) nodes++;
      most.rows = Math.max(most.rows, list.childElementCount);
      most.nodes = Math.max(most.nodes, nodes);
    };
    // The rows change within a frame; what is looked at is what is painted.
    while (!seen.has(0) && !faults.length) {
      log.scrollTop = 0;
      await new Promise(requestAnimationFrame);
      look();
    }
    return { ...most, faults, missing: total - seen.size };
  }, TOTAL);
  assert.deepEqual({ faults: found.faults, missing: found.missing }, { faults: [], missing: 0 });
  assert.ok(found.rows > 100 && found.rows <= 300, `${found.rows} rows`);
  assert.ok(found.nodes <= 5_000, `${found.nodes} nodes`);

  const bob = await friend('eve');
  await bob.say('and this is new');
  await eventually(() => ana.textContent('#pill-text'), '1 new message');
  assert.equal((await texts(ana))[0].split(' ')[0], '0', 'who reads the first one is left there');
  await ana.click('#pill');
  await eventually(async () => (await texts(ana)).at(-1), 'and this is new');
});
