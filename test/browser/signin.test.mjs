import assert from 'node:assert/strict';
import { eventually, eventuallyPeople, eventuallySent, eventuallyTexts, heldBack, say, scene, signIn } from './harness.mjs';

const errorOf = (page, field) =>
  page.evaluate((id) => {
    const input = document.getElementById(id);
    const described = (input.getAttribute('aria-describedby') ?? '')
      .split(' ')
      .map((one) => document.getElementById(one)?.textContent);
    return {
      text: described.join(' ').trim(),
      isInvalid: input.getAttribute('aria-invalid'),
      hasFocus: document.activeElement === input,
    };
  }, field);

scene('a name in use: told by the field, and the holder notices nothing', async ({ person, visitor }) => {
  const ana = await person('ana');
  const other = await visitor();
  let attempts = 0;
  other.on('websocket', () => attempts++);
  await other.clock.install();
  await other.fill('#name', 'ANA');
  await other.click('#join');
  await other.waitForFunction(() => document.getElementById('name-error').textContent);
  const error = await errorOf(other, 'name');
  assert.match(error.text, /already here/);
  assert.deepEqual([error.isInvalid, error.hasFocus], ['true', true]);
  assert.equal(await other.inputValue('#name'), 'ANA');
  assert.equal(await other.isVisible('#chat'), false);
  await other.clock.runFor(120_000);
  assert.equal(attempts, 1);

  await eventuallyPeople(ana, ['ana']);
  await say(ana, 'still here');
  await eventually(() => ana.$$eval('.message', (rows) => rows.map((row) => row.dataset.state)), ['sent']);
  assert.ok(await ana.locator('#status.sr-only').count());

  await signIn(other, 'bob');
  await eventuallyPeople(ana, ['ana', 'bob']);
});

scene('bad names: a message each, and no connection loop', async ({ visitor }) => {
  const page = await visitor();
  let attempts = 0;
  page.on('websocket', () => attempts++);
  const bad = ['', '    ', 'x'.repeat(200), 'a\u0007b', 'evil\u202eeman', 'a\u200bb', 'a\u2066b'];
  for (const name of bad) {
    await page.fill('#name', name);
    await page.click('#join');
    const error = await errorOf(page, 'name');
    assert.notEqual(error.text, '', JSON.stringify(name));
    assert.deepEqual([error.isInvalid, error.hasFocus], ['true', true], JSON.stringify(name));
    await page.type('#name', 'y');
    assert.equal((await errorOf(page, 'name')).text, '', 'the message goes when the name is changed');
  }
  assert.equal(attempts, 0);
  assert.equal(await page.isVisible('#chat'), false);
});

scene('a name that only the server refuses is told the same way', async ({ visitor }) => {
  const page = await visitor();
  let attempts = 0;
  page.on('websocket', () => attempts++);
  await page.clock.install();
  await page.fill('#name', 'a\u200cb');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.getElementById('name-error').textContent);
  const error = await errorOf(page, 'name');
  assert.deepEqual([error.isInvalid, error.hasFocus], ['true', true]);
  await page.clock.runFor(60_000);
  assert.equal(attempts, 1);
});

scene('a bad room is told by its field', async ({ visitor }) => {
  const page = await visitor();
  await page.fill('#room', 'no blanks');
  await page.fill('#name', 'ana');
  await page.keyboard.press('Enter');
  const error = await errorOf(page, 'room');
  assert.match(error.text, /letters, digits/);
  assert.equal(error.hasFocus, true);
  await page.fill('#room', '#Кухня');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#chat', { state: 'visible' });
  assert.equal(await page.textContent('#room-name'), 'кухня');
  assert.equal(await page.evaluate(() => decodeURIComponent(location.hash)), '#/r/кухня');
});

scene('odd but good names', async ({ person }) => {
  const names = ['<b>bold</b>', '木村 さん', 'مريم', '👩‍👩‍👧 fam', 'a"&\'>', '%41+%20'];
  const pages = [];
  for (const name of names) pages.push(await person(name));
  for (const page of pages) await eventuallyPeople(page, names);
  await say(pages[0], 'hi');
  await eventuallyTexts(pages[2], ['hi']);
  assert.equal(await pages[2].textContent('.author'), '<b>bold</b>');
});

