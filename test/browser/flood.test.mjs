// More messages than a slow page can draw: few are added in a frame, too many are passed over, and none is lost.
import assert from 'node:assert/strict';
import { eventually, eventuallyRead, say, scene, signIn } from './harness.mjs';

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
  await eventuallyRead(ana, 100);
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

// The page draws only when it is told to.
const holdFrames = () => {
  const draw = globalThis.requestAnimationFrame;
  let held = null;
  globalThis.requestAnimationFrame = (f) => (held ? held.push(f) : draw(f));
  globalThis.hold = () => {
    held = [];
    return new Promise((done) => draw(() => draw(done))); // what was asked for before is drawn
  };
  globalThis.oneFrame = () => {
    const all = held.splice(0);
    all.forEach((f) => f(performance.now()));
    return all.length;
  };
  globalThis.release = () => {
    const all = held;
    held = null;
    all.forEach(draw);
  };
};

// Ana's page has numbers 0 to 99, and has heard of as many as came but does not show them.
async function behind({ visitor, friend }, came) {
  const ana = await visitor({ script: holdFrames });
  await signIn(ana, 'ana');
  const bob = await friend('bob');
  const bobElsewhere = bob.chat.join('elsewhere');
  await ana.evaluate(() => (location.hash = '#/r/elsewhere'));
  await eventually(() => ana.title(), '#elsewhere · hubbub');
  await ana.evaluate(() => (location.hash = '#/r/lobby'));
  await eventually(() => ana.title(), '#lobby · hubbub');
  const texts = Array.from({ length: 100 + came }, (_, i) => `${i} said`);
  for (const text of texts.slice(0, 100)) await bob.say(text);
  await eventually(() => lastText(ana), '99 said');
  await eventuallyRead(ana, 100);
  await ana.evaluate(() => globalThis.hold());
  for (const text of texts.slice(100)) await bob.say(text);
  await bobElsewhere.send('you have heard all of it');
  await eventually(() => ana.title(), '(1) #lobby · hubbub');
  return ana;
}

scene('after a pause the first frame has two of the rows that came, and the others follow', quick, async (stage) => {
  const ana = await behind(stage, 20);
  await ana.evaluate(() => globalThis.oneFrame());
  assert.equal(await lastText(ana), '101 said');
  await ana.evaluate(() => globalThis.release());
  await eventually(() => lastText(ana), '119 said');
});

scene('to go from room to room draws at once, and leaves one frame to draw', quick, async (stage) => {
  const ana = await behind(stage, 1);
  for (const room of ['elsewhere', 'lobby']) {
    await ana.evaluate((name) => (location.hash = `#/r/${name}`), room);
    await eventually(() => ana.textContent('#room-name'), room);
  }
  assert.equal(await ana.evaluate(() => globalThis.oneFrame()), 1);
});

scene('who leaves the end before what came was shown has not read it', quick, async (stage) => {
  const ana = await behind(stage, 20);
  await ana.evaluate(() => (document.getElementById('log').scrollTop -= 400));
  await eventually(() => ana.title(), '(21) #lobby · hubbub');
  await ana.evaluate(() => globalThis.release());
  await eventually(() => ana.textContent('#pill-text'), '20 new messages');
  await ana.click('#pill');
  await eventually(() => lastText(ana), '119 said');
  await eventually(() => ana.title(), '(1) #lobby · hubbub');
});

scene('who goes to another room before what came was shown has not read it', quick, async (stage) => {
  const ana = await behind(stage, 5);
  await ana.evaluate(() => (location.hash = '#/r/elsewhere'));
  await eventually(() => ana.title(), '(5) #elsewhere · hubbub');
  await ana.evaluate(() => globalThis.release());
  await ana.evaluate(() => (location.hash = '#/r/lobby'));
  await eventually(() => lastText(ana), '104 said');
  assert.equal(await ana.$eval('#line + .message .bubble', (bubble) => bubble.textContent), '100 said');
  await eventually(() => ana.title(), '#lobby · hubbub');
});

scene('what was not shown is not remembered as read', quick, async (stage) => {
  const ana = await behind(stage, 20);
  const mark = () =>
    ana.evaluate(() => {
      dispatchEvent(new Event('pagehide'));
      return JSON.parse(localStorage.getItem('hubbub.marks ana')).lobby.seq;
    });
  const shown = await mark();
  await ana.evaluate(() => globalThis.release());
  await eventually(() => lastText(ana), '119 said');
  await eventually(mark, shown + 20);
});

