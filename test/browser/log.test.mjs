import assert from 'node:assert/strict';
import { eventually, eventuallyRead, eventuallySent, eventuallyTexts, link, readLog, say, scene, scrollUp, setHidden, signIn, texts } from './harness.mjs';

const quick = { daemon: { message_rate: 0 } };
const numbered = (letter, n) => Array.from({ length: n }, (_, i) => `${letter}${i}`);
const lastText = (page) => page.evaluate(() => [...document.querySelectorAll('.bubble')].at(-1)?.textContent);
const isAtEnd = (page) =>
  page.evaluate(() => {
    const log = document.getElementById('log');
    return log.scrollHeight - log.clientHeight - log.scrollTop <= 1;
  });
const pill = (page, id = 'pill') => page.$eval(`#${id}`, (button) => (button.hidden ? '' : button.textContent.trim()));
// Where the first row in sight is, by its text.
const firstInSight = (page) =>
  page.evaluate(() => {
    const top = document.getElementById('log').getBoundingClientRect().top;
    const row = [...document.querySelectorAll('.message')].find(
      (one) => one.getBoundingClientRect().top > top,
    );
    return { text: row.querySelector('.bubble').textContent, top: row.getBoundingClientRect().top };
  });

scene('at the end the log stays at the end', quick, async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  for (const text of numbered('m', 100)) bob.say(text);
  await eventually(() => lastText(ana), 'm99');
  assert.equal(await isAtEnd(ana), true);
  await ana.setViewportSize({ width: 700, height: 500 });
  await eventually(() => isAtEnd(ana), true);
  assert.equal(await pill(ana), '');
});

scene('further up nothing moves, and the pill tells what is new', quick, async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  for (const text of numbered('m', 100)) bob.say(text);
  await eventually(() => lastText(ana), 'm99');
  await eventuallyRead(ana, 100);
  await scrollUp(ana, 2);
  assert.equal(await pill(ana), 'Latest');
  const before = await firstInSight(ana);
  for (const text of numbered('n', 100)) bob.say(text);
  await eventually(() => pill(ana), '100 new messages');
  const after = await firstInSight(ana);
  assert.equal(after.text, before.text);
  assert.ok(Math.abs(after.top - before.top) <= 1, `${before.top} ${after.top}`);
  assert.equal(await ana.title(), '(100) #lobby · hubbub');
  await ana.click('#pill');
  await eventually(() => isAtEnd(ana), true);
  await eventually(() => ana.title(), '#lobby · hubbub');
  assert.equal(await pill(ana), '');
});

scene('our own message goes to the end, wherever we were', quick, async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  for (const text of numbered('m', 100)) bob.say(text);
  await eventually(() => lastText(ana), 'm99');
  await scrollUp(ana, 2);
  await say(ana, 'mine');
  await eventually(() => lastText(ana), 'mine');
  await eventually(() => isAtEnd(ana), true);
});

scene('thousands of messages: a few hundred rows, and all are there when one reads up', quick, async ({ person, friend }) => {
  const bob = await friend('bob');
  const all = numbered('m', 1000);
  for (let i = 0; i < all.length; i += 40) await Promise.all(all.slice(i, i + 40).map((text) => bob.say(text)));
  const ana = await person('ana');
  await eventually(() => lastText(ana), 'm999');
  const asked = await watchRequests(ana);
  const seen = new Set(await texts(ana));
  let most = 0;
  await ana.mouse.move(600, 400);
  for (let i = 0; i < 400 && !seen.has('m0'); i++) {
    await ana.mouse.wheel(0, -2000);
    await ana.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const now = await texts(ana);
    for (const text of now) seen.add(text);
    most = Math.max(most, await ana.locator('#rows > li').count());
    const numbers = now.map((text) => Number(text.slice(1)));
    for (let k = 1; k < numbers.length; k++) assert.equal(numbers[k], numbers[k - 1] + 1, 'no gap, no double');
  }
  assert.equal(seen.size, 1000);
  assert.ok(most <= 300, `${most} rows`);
  assert.equal(await asked(), 1, 'one page is asked for at a time');
  await ana.click('#pill');
  await eventually(() => lastText(ana), 'm999');
  await eventually(() => isAtEnd(ana), true);
});

