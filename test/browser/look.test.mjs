import assert from 'node:assert/strict';
import http from 'node:http';
import {
  assertAccessible,
  eventually,
  eventuallyRead,
  eventuallyTexts,
  link,
  noLimits,
  say,
  scene,
  setHidden,
  signIn,
  stillness,
} from './harness.mjs';

const policy =
  "default-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
  "object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

// A room in which everything that a log can hold is to be seen.
async function busyRoom({ person, peer, friend }, context) {
  const ana = await person('Ada Lovelace', { script: noLimits, ...context });
  const bob = await friend('bob');
  const [chloe, maryam, emile] = [await friend('Chloé'), await peer('مريم'), await peer('Émile Zola')];
  const { id } = await bob.say('Morning! See https://example.org/start (two commands).');
  await bob.say('and more');
  maryam.say('مرحبا بالجميع');
  await eventually(async () => (await ana.$$('.message')).length, 3);
  await say(ana, 'Fine, see http://localhost:8080/', 'x'.repeat(120));
  await eventually(async () => (await ana.$$('.message')).length, 5);
  emile.leave();
  await eventually(async () => (await ana.$$('.person')).length, 4);
  await chloe.say('An answer, for Ada Lovelace too', id);
  await bob.room.edit(id, 'Morning! See https://example.org/start (two commands, and a cup of tea).');
  await bob.room.react(id, '👍');
  await chloe.room.react(id, '👍');
  const oops = await chloe.say('oops');
  await chloe.room.delete(oops.id);
  await ana.waitForSelector('.deleted');
  await eventuallyRead(ana, oops.seq);
  await setHidden(ana, true);
  await bob.say('new to you');
  await eventually(() => ana.title(), '(1) #lobby · hubbub');
  await setHidden(ana, false);
  await ana.waitForSelector('.line');
  await say(ana, 'w'.repeat(20_000));
  await ana.waitForSelector('[data-state="failed"]');
  return ana;
}

// Each thing that opens over the page: how it is opened, and what shows that it is open.
const dialogs = {
  'room switcher': (page) => page.keyboard.press('Control+k'),
  search: (page) => page.click('#search-open'),
  settings: (page) => page.click('#settings-open'),
  'room options': (page) => page.click('#room-options'),
  shortcuts: (page) => page.keyboard.press('Control+/'),
  'message menu': (page) => page.locator('.message.theirs article').first().press('Enter'),
  reactions: (page) => page.locator('.message.theirs article').first().press('+'),
  'delete?': (page) => page.locator('.message.mine[data-state="sent"] article').first().press('Delete'),
};

const farewells = {
  removed: [4403, { reason: 'Removed from #lobby by bob: enough', retry_after: 1 }],
  'removed for an hour': [4403, { reason: 'Removed from #lobby by bob', retry_after: 3_600_000 }],
  banned: [4403, { reason: 'Banned by bob: enough' }],
  'a sign-in that is over': [4401, { reason: 'Your sign-in is over.' }],
};