scene('on a tall window nothing is drawn while nobody scrolls', quick, async ({ person, peer }) => {
  const ana = await person('ana', { viewport: { width: 1280, height: 2000 } });
  const bob = await peer('bob');
  const total = counter(bob)(600);
  await eventually(() => lastText(ana), `${total - 1} said`);
  await ana.evaluate(async () => {
    const log = document.getElementById('log');
    while (Number.parseInt(document.querySelector('.bubble').textContent, 10) > 300) {
      log.scrollTop -= 500;
      await new Promise(requestAnimationFrame);
    }
  });
  await watchRows(ana);
  for (let drawn = -1; drawn !== (await ana.evaluate(() => globalThis.added.sum)); ) {
    drawn = await ana.evaluate(() => globalThis.added.sum);
    await ana.evaluate(async () => {
      for (let i = 0; i < 20; i++) await new Promise(requestAnimationFrame);
    });
  }
});

scene('what left at the top leaves its room until it is calm, and a finger that scrolls is not held up', quick, async ({ visitor, peer }) => {
  const ana = await visitor();
  await ana.clock.install();
  await signIn(ana, 'ana');
  const bob = await peer('bob');
  const room = () => ana.$eval('#rows', (rows) => Number.parseFloat(rows.style.paddingTop.match(/([\d.]+)px/)?.[1] ?? 0));
  const count = counter(bob);
  // All is read, so that no line comes, and the room is there yet.
  do {
    let total;
    for (let i = 0; i < 20 || !(await room()); i++) {
      total = count(10);
      await eventually(() => lastText(ana), `${total - 1} said`);
    }
    await eventuallyRead(ana, total);
  } while (!(await room()));
  const changes = await ana.evaluate(async () => {
    const log = document.getElementById('log');
    const seen = [];
    new MutationObserver(() => seen.push(log.style.overflow)).observe(log, { attributeFilter: ['style'] });
    log.dispatchEvent(new Event('touchstart'));
    const scrolled = new Promise((resolve) => log.addEventListener('scroll', resolve, { once: true }));
    log.scrollTop -= 100;
    await scrolled;
    for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
    return seen;
  });
  assert.deepEqual(changes, []);
  const fingers = await ana.evaluate(() => setInterval(() => document.getElementById('log').dispatchEvent(new Event('touchend')), 500));
  await ana.clock.runFor(8_000);
  assert.ok(await room());
  await ana.evaluate((id) => clearInterval(id), fingers);
  const before = await ana.$$eval('.bubble', (all) => all.at(-1).getBoundingClientRect().top);
  await ana.clock.runFor(8_000);
  await eventually(room, 0);
  const after = await ana.$$eval('.bubble', (all) => all.at(-1).getBoundingClientRect().top);
  assert.ok(Math.abs(after - before) <= 1, `${before} ${after}`);
});

scene('many who come and go hide nothing of what was said', quick, async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  for (let i = 0; i < 5; i++) bob.say(`${i} said`);
  await eventually(() => lastText(ana), '4 said');
  for (let i = 0; i < 80; i++) {
    const eve = await peer(`eve ${i}`);
    await eventually(async () => (await ana.$$eval('.person-name', (all) => all.at(-1).textContent)), `eve ${i}`);
    eve.leave();
    await eventually(() => ana.$$eval('.person', (all) => all.length), 2);
  }
  assert.deepEqual(await allTexts(ana), ['0 said', '1 said', '2 said', '3 said', '4 said']);
});

scene('the end of another room is not looked for in this one', quick, async (stage) => {
  const ana = await stage.person('ana');
  const go = (room) => ana.evaluate((name) => (location.hash = `#/r/${name}`), room);
  await go('quiet');
  await eventually(() => ana.$$eval('.notice', (all) => all.length), 1); // one's own, as in each room
  const bob = await stage.peer('bob');
  await go('lobby');
  for (let i = 0; i < 200; i++) bob.say(`${i} said`);
  await eventually(() => lastText(ana), '199 said');
  await eventuallyRead(ana, 200);
  await go('quiet');
  await eventually(() => allTexts(ana).then((all) => all.length), 0);
  await ana.evaluate(() => {
    globalThis.least = Infinity;
    const rows = document.getElementById('rows');
    new MutationObserver(() => {
      if (document.getElementById('room-name').textContent === 'lobby') globalThis.least = Math.min(globalThis.least, rows.querySelectorAll('.bubble').length);
    }).observe(rows, { childList: true });
    location.hash = '#/r/lobby';
  });
  await eventually(() => lastText(ana), '199 said');
  assert.ok((await ana.evaluate(() => globalThis.least)) > 0, 'it was never empty');
});