scene(
  'no server: told, and nothing is tried until asked',
  { isServerGoing: true },
  async ({ visitor, daemon }) => {
    const page = await visitor();
    await daemon.stop();
    let attempts = 0;
    page.on('websocket', () => attempts++);
    await page.fill('#name', 'ana');
    await page.keyboard.press('Enter');
    await eventually(
      () => page.textContent('#signin-error'),
      'The server cannot be reached. Please try again.',
    );
    assert.ok(attempts <= 1, `${attempts} attempts`);
    assert.equal(await page.inputValue('#name'), 'ana');
  },
);

scene(
  'the name is remembered, also after a reload; and a reload keeps the seat',
  async ({ visitor, person }) => {
    const page = await visitor();
    await signIn(page, 'ana');
    const bob = await person('bob');
    await page.fill('#message', 'half a sent');
    await page.reload();
    await page.waitForSelector('#chat', { state: 'visible' });
    await eventuallyPeople(bob, ['bob', 'ana']);
    assert.equal(await page.inputValue('#message'), 'half a sent');
    await page.click('#leave');
    assert.equal(await page.inputValue('#name'), 'ana');
    await page.reload();
    assert.equal(await page.inputValue('#name'), 'ana');
    assert.equal(await page.isVisible('#chat'), false);
  },
);

scene('a browser that refuses to remember anything will do', async ({ visitor, person }) => {
  const page = await visitor({
    script: () => {
      for (const name of ['localStorage', 'sessionStorage'])
        Object.defineProperty(window, name, {
          get() {
            throw new DOMException('denied', 'SecurityError');
          },
        });
    },
  });
  const bob = await person('bob');
  await signIn(page, 'ana');
  await say(page, 'hello');
  await eventuallyTexts(bob, ['hello']);
  await page.click('#rooms .theme');
  assert.equal(await page.getAttribute('html', 'data-theme'), 'light');
});

scene('a name that is written before the page is complete stays', async ({ visitor, daemon }) => {
  const page = await visitor({ url: 'about:', path: 'blank' });
  const { release } = await heldBack(page, '**/js/main.js');
  await page.goto(daemon.url, { waitUntil: 'commit' });
  await page.fill('#name', 'ana');
  await page.press('#name', 'Enter'); // too early, but harmless
  release();
  await page.waitForFunction(() => document.querySelector('#name-avatar').textContent === 'A');
  assert.equal(await page.inputValue('#name'), 'ana');
  assert.equal(new URL(page.url()).search, '');
  await page.press('#name', 'Enter');
  await page.waitForSelector('#chat', { state: 'visible' });
});

scene('an address of no room leads back to where one was', async ({ person }) => {
  const ana = await person('ana');
  await ana.evaluate(() => (location.hash = '#/r/tea'));
  await eventually(() => ana.title(), '#tea · hubbub');
  await say(ana, 'here');
  await eventuallySent(ana, ['here']);
  await ana.evaluate(() => {
    location.hash = '#/r/bad%20room';
    location.reload();
  });
  await ana.waitForLoadState();
  await eventually(() => ana.title(), '#tea · hubbub');
  await eventually(() => ana.$$eval('.bubble', (all) => all.map((one) => one.textContent)), ['here']);
  assert.equal(await ana.evaluate(() => location.hash), '#/r/tea');
});

scene('going back after joining leaves; it does not join the first room', async ({ visitor }) => {
  const page = await visitor();
  await page.fill('#room', 'tea');
  await signIn(page, 'ana');
  await eventually(() => page.title(), '#tea · hubbub');
  await page.goBack();
  assert.equal(page.url(), 'about:blank');
});

// Some browsers remember which modules have failed for as long as the page is there: Debian 12 began with such a Chromium.
for (const module of ['store', 'views/log', 'views/frame', 'room'])
  scene(`what could not be loaded the first time does not shut anybody out: ${module}`, { isServerGoing: true }, async ({ visitor }) => {
    const page = await visitor();
    const isItself = `**/js/${module}.js*`;
    await page.route(isItself, (route) => route.abort('connectionrefused'));
    await page.fill('#name', 'ana');
    await page.waitForFunction(() => document.querySelector('link[href="js/room.js"]'));
    await page.keyboard.press('Enter');
    await page.waitForSelector('#signin-error:not(:empty)');
    await page.unroute(isItself);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#chat', { state: 'visible' });
    await eventually(() => page.title(), '#lobby · hubbub');
  });