for (const colorScheme of ['light', 'dark']) {
  scene(`axe-core finds nothing: sign-in, ${colorScheme}`, async ({ visitor }) => {
    const page = await visitor({ colorScheme });
    await assertAccessible(page, 'sign-in');
    await page.keyboard.press('Enter');
    await eventually(() => page.textContent('#name-error'), 'Please choose a name.');
    await assertAccessible(page, 'sign-in with an error');
  });

  scene(`axe-core finds nothing: the room, ${colorScheme}`, async (stage) => {
    const empty = await stage.person('first', { colorScheme });
    await assertAccessible(empty, 'empty room');
    await empty.click('#leave');
    const ana = await busyRoom(stage, { colorScheme });
    await assertAccessible(ana, 'busy room');
    await ana.click('.notice > button');
    await assertAccessible(ana, 'open fold');
    for (const [what, open] of Object.entries(dialogs)) {
      await open(ana);
      await ana.waitForSelector('dialog[open]');
      await assertAccessible(ana, what);
      await ana.keyboard.press('Escape');
      await ana.waitForSelector('dialog', { state: 'detached' });
    }
    await ana.fill('#message', '@b');
    await ana.waitForSelector('#suggestions li');
    await assertAccessible(ana, 'names after an @');
  });

  scene(`axe-core finds nothing: phone and drawer, ${colorScheme}`, async (stage) => {
    const ana = await busyRoom(stage, { colorScheme, ...phone });
    await assertAccessible(ana, 'busy room on a phone');
    await ana.tap('#people-open');
    await ana.waitForSelector('#people', { state: 'visible' });
    await assertAccessible(ana, 'drawer');
    await ana.tap('#people .drawer-close');
    await ana.tap('#rooms-open');
    await ana.waitForSelector('#rooms', { state: 'visible' });
    await assertAccessible(ana, 'rooms drawer');
    await ana.tap('#rooms .drawer-close');
    await ana.locator('.message.theirs .bubble').last().tap();
    await ana.waitForSelector('dialog[open]');
    await assertAccessible(ana, 'message menu on a phone');
  });

  scene(
    `axe-core finds nothing: without a server, ${colorScheme}`,
    { isServerGoing: true },
    async (stage) => {
      const ana = await busyRoom(stage, { colorScheme });
      await stage.daemon.stop();
      await ana.waitForSelector('#status:not(.sr-only)');
      await say(ana, 'waiting');
      await ana.waitForSelector('[data-state="queued"]');
      await assertAccessible(ana, 'reconnecting');
    },
  );

  for (const [what, [code, farewell]] of Object.entries(farewells)) {
    scene(`axe-core finds nothing, and nothing sticks out: ${what}, ${colorScheme}`, { isServerGoing: true }, async (stage) => {
      for (const [i, size] of [{}, phone, { viewport: { width: 320, height: 480 } }].entries()) {
        const line = await link(stage);
        const ana = await stage.person(`ana ${i}`, { colorScheme, url: line.url, ...size });
        await say(ana, 'mine', 'x'.repeat(120));
        await eventually(async () => (await ana.$$('.mine[data-state="sent"]')).length, 2);
        line.dismiss(code, farewell);
        await ana.waitForSelector('.seat');
        await assertAccessible(ana, what);
        assert.deepEqual(await sticksOut(ana), []);
        await ana.context().close();
      }
    });
  }
}

scene('the drawer opens, takes the focus on, and closes', async ({ person, peer }) => {
  const ana = await person('ana', phone);
  await peer('bob');
  await eventually(() => ana.textContent('#people-open .people-count'), '2');
  assert.equal(await ana.isVisible('#people'), false);
  await ana.tap('#people-open');
  await ana.waitForSelector('#people', { state: 'visible' });
  await ana.keyboard.press('Escape');
  await ana.waitForSelector('#people', { state: 'hidden' });
  await ana.tap('#people-open');
  await ana.tap('#people .drawer-close');
  await ana.waitForSelector('#people', { state: 'hidden' });
  assert.equal(await ana.evaluate(() => document.activeElement.id), 'people-open');
});

scene('keys lead to nothing that is behind a drawer', async ({ person }) => {
  const ana = await person('ana', phone);
  const open = async () => {
    await ana.tap('#rooms-open');
    await ana.waitForSelector('#rooms', { state: 'visible' });
  };
  const focus = () => ana.evaluate(() => document.activeElement.id || document.activeElement.className);
  await open();
  await ana.keyboard.press('F6');
  assert.equal(await focus(), 'room-link');
  assert.equal(await ana.isVisible('#rooms'), true);
  await ana.keyboard.press('F6');
  assert.equal(await focus(), 'log');
  await ana.waitForSelector('#rooms', { state: 'hidden' });
  await open();
  await ana.keyboard.press('x');
  await ana.waitForSelector('#rooms', { state: 'hidden' });
  assert.deepEqual([await focus(), await ana.inputValue('#message')], ['message', 'x']);
  await open();
  for (let i = 0; i < 8 && (await ana.isVisible('#rooms')); i++) await ana.keyboard.press('Tab');
  assert.deepEqual([await ana.isVisible('#rooms'), await focus()], [false, 'search-open']);
});