// How many pages of history were asked for at the same time, at most.
async function watchRequests(page) {
  await page.evaluate(() => {
    globalThis.open = 0;
    globalThis.most = 0;
    const { send } = WebSocket.prototype;
    const watched = new WeakSet();
    WebSocket.prototype.send = function (text) {
      if (!watched.has(this)) {
        watched.add(this);
        this.addEventListener('message', ({ data }) => (globalThis.open -= JSON.parse(data).type === 'history'));
      }
      if (JSON.parse(text).type === 'history') globalThis.most = Math.max(globalThis.most, ++globalThis.open);
      return send.call(this, text);
    };
  });
  return () => page.evaluate(() => globalThis.most);
}

scene('unread: counted in the title, with a line where one left off', async ({ person }) => {
  const ana = await person('ana');
  const bob = await person('bob');
  const line = () =>
    ana.evaluate(() => {
      const row = document.querySelector('.line');
      return (
        row && [
          row.previousElementSibling.querySelector('.bubble').textContent,
          row.nextElementSibling.querySelector('.bubble').textContent,
        ]
      );
    });
  await say(bob, 'seen');
  await eventuallyTexts(ana, ['seen']);
  await eventuallyRead(ana, 1);
  await setHidden(ana, true);
  await say(bob, 'one', 'two');
  await eventually(() => ana.title(), '(2) #lobby · hubbub');
  await setHidden(ana, false);
  await eventually(() => ana.title(), '#lobby · hubbub');
  await eventually(line, ['seen', 'one']);
  await say(bob, 'three');
  await eventuallyTexts(ana, ['seen', 'one', 'two', 'three']);
  assert.deepEqual(await line(), ['seen', 'one'], 'the line stays while one reads');
  await eventuallyRead(ana, 4);
  await setHidden(ana, true);
  await say(bob, 'four');
  await eventually(() => ana.title(), '(1) #lobby · hubbub');
  await setHidden(ana, false);
  await eventually(line, ['three', 'four']);
  await ana.keyboard.press('Escape');
  await eventually(line, null);

  await setHidden(ana, true);
  await say(bob, 'five');
  await eventually(() => ana.title(), '(1) #lobby · hubbub');
  await setHidden(ana, false);
  await eventually(line, ['four', 'five']);
  await say(ana, 'mine');
  await eventually(line, null);
});

scene('the way up to the line tells what was unread there, and not what one has watched since', quick, async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  bob.say('seen');
  await eventuallyTexts(ana, ['seen']);
  await eventuallyRead(ana, 1);
  await setHidden(ana, true);
  for (const text of numbered('m', 40)) bob.say(text);
  await eventually(() => ana.title(), '(40) #lobby · hubbub');
  await setHidden(ana, false);
  await eventuallyRead(ana, 41);
  await eventually(() => pill(ana, 'pill-top'), '40 unread');
  for (const text of numbered('n', 5)) bob.say(text);
  await eventually(() => lastText(ana), 'n4');
  await eventuallyRead(ana, 46);
  assert.equal(await pill(ana, 'pill-top'), '40 unread');
  await ana.click('#pill-top');
  assert.equal(await ana.textContent('.line + .message .bubble'), 'm0');
});

scene('a held Enter sends once, and nothing of the page before', async ({ person }) => {
  const ana = await person('ana');
  await ana.fill('#message', 'one');
  await ana.focus('#message');
  await ana.keyboard.down('Enter');
  await ana.fill('#message', 'two');
  for (let i = 0; i < 3; i++) await ana.keyboard.down('Enter'); // repeated by the keyboard
  await ana.keyboard.up('Enter');
  assert.equal(await ana.inputValue('#message'), 'two');
  await ana.keyboard.press('Enter');
  await eventuallySent(ana, ['one', 'two']);
});

