import assert from 'node:assert/strict';
import {
  eventually,
  eventuallyPeople,
  eventuallyTexts,
  notices,
  people,
  readLog,
  say,
  scene,
  signIn,
} from './harness.mjs';

scene('joining: one request, the name in it, focus in the message box', async ({ visitor }) => {
  const page = await visitor();
  const sockets = [];
  page.on('websocket', (socket) => sockets.push(new URL(socket.url())));
  assert.equal(await page.evaluate(() => document.activeElement.id), 'name');
  await signIn(page, 'Ada Lovelace');
  assert.deepEqual(
    sockets.map((url) => url.pathname + url.search),
    ['/ws'],
  );
  assert.deepEqual(await people(page), ['Ada Lovelace']);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'message');
  assert.equal(await page.title(), '#lobby · hubbub');
});

scene('two people talk: the same log, own right, others left', async ({ person }) => {
  const ana = await person('ana');
  const bob = await person('bob');
  const all = [];
  for (let i = 0; i < 20; i++) {
    await say(ana, `a${i}`);
    all.push(`a${i}`);
    await eventuallyTexts(bob, all);
    await say(bob, `b${i}`);
    all.push(`b${i}`);
    await eventuallyTexts(ana, all);
  }
  await eventuallyTexts(bob, all);

  const [inAna, inBob] = [await readLog(ana), await readLog(bob)];
  assert.deepEqual(
    inAna.map((m) => m.isMine),
    all.map((text) => text[0] === 'a'),
  );
  assert.deepEqual(
    inBob.map((m) => m.isMine),
    all.map((text) => text[0] === 'b'),
  );
  assert.deepEqual(
    inAna.map((m) => [m.initials, m.hue]),
    inBob.map((m) => [m.initials, m.hue]),
  );
  assert.deepEqual([...new Set(inAna.map((m) => m.initials))], ['A', 'B']);
  assert.equal(new Set(inAna.map((m) => m.hue)).size, 2);
  assert.ok(inAna.every((m) => m.state === 'sent'));

  for (const page of [ana, bob]) {
    const sides = await page.evaluate(() => {
      const log = document.getElementById('rows').getBoundingClientRect();
      return [...document.querySelectorAll('.message')].map((row) => {
        const box = row.querySelector('.bubble').getBoundingClientRect();
        return {
          isMine: row.classList.contains('mine'),
          left: box.left - log.left,
          right: log.right - box.right,
        };
      });
    });
    for (const { isMine, left, right } of sides)
      assert.ok(isMine ? right < left : left < right, JSON.stringify({ isMine, left, right }));
    const near = (mine) =>
      new Set(sides.filter((s) => s.isMine === mine).map((s) => Math.round(mine ? s.right : s.left)));
    assert.equal(near(true).size, 1);
    assert.equal(near(false).size, 1);
  }
});

scene('both write at once: one order for all', async ({ person }) => {
  const ana = await person('ana');
  const bob = await person('bob');
  const burst = (page, letter) =>
    page.evaluate((l) => {
      const box = document.getElementById('message');
      for (let i = 0; i < 20; i++) {
        box.value = `${l}${i}`;
        box.form.requestSubmit();
      }
    }, letter);
  await Promise.all([burst(ana, 'a'), burst(bob, 'b')]);
  const bodies = (page) =>
    readLog(page).then((log) => log.filter((m) => m.state === 'sent').map((m) => m.body));
  await eventually(async () => [(await bodies(ana)).length, (await bodies(bob)).length], [40, 40]);
  const order = await bodies(ana);
  assert.deepEqual(await bodies(bob), order);
  for (const letter of 'ab')
    assert.deepEqual(
      order.filter((text) => text[0] === letter),
      Array.from({ length: 20 }, (_, i) => `${letter}${i}`),
    );
});

scene('people are listed in the order they came; coming and going is told', async ({ person }) => {
  const carl = await person('carl');
  const ana = await person('ana');
  const bob = await person('bob');
  for (const page of [carl, ana, bob]) await eventuallyPeople(page, ['carl', 'ana', 'bob']);
  await eventually(() => notices(carl), ['You joined', 'ana, bob joined']);

  await say(bob, 'hello');
  await eventuallyTexts(carl, ['hello']);
  await ana.click('#leave');
  await ana.waitForSelector('#signin', { state: 'visible' });
  for (const page of [carl, bob]) await eventuallyPeople(page, ['carl', 'bob']);
  await eventually(async () => (await notices(carl)).at(-1), 'ana left');

  await say(bob, 'and again');
  await eventuallyTexts(carl, ['hello', 'and again']);
  assert.equal(await ana.inputValue('#name'), 'ana');
  await signIn(ana, 'ana');
  for (const page of [carl, ana, bob]) await eventuallyPeople(page, ['carl', 'bob', 'ana']);
  await eventually(async () => (await notices(carl)).at(-1), 'ana joined');
});

scene('a fold of notices opens and closes', async ({ person, peer }) => {
  const ana = await person('ana');
  for (const name of ['b1', 'b2', 'b3']) await peer(name);
  await eventually(() => notices(ana), ['You joined', 'b1, b2, b3 joined']);
  const fold = ana.locator('.notice > button');
  assert.equal(await fold.getAttribute('aria-expanded'), 'false');
  await fold.click();
  await eventually(
    () => ana.$$eval('.notice li span', (all) => all.map((one) => one.textContent)),
    ['b1 joined', 'b2 joined', 'b3 joined'],
  );
  assert.equal(await fold.getAttribute('aria-expanded'), 'true');
  assert.equal(await ana.evaluate(() => document.activeElement.matches('.notice > button')), true);
  await fold.click();
  await eventually(() => ana.locator('.notice li').count(), 0);
});

scene('the room in the address, by hash or by query; rooms are apart', async ({ visitor, person }) => {
  const ana = await visitor({ path: '#/r/ops' });
  assert.equal(await ana.inputValue('#room'), 'ops');
  await signIn(ana, 'ana');
  assert.equal(await ana.textContent('#room-name'), 'ops');
  const bob = await person('bob', { path: '?room=ops' });
  const eve = await person('eve');
  await eventuallyPeople(ana, ['ana', 'bob']);
  assert.deepEqual(await people(eve), ['eve']);
  await say(bob, 'only for ops');
  await eventuallyTexts(ana, ['only for ops']);

  await eve.evaluate(() => (location.hash = '#/r/ops'));
  await eventually(() => eve.textContent('#room-name'), 'ops');
  await eventuallyPeople(eve, ['ana', 'bob', 'eve']);
  await eventuallyTexts(eve, ['only for ops']);
  await eve.goBack();
  await eventually(() => eve.textContent('#room-name'), 'lobby');
  await eventuallyTexts(eve, []);
  await eventuallyPeople(ana, ['ana', 'bob', 'eve']); // one is in several rooms at once
});

scene('several lines, long words and blank ends', async ({ person }) => {
  const ana = await person('ana');
  const bob = await person('bob');
  await ana.fill('#message', 'first');
  await ana.keyboard.press('Shift+Enter');
  await ana.keyboard.type('second');
  await ana.keyboard.press('Enter');
  await say(ana, '   ', `  ${'w'.repeat(3000)}  `);
  await eventuallyTexts(bob, ['first\nsecond', 'w'.repeat(3000)]);
  for (const page of [ana, bob])
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});