scene('on a phone that lies on its side, with a long draft, the panel of a lost seat is seen whole', { isServerGoing: true }, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { ...phone, viewport: { width: 844, height: 390 }, url: line.url });
  await ana.fill('#message', 'a long draft\n'.repeat(20));
  line.dismiss(...farewells['a sign-in that is over']);
  await ana.waitForSelector('.seat');
  await stillness(ana);
  const cut = await ana.$eval('.seat', (seat) => seat.scrollHeight - seat.clientHeight);
  assert.ok(cut <= 0, `${cut} px are out of sight`);
});

scene('an error is told once, by the only alert of the page; of a name, its direction is its own', { isServerGoing: true }, async (stage) => {
  const line = await link(stage);
  const ana = await stage.visitor({ url: line.url });
  const alerts = () => ana.$$eval('[role="alert"]', (all) => all.map((one) => one.textContent));
  const names = (where) => ana.$$eval(`${where} bdi`, (all) => all.map((one) => one.textContent));
  await ana.fill('#room', 'مقهى');
  assert.deepEqual(await names('#join'), ['#مقهى']);
  await ana.click('#join');
  await eventually(alerts, ['Please choose a name.']);
  await ana.fill('#room', 'tea');
  await signIn(ana, 'ana');
  assert.deepEqual([await alerts(), await names('#empty-title')], [[''], ['#tea']]);
  const bob = await stage.friend('بوب', { room: 'tea' });
  await bob.say('hello');
  await ana.press('article', 'r');
  await ana.waitForSelector('#context:not([hidden])');
  assert.deepEqual(await names('#context-what'), ['بوب']);
  await ana.fill('#message', 'y'.repeat(70_000));
  await ana.press('#message', 'Enter');
  assert.deepEqual(await alerts(), ['This message is too long.']);
  await ana.fill('#message', 'y');
  assert.deepEqual(await alerts(), ['']);
  line.dismiss(...farewells['a sign-in that is over']);
  await eventually(alerts, ['Your sign-in is over.']);
});

const sticksOut = (one) =>
  one.evaluate(() => {
    const found = [];
    if (document.documentElement.scrollHeight > innerHeight && document.getElementById('signin').hidden)
      found.push(`page is ${document.documentElement.scrollHeight} high`);
    if (document.documentElement.scrollWidth > innerWidth)
      found.push(`page ${document.documentElement.scrollWidth}`);
    for (const element of document.querySelectorAll('main *, aside *, nav *')) {
      const box = element.getBoundingClientRect();
      const isSeen = element.checkVisibility() && !element.closest('.sr-only, .faces') && box.width > 1;
      if (isSeen && (box.right > innerWidth + 1 || box.left < -1))
        found.push(`${element.localName}.${element.className} ${box.left} ${box.right}`);
    }
    return found;
  });

for (const width of [1280, 820, 390, 320]) {
  scene(`reflow: nothing sticks out at ${width} px`, async (stage) => {
    const page = await stage.visitor({ viewport: { width, height: 640 } });
    assert.deepEqual(await sticksOut(page), []);
    const ana = await busyRoom(stage, { viewport: { width, height: 640 } });
    assert.deepEqual(await sticksOut(ana), []);
    await ana.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
    if (width > 640) assert.deepEqual(await sticksOut(ana), [], 'text at 200 %');
    const [send, log] = await Promise.all(['.send', '#log'].map((one) => ana.locator(one).boundingBox()));
    assert.ok(send.y + send.height <= 640 && log.height > 60, JSON.stringify({ send, log }));
  });
}

// As the browser's own setting does it: what is in rem follows, and so do the media queries.
async function enlarged({ visitor, daemon }, name, context) {
  const page = await visitor({ ...context, url: 'about:', path: 'blank' });
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setFontSizes', { fontSizes: { standard: 32 } });
  await page.goto(daemon.url);
  await signIn(page, name);
  return page;
}