scene('what came just before the tab was hidden has not been read', quick, async ({ person }) => {
  const ana = await person('ana');
  const bob = await person('bob');
  await ana.evaluate(() => {
    const hide = () => {
      Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    };
    const look = () => document.querySelectorAll('.message').length > 1 && setTimeout(hide, 200);
    new MutationObserver(look).observe(document.getElementById('rows'), { childList: true });
  });
  await say(bob, 'one');
  await eventuallyTexts(ana, ['one']);
  await eventuallyRead(ana, 1);
  await say(bob, 'two');
  await eventually(() => ana.title(), '(1) #lobby · hubbub');
});

scene('groups, days and midnight', async ({ visitor, peer }) => {
  const ana = await visitor();
  const late = new Date();
  late.setHours(23, 59, 30, 0);
  await ana.clock.install({ time: late });
  await ana.reload();
  await signIn(ana, 'ana');
  const bob = await peer('bob');
  bob.say('one');
  bob.say('two');
  await eventuallyTexts(ana, ['one', 'two']);
  assert.deepEqual(
    await ana.$$eval('.message', (rows) => rows.map((row) => row.classList.contains('first'))),
    [true, false],
  );
  const days = () => ana.$$eval('.day h2', (all) => all.map((one) => one.textContent));
  assert.deepEqual(await days(), ['Today']);
  const times = await ana.$$eval('.message time', (all) => all.map((one) => one.dateTime));
  assert.ok(times.every((time) => !Number.isNaN(Date.parse(time))));
  await ana.clock.runFor(31_000);
  await eventually(days, ['Yesterday']);
});

scene('keys: regions, rows, stray characters', async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  for (const text of ['one', 'two', 'three']) bob.say(text);
  await eventuallyTexts(ana, ['one', 'two', 'three']);
  const focus = () =>
    ana.evaluate(() => {
      const here = document.activeElement;
      return here.id || here.querySelector('.bubble')?.textContent || here.className;
    });
  assert.equal(await focus(), 'message');
  await eventuallyRead(ana, 3);
  await ana.keyboard.press('F6');
  await eventually(focus, 'side-scroll'); // after what it needs was loaded
  await ana.keyboard.press('F6');
  await eventually(focus, 'room-link');
  await ana.keyboard.press('F6');
  await eventually(focus, 'three');
  await ana.keyboard.press('ArrowUp');
  await eventually(focus, 'two');
  await ana.keyboard.press('Home');
  await eventually(focus, 'one');
  await ana.keyboard.press('ArrowUp');
  await eventually(focus, 'one');
  await ana.keyboard.press('End');
  await eventually(focus, 'three');
  assert.equal(await ana.locator('article[tabindex="0"]').count(), 1);
  await ana.keyboard.press('Shift+F6');
  await eventually(focus, 'room-link');
  await ana.keyboard.press('h');
  assert.equal(await focus(), 'message');
  assert.equal(await ana.inputValue('#message'), 'h');
  await ana.keyboard.press('F6');
  await eventually(focus, 'side-scroll');
  await ana.keyboard.press('Escape');
  assert.equal(await focus(), 'message');
  await ana.keyboard.press('Control+/');
  await ana.waitForSelector('dialog.shortcuts[open]');
  await ana.keyboard.press('Escape');
  await ana.waitForSelector('dialog', { state: 'detached' });
  assert.equal(await focus(), 'message');
});

scene('an article is named by author, text, state and time, in this order', async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  bob.say('one');
  bob.say('two');
  await eventuallyTexts(ana, ['one', 'two']);
  const names = await ana.$$eval('article', (all) =>
    all.map((one) =>
      one
        .getAttribute('aria-labelledby')
        .split(' ')
        .map((id) => document.getElementById(id).textContent),
    ),
  );
  for (const [i, body] of ['one', 'two'].entries()) {
    assert.equal(names[i][0], 'bob');
    assert.equal(names[i][1], body);
    assert.equal(names[i][2], '');
    assert.match(names[i][3], /\d/);
  }
});