for (const width of [390, 320]) {
  scene(`reflow: text at 200 % by the browser's setting, ${width} px`, async (stage) => {
    const ana = await enlarged(stage, 'Ada Lovelace', { script: noLimits, viewport: { width, height: 740 } });
    const bob = await stage.friend('bob');
    const { id } = await bob.say('Morning! See https://example.org/start (two commands).');
    await bob.room.react(id, '👍');
    await bob.say('An answer, for Ada Lovelace too', id);
    await say(ana, 'Fine, see http://localhost:8080/', 'w'.repeat(20_000));
    await ana.waitForSelector('[data-state="failed"]');
    assert.equal(await ana.evaluate(() => getComputedStyle(document.documentElement).fontSize), '32px');
    const space = (selector) =>
      ana.$eval(selector, (one) => {
        const [{ width: wide, height }, size] = [one.getBoundingClientRect(), parseFloat(getComputedStyle(one).fontSize)];
        return { isWhole: one.scrollWidth <= one.clientWidth, ems: wide / size, isOneLine: height < 2 * size };
      });
    assert.deepEqual(await sticksOut(ana), []);
    const name = await space('.room-head h1');
    assert.ok(name.isOneLine && (width < 390 ? name.ems > 2.5 : name.isWhole), JSON.stringify(name));
    for (const [side, opener] of [
      ['rooms', '#rooms-open'],
      ['people', '#people-open'],
    ]) {
      await ana.click(opener);
      await ana.waitForSelector(`#${side}`, { state: 'visible' });
      await stillness(ana);
      assert.deepEqual(await sticksOut(ana), [], side);
      const head = await space(`#${side} h2`);
      assert.ok(head.isOneLine, JSON.stringify(head));
      if (side === 'rooms') assert.ok((await space('#my-name')).ems > 4);
      await ana.click(`#${side} .drawer-close`);
      await ana.waitForSelector(`#${side}`, { state: 'hidden' });
    }
  });
}

// What the tools are over, with the mouse on the first line of the bubble or, so many px, before or behind it.
async function toolsAt(page, article, place) {
  await page.mouse.move(2, 2);
  await eventually(() => page.locator('.tools').count(), 0);
  const { x, y, width } = await article.locator('.bubble').boundingBox();
  const row = await page.locator('#rows').boundingBox();
  const mouse = { x: Math.min(x + (place.from ?? width + place.to), row.x + row.width - 1), y: y + 20 };
  await page.mouse.move(mouse.x, mouse.y);
  await article.locator('.tools').waitFor();
  return article.evaluate((one, { x, y }) => {
    const box = (selector, inset = 0) => {
      const { left, right, top, bottom } = one.closest('.message').querySelector(selector)?.getBoundingClientRect() ?? {};
      return { left, right, top: top + inset, bottom: bottom - inset };
    };
    const tools = box('.tools');
    const meets = (other) =>
      tools.left < other.right && tools.right > other.left && tools.top < other.bottom && tools.bottom > other.top;
    const padding = parseFloat(getComputedStyle(one.querySelector('.bubble')).paddingTop);
    const log = document.getElementById('log').getBoundingClientRect();
    return {
      text: meets(box('.bubble', padding)),
      face: meets(box('.avatar')),
      mouse: meets({ left: x, right: x, top: y, bottom: y }),
      cut: tools.left < log.left || tools.right > log.right || tools.top < log.top || tools.bottom > log.bottom,
    };
  }, mouse);
}

for (const width of [1280, 820, 390]) {
  scene(`the tools of a message: not on its text, a face, or under the mouse, at ${width} px`, async ({ person, friend }) => {
    const ana = await person('ana', { viewport: { width, height: 800 } });
    const bob = await friend('bob');
    const long = 'Something that takes more than one line, '.repeat(4);
    for (const text of ['ok', long]) await bob.say(text);
    await say(ana, 'yes', long);
    await eventually(async () => (await ana.$$('.message[data-state="sent"]')).length, 4);
    const height = () => ana.$eval('#log', (log) => log.scrollHeight);
    const before = await height();
    for (const article of await ana.locator('.message article').all())
      for (const place of [{ from: -20 }, { from: 5 }, { from: 25 }, { to: -5 }, { to: 20 }])
        assert.deepEqual(
          await toolsAt(ana, article, place),
          { text: false, face: false, mouse: false, cut: false },
          `${await article.textContent()} ${JSON.stringify(place)}`,
        );
    assert.equal(await height(), before);
  });
}