scene('the Enter of an input method does not send', async ({ person }) => {
  const ana = await person('ana');
  const devtools = await ana.context().newCDPSession(ana);
  await devtools.send('Input.imeSetComposition', { text: 'にほん', selectionStart: 3, selectionEnd: 3 });
  await devtools.send('Input.dispatchKeyEvent', {
    type: 'rawKeyDown',
    windowsVirtualKeyCode: 229,
    key: 'Process',
    code: 'Enter',
  });
  await ana.evaluate(() =>
    document
      .getElementById('message')
      .dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }),
      ),
  );
  await ana.evaluate(() =>
    document
      .getElementById('message')
      .dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true }),
      ),
  );
  assert.deepEqual(await texts(ana), []);
  await devtools.send('Input.insertText', { text: '日本' });
  await ana.keyboard.press('Enter');
  await eventuallyTexts(ana, ['日本']);
});

scene('a character of a third level (AltGr) goes to the composer, a command does not', async ({ person }) => {
  const ana = await person('ana');
  await ana.focus('#log');
  const press = (fields) =>
    ana.evaluate((init) => {
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init }));
      return document.activeElement.id;
    }, fields);
  assert.equal(await press({ key: 'c', ctrlKey: true }), 'log');
  assert.equal(await press({ key: 'c', altKey: true }), 'log');
  assert.equal(await press({ key: '@', ctrlKey: true, altKey: true }), 'message');
});

scene('on a touch screen Enter begins a line and the button sends', async ({ person }) => {
  const ana = await person('ana', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await ana.tap('#message');
  await ana.keyboard.type('one');
  await ana.keyboard.press('Enter');
  await ana.keyboard.type('two');
  assert.deepEqual(await texts(ana), []);
  await ana.tap('.send');
  await eventuallyTexts(ana, ['one\ntwo']);
  assert.equal(await ana.getAttribute('#message', 'enterkeyhint'), 'enter');
});

scene('spoken: what others say, once; a burst as a number; our own not at all', async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  const spoken = () => ana.$$eval('#announcer p', (all) => all.map((one) => one.textContent));
  bob.say('one');
  await eventually(spoken, ['bob: one']);
  await say(ana, 'mine');
  await eventuallyTexts(ana, ['one', 'mine']);
  for (const text of numbered('b', 12)) bob.say(text);
  await eventually(async () => (await texts(ana)).length, 14);
  await eventually(
    async () => {
      const lines = await spoken();
      const read = lines.filter((text) => text.startsWith('bob: ')).length;
      const summed = lines.reduce(
        (sum, text) => sum + Number(text.match(/^(\d+) new messages? in lobby$/)?.[1] ?? 0),
        0,
      );
      return {
        total: read + summed,
        ofTheBurst: lines.filter((text) => text.startsWith('bob: b')).length,
        own: lines.some((text) => text.includes('mine')),
      };
    },
    { total: 13, ofTheBurst: 0, own: false },
  );
  assert.equal(await ana.getAttribute('#announcer', 'role'), 'log');
  assert.equal(await ana.locator('#log[aria-live], #rows[aria-live], #log[role="log"]').count(), 0);
});

scene('frames that are none, or strange, change nothing', async ({ visitor, peer }) => {
  const ana = await visitor({
    script: () => {
      const Real = WebSocket;
      globalThis.WebSocket = class extends Real {
        constructor(...args) {
          super(...args);
          globalThis.inject = (data) => this.onmessage({ data });
        }
      };
    },
  });
  await ana.fill('#name', 'ana');
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('#chat', { state: 'visible' });
  await ana.evaluate(() => {
    const strange = [
      '',
      'x',
      '{}',
      '[]',
      'null',
      '{"type":"hello"}',
      '{"type":"message"}',
      '{"type":"users","users":[1]}',
      '['.repeat(50_000),
    ];
    for (const data of [...strange, new ArrayBuffer(9), new Blob(['x'])]) globalThis.inject(data);
    globalThis.inject(
      JSON.stringify({ type: 'message', id: '1', username: 'bob', body: 'z'.repeat(1_000_000), ts: 1e15 }),
    );
    globalThis.inject(JSON.stringify({ type: 'message', id: '2', username: '', body: '', ts: 8.64e15 + 1 }));
  });
  const bob = await peer('bob');
  bob.say('fine');
  await eventually(async () => (await readLog(ana)).at(-1)?.body, 'fine');
});