scene('the switcher stays where it is, with rows as high as their text, and no more space than they need', async ({ person }) => {
  const ana = await person('ana');
  await ana.keyboard.press('Control+k');
  await ana.waitForSelector('.switcher li');
  await stillness(ana);
  const seen = () =>
    ana.evaluate(() => {
      const dialog = document.querySelector('.switcher').getBoundingClientRect();
      const rows = [...document.querySelectorAll('.switcher li')].map((one) => one.getBoundingClientRect());
      return { top: dialog.top, heights: rows.map((row) => row.height), below: dialog.bottom - rows.at(-1).bottom };
    });
  const one = await seen();
  await ana.keyboard.type('lob');
  await eventually(() => ana.locator('.switcher li').count(), 2);
  const two = await seen();
  assert.deepEqual([one.heights, two.heights], [[44], [44, 44]]);
  assert.deepEqual([two.top, two.below], [one.top, one.below]);
  assert.ok(one.top <= 96 && one.below <= 32, JSON.stringify(one));
});

scene('targets: 24 px for a mouse, 44 px for a finger', async (stage) => {
  for (const [context, least] of [
    [{}, 24],
    [phone, 44],
  ]) {
    const ana = await stage.person(`ana${least}`, context);
    const small = await ana.$$eval(
      'button, a, textarea',
      (all, px) =>
        all
          .filter((one) => one.checkVisibility())
          .map((one) => [one.id || one.className, one.getBoundingClientRect()])
          .filter(([, box]) => box.width < px || box.height < px)
          .map(([name]) => name),
      least,
    );
    assert.deepEqual(small, []);
  }
});

scene('pinch zoom enlarges the page, and does not shrink what is on it', async ({ person }) => {
  const ana = await person('ana', phone);
  const session = await ana.context().newCDPSession(ana);
  await session.send('Emulation.setPageScaleFactor', { pageScaleFactor: 2 });
  await ana.waitForFunction(() => visualViewport.scale === 2);
  await stillness(ana);
  assert.equal(await ana.evaluate(() => document.getElementById('chat').offsetHeight), 844);
});

scene('less motion means none', async (stage) => {
  const ana = await busyRoom(stage, { reducedMotion: 'reduce' });
  assert.equal(await ana.evaluate(() => document.getAnimations().length), 0);
});

scene('forced colours keep the focus and the bubbles visible', async (stage) => {
  const ana = await busyRoom(stage, { forcedColors: 'active' });
  await ana.focus('#search-open');
  await ana.keyboard.press('Tab');
  const seen = await ana.evaluate(() => ({
    outline: getComputedStyle(document.activeElement).outlineStyle,
    border: getComputedStyle(document.querySelector('.bubble')).borderStyle,
    mention: getComputedStyle(document.querySelector('.for-me .bubble')).borderLeftWidth,
  }));
  assert.deepEqual(seen, { outline: 'solid', border: 'solid', mention: '5px' });
});

scene(
  "the theme: the system's, until one is chosen; then that, from the first paint",
  async ({ visitor }) => {
    const page = await visitor({ colorScheme: 'dark' });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await background();
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await background();
    assert.notEqual(dark, light);
    await page.emulateMedia({ colorScheme: 'dark' });
    const button = page.locator('#signin .theme');
    assert.equal(await button.getAttribute('aria-label'), 'Theme: as the system');
    await button.click();
    assert.equal(await button.getAttribute('aria-label'), 'Theme: light');
    assert.equal(await background(), light);
    await page.route('**/main.js', (route) => route.abort()); // the modules are not needed for it
    const complained = page.waitForEvent('requestfailed');
    await page.evaluate(() => dispatchEvent(new Event('beforereload')));
    page.removeAllListeners('console');
    await page.reload();
    await complained;
    assert.equal(await background(), light);
  },
);

scene('everything comes from here, under the strict policy, and the first page is light', async ({ visitor, daemon }) => {
  const responses = [];
  const page = await visitor({ url: 'about:', path: 'blank' });
  page.on('response', (response) => responses.push(response));
  const answer = await page.goto(daemon.url, { waitUntil: 'networkidle' });
  assert.equal(answer.headers()['content-security-policy'], policy);
  assert.deepEqual(
    responses.filter((one) => new URL(one.url()).origin !== new URL(daemon.url).origin),
    [],
  );
  assert.ok(responses.every((one) => one.ok()));
  const bodies = await Promise.all(responses.map((one) => one.body()));
  const sizes = bodies.map((body) => body.length);
  const packed = await Promise.all(responses.map((one) => one.request().sizes()));
  const onWire = packed.reduce((sum, size) => sum + size.responseBodySize, 0);
  assert.ok(onWire <= 45_000, `${onWire} bytes on the wire`);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(total <= 150_000, `${total} bytes`);
  assert.ok(responses.length <= 22, `${responses.length} requests`);
  const modules = await page.evaluate(() => ({
    preloaded: [...document.querySelectorAll('link[rel=modulepreload], script[type=module]')]
      .map((one) => one.href || one.src)
      .sort(),
    loaded: performance
      .getEntriesByType('resource')
      .map((one) => one.name)
      .filter((name) => /js\/(?!theme\.js$).*\.js$/.test(name))
      .sort(),
  }));
  assert.deepEqual(modules.preloaded, modules.loaded);
  assert.doesNotMatch(await answer.text(), /<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=/);
});

scene('a page that is not there looks like ours', async ({ visitor, daemon, complaints }) => {
  const page = await visitor();
  const answer = await page.goto(new URL('no/such/page', daemon.url).href);
  assert.equal(answer.status(), 404);
  assert.equal(await page.textContent('h1'), 'Nothing here');
  assert.notEqual(
    await page.evaluate(() => getComputedStyle(document.querySelector('.card')).borderRadius),
    '0px',
  );
  await assertAccessible(page, '404');
  const expected = /^error: Failed to load resource: the server responded with a status of 404/;
  assert.deepEqual(
    complaints.splice(0).filter((text) => !expected.test(text)),
    [],
  );
  await page.click('a');
  await page.waitForSelector('#name');
});

scene('by host name, on plain http, everything works', async ({ person, daemon }) => {
  const ana = await person('ana', { url: `http://chat.localhost:${daemon.port}/` });
  const bob = await person('bob');
  await say(ana, 'hello');
  await eventuallyTexts(bob, ['hello']);
});

// A reverse proxy that serves the daemon under /talk/ and nothing elsewhere.
async function underPath(daemon, later) {
  const forward = ({ url, method, headers }) =>
    http.request({ host: '127.0.0.1', port: daemon.port, path: url.slice('/talk'.length), method, headers }).on('error', () => {});
  const proxy = http.createServer((request, response) => {
    if (!request.url.startsWith('/talk/')) {
      response.writeHead(404).end();
      return;
    }
    const onward = forward(request).on('response', (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  proxy.on('upgrade', (request, near) => {
    const onward = forward(request).on('upgrade', (answer, far, head) => {
      const lines = answer.rawHeaders.flatMap((name, i, all) => (i % 2 ? [] : [`${name}: ${all[i + 1]}`]));
      near.write(['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n'));
      near.write(head);
      for (const end of [near, far]) end.on('error', () => {});
      near.pipe(far).pipe(near);
    });
    onward.end();
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  later(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `http://127.0.0.1:${proxy.address().port}/talk/`;
}

scene('behind a reverse proxy, under a path', async ({ person, daemon, later }) => {
  const url = await underPath(daemon, later);
  const ana = await person('ana', { url });
  const bob = await person('bob');
  await say(ana, 'hello');
  await eventuallyTexts(bob, ['hello']);
  assert.equal(await ana.evaluate(async () => (await fetch('healthz')).ok), true);
});