// What a copy by the keyboard gives.
async function copied(page) {
  await page.evaluate(() => {
    addEventListener('copy', (event) => (globalThis.copied = event.clipboardData.getData('text/plain')), { once: true });
  });
  await page.keyboard.press('Control+c');
  await page.waitForFunction(() => globalThis.copied !== undefined);
  return page.evaluate(() => globalThis.copied.replaceAll(/\d\d:\d\d/g, 'hh:mm'));
}

scene('rows are copied as clean text, part of one as it is; and a whole day', { ...quick }, async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  for (const text of ['one', 'two', 'three\nlines']) bob.say(text);
  await eventually(() => lastText(ana), 'three\nlines');
  await say(ana, 'mine');
  await eventuallyTexts(ana, ['one', 'two', 'three\nlines', 'mine']);
  const select = (from, to) =>
    ana.evaluate(([a, b]) => {
      const texts = [...document.querySelectorAll('.bubble')].map((one) => one.firstChild);
      document.activeElement.blur();
      getSelection().setBaseAndExtent(texts[a], 1, texts[b], 2);
    }, [from, to]);
  await ana.hover('.bubble');
  await ana.waitForSelector('.tools'); // or what copies rows is not there yet
  await select(1, 3);
  assert.equal(await copied(ana), '[hh:mm] bob: two\n[hh:mm] bob: three\nlines\n[hh:mm] ana: mine');
  await ana.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const clipboard = () => ana.evaluate(async () => (await navigator.clipboard.readText()).replaceAll(/\d\d:\d\d/g, 'hh:mm'));
  await ana.press('article', 'Enter');
  await ana.click('dialog button:text-is("Copy this day")');
  await eventually(clipboard, '[hh:mm] bob: one\n[hh:mm] bob: two\n[hh:mm] bob: three\nlines\n[hh:mm] ana: mine');
  assert.equal(await ana.textContent('#alert'), 'Copied.');
  await select(0, 0);
  await ana.keyboard.press('Control+c');
  await eventually(clipboard, 'n');
});

scene('a day is copied whole, also what of it is not loaded yet', { ...quick }, async ({ person, friend }) => {
  const bob = await friend('bob');
  const all = numbered('m', 180);
  for (let i = 0; i < all.length; i += 40) await Promise.all(all.slice(i, i + 40).map((text) => bob.say(text)));
  const ana = await person('ana');
  await eventually(() => lastText(ana), 'm179');
  assert.ok(!(await texts(ana)).includes('m100'), 'not loaded yet');
  await ana.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await ana.locator('article').last().press('Enter');
  await ana.click('dialog button:text-is("Copy this day")');
  await eventually(() => ana.textContent('#alert'), 'Copied.');
  const lines = await ana.evaluate(async () => (await navigator.clipboard.readText()).split('\n'));
  assert.deepEqual(lines.map((line) => line.replace(/^\[\d\d:\d\d\] /, '')), all.map((text) => `bob: ${text}`));
});

scene('the row that has the focus, and those that are selected, stay while the window moves on', quick, async ({ person, friend }) => {
  const ana = await person('ana');
  const bob = await friend('bob');
  const say40 = async (letter, n) => {
    for (let i = 0; i < n; i += 40) await Promise.all(numbered(letter, n).slice(i, i + 40).map((text) => bob.say(text)));
  };
  await say40('a', 40);
  await eventuallyTexts(ana, numbered('a', 40));
  await ana.evaluate(() => {
    const rows = [...document.querySelectorAll('.message')];
    getSelection().setBaseAndExtent(rows[10].querySelector('.bubble'), 0, rows[12].querySelector('.bubble'), 1);
    rows[20].querySelector('article').focus({ preventScroll: true });
  });
  const kept = () =>
    ana.evaluate(() => ({
      focus: document.activeElement.querySelector('.bubble')?.textContent,
      selection: getSelection().toString().match(/a\d+/g)?.join(' '),
      hasLast: document.querySelectorAll('#rows > li').length <= 300,
    }));
  const whole = { focus: 'a20', selection: 'a10 a11 a12', hasLast: true };
  assert.deepEqual(await kept(), whole);
  await say40('b', 400);
  await eventually(() => lastText(ana), 'b399');
  assert.deepEqual(await kept(), whole);
  assert.ok(!(await texts(ana)).includes('a30'), 'the others are not in the page');
  await ana.keyboard.press('ArrowDown');
  await eventually(async () => (await kept()).focus, 'a21');
});

scene('Home and End lead to the first and the last message there is, also beyond the window', quick, async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  for (let i = 0; i < 300; i++) bob.say(`${i} said`);
  await eventually(() => lastText(ana), '299 said');
  const focused = () => ana.evaluate(() => document.activeElement.querySelector('.bubble')?.textContent);
  await ana.focus('article[tabindex="0"]');
  await ana.keyboard.press('Home');
  await eventually(focused, '0 said'); // after what it needs was loaded
  await ana.keyboard.press('End');
  await eventually(focused, '299 said');
});

// Where the slash needs Shift, as on a German keyboard.
scene('Ctrl and a slash, with Shift or without', async ({ person }) => {
  const ana = await person('ana');
  const opens = async (init) => {
    await ana.evaluate((how) => document.body.dispatchEvent(new KeyboardEvent('keydown', { ...how, bubbles: true })), init);
    await ana.waitForSelector('dialog.shortcuts[open]');
    await ana.keyboard.press('Escape');
    await ana.waitForSelector('dialog', { state: 'detached' });
  };
  await opens({ key: '/', ctrlKey: true });
  await opens({ key: '/', ctrlKey: true, shiftKey: true });
});

scene('what was in sight for a moment when the window lost the focus is unread', quick, async ({ person, peer }) => {
  const ana = await person('ana', {
    script: () => {
      document.hasFocus = () => !globalThis.isAway;
      const look = () => {
        if (globalThis.isAway || ![...document.querySelectorAll('.bubble')].some((one) => one.textContent === 'two')) return;
        globalThis.isAway = true;
        dispatchEvent(new Event('blur'));
      };
      new MutationObserver(look).observe(document, { childList: true, subtree: true });
    },
  });
  const bob = await peer('bob');
  bob.say('one');
  await eventuallyRead(ana, 1);
  bob.say('two');
  await eventually(() => ana.title(), '(1) #lobby · hubbub');
  bob.say('three');
  await eventually(() => ana.title(), '(2) #lobby · hubbub');
  assert.equal(await ana.textContent('#line + .message .bubble'), 'two');
});

scene('the arrow edits what one has said, however far back; and capitals are commands as well', quick, async ({ person, friend }) => {
  const before = await friend('ana');
  await before.say('mine, with a tpyo');
  before.chat.close();
  const bob = await friend('bob');
  for (const text of numbered('m', 80)) await bob.say(text);
  const ana = await person('ana');
  await eventually(() => lastText(ana), 'm79');
  await ana.press('#message', 'ArrowUp');
  await eventually(() => ana.inputValue('#message'), 'mine, with a tpyo');
  await ana.keyboard.press('Escape');
  await say(ana, 'more');
  await eventually(() => lastText(ana), 'more');
  await ana.locator('.mine[data-state="sent"] article').last().press('Shift+E');
  assert.equal(await ana.inputValue('#message'), 'more');
});

scene('the focus that was on something that goes away is the log\'s', { ...quick, isServerGoing: true }, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  const bob = await stage.peer('bob');
  const focus = () => ana.evaluate(() => document.activeElement.id);
  for (const text of numbered('m', 100)) bob.say(text);
  await eventually(() => lastText(ana), 'm99');
  await eventuallyRead(ana, 100);
  await scrollUp(ana, 2);
  await ana.focus('#pill');
  await ana.keyboard.press('Escape');
  await eventually(() => pill(ana), '');
  assert.equal(await focus(), 'log');
  await ana.locator('article').last().press('r');
  await ana.focus('#context-cancel');
  await ana.keyboard.press('Escape');
  assert.deepEqual([await ana.isVisible('#context'), await focus()], [false, 'log']);
  line.cut();
  await ana.focus('#retry');
  line.heal();
  await ana.waitForSelector('#retry', { state: 'hidden' });
  assert.equal(await focus(), 'log');
});

scene('a menu is in the window, wherever its message is', quick, async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  for (const text of numbered('m', 40)) bob.say(text);
  await eventually(() => lastText(ana), 'm39');
  await ana.locator('article').last().focus();
  await scrollUp(ana, 2);
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('dialog.menu');
  const { y, height } = await ana.locator('dialog').boundingBox();
  assert.ok(y >= 0 && y + height <= 800, `${y} ${height}`);
});

scene('what is copied is told for the eye as well; and what a browser refuses can be tried again', quick, async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  bob.say('one');
  await eventuallyTexts(ana, ['one']);
  await ana.evaluate(() => {
    navigator.clipboard.writeText = (text) => (globalThis.isAllowed ? (globalThis.copied = text) : Promise.reject(new Error('no')));
    document.execCommand = () => false;
  });
  await ana.locator('article').first().focus();
  for (let i = 0; i < 3; i++) await ana.keyboard.down('c'); // held
  await ana.keyboard.up('c');
  assert.equal(await ana.inputValue('#message'), '');
  await eventually(() => ana.textContent('#message-error'), 'Your browser did not let it be copied. Try again');
  assert.equal(await ana.locator('.toast').count(), 0);
  await ana.evaluate(() => (globalThis.isAllowed = true));
  await ana.click('#message-error button');
  await ana.waitForSelector('.toast:text-is("Copied.")');
  assert.equal(await ana.evaluate(() => globalThis.copied), 'one');
  await ana.waitForSelector('.toast', { state: 'detached' });
});

scene('in a window that has not the focus nothing is read', async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  bob.say('one');
  await eventuallyTexts(ana, ['one']);
  assert.equal(await ana.title(), '#lobby · hubbub');
  await ana.evaluate(() => (document.hasFocus = () => false));
  bob.say('two');
  await eventually(() => ana.title(), '(1) #lobby · hubbub');
  await eventually(() => ana.evaluate(() => document.querySelector('#line + .message .bubble')?.textContent), 'two');
  await ana.evaluate(() => {
    delete document.hasFocus;
    dispatchEvent(new Event('focus'));
  });
  await eventually(() => ana.title(), '#lobby · hubbub');
});

// A line more in the message box is a line less for the log; to find out how many there are must not scroll it.
scene('writing several lines leaves the log at its end', quick, async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  for (let i = 0; i < 60; i++) bob.say(`${i} said`);
  await eventually(() => lastText(ana), '59 said');
  await ana.focus('#message');
  const twoFrames = () => ana.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  for (const key of ['a', 'Shift+Enter', 'b', 'Shift+Enter', 'c', 'Shift+Enter', 'd', 'e', 'Backspace', 'Backspace', 'Backspace', 'f']) {
    await ana.keyboard.press(key);
    await twoFrames();
    assert.ok(await isAtEnd(ana), key);
  }
  bob.say('last');
  await eventually(() => lastText(ana), 'last');
  assert.equal(await ana.title(), '#lobby · hubbub');
});
