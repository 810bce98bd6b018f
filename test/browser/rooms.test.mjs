import assert from 'node:assert/strict';
import { eventually, eventuallyRead, eventuallyPeople, eventuallySent, eventuallyTexts, link, say, scene, scrollUp, setHidden, signIn, texts } from './harness.mjs';

const links = (page) => page.$$eval('.room-link', (all) => all.map((one) => one.getAttribute('aria-label')));
const current = (page) => page.getAttribute('.room-link[aria-current="page"]', 'title');
const lastText = async (page) => (await texts(page)).at(-1);

async function goTo(page, room) {
  await page.keyboard.press('Control+k');
  await page.waitForSelector('dialog.switcher');
  await page.keyboard.type(room);
  await page.keyboard.press('Enter');
  await eventually(() => page.textContent('#room-name'), room);
}

scene('several rooms by keyboard: switch, unread, mention, order, draft, and again after a reload', async ({ person, friend }) => {
  const ana = await person('ana');
  const bob = await friend('bob', { room: 'ops' });
  await goTo(ana, 'ops');
  await eventually(() => links(ana), ['lobby', 'ops']);
  await eventuallyPeople(ana, ['bob', 'ana']);
  await ana.keyboard.type('half a thought');
  await ana.keyboard.press('Alt+ArrowUp');
  await eventually(() => current(ana), 'lobby');
  assert.equal(await ana.inputValue('#message'), '');
  await bob.say('one');
  await bob.say('two, @ana');
  await eventually(() => links(ana), ['lobby', 'ops, 2 unread, mentioned']);
  await eventually(() => ana.title(), '(2) #lobby · hubbub');
  await eventually(() => ana.$$eval('#announcer p', (all) => all.map((one) => one.textContent)), ['bob in ops: two, @ana']);
  assert.deepEqual(await texts(ana), []);
  await ana.keyboard.press('Alt+Shift+ArrowDown');
  await eventuallyTexts(ana, ['one', 'two, @ana']);
  assert.equal(await ana.inputValue('#message'), 'half a thought');
  assert.equal(await ana.locator('.line + .message .bubble').textContent(), 'one');
  await eventually(() => links(ana), ['lobby', 'ops']);
  assert.equal(await ana.evaluate(() => location.hash), '#/r/ops');
  await ana.goBack();
  await eventually(() => current(ana), 'lobby');
  await ana.goForward();
  await eventually(() => current(ana), 'ops');
  await ana.reload();
  await eventually(() => links(ana), ['ops', 'lobby']);
  await eventuallyTexts(ana, ['one', 'two, @ana']);
  assert.equal(await ana.inputValue('#message'), 'half a thought');
});

scene('a room is left; the rest stays', async ({ person, friend }) => {
  const ana = await person('ana');
  const bob = await friend('bob', { room: 'ops' });
  await goTo(ana, 'ops');
  const left = new Promise((resolve) => bob.room.on('leave', resolve));
  await ana.click('#room-options');
  await ana.click('dialog button:text-is("Leave this room")');
  await left;
  await eventually(() => links(ana), ['lobby']);
  assert.equal(await current(ana), 'lobby');
  await ana.click('#room-options'); // the last one would be entered again
  assert.equal(await ana.textContent('dialog p'), 'You are in no other room. To go, sign out.');
  assert.equal(await ana.locator('dialog button:text-is("Leave this room")').count(), 0);
});

scene('what is unread is known after a reload, and the room opens there', { daemon: { message_rate: 0 } }, async ({ person, friend }) => {
  const ana = await person('ana');
  const bob = await friend('bob');
  await bob.say('read');
  await eventuallyTexts(ana, ['read']);
  await eventuallyRead(ana, 1);
  await ana.click('#leave');
  for (let i = 0; i < 40; i++) await bob.say(`new ${i}`);
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('.line');
  assert.equal(await ana.locator('.line + .message .bubble').textContent(), 'new 0');
  const where = await ana.evaluate(() => {
    const log = document.getElementById('log').getBoundingClientRect();
    const line = document.getElementById('line').getBoundingClientRect();
    return line.top - log.top;
  });
  assert.ok(where >= 0 && where < 200, `${where}`);
  assert.equal((await ana.textContent('#pill')).trim(), '40 new messages');
  await ana.click('#pill');
  await eventually(() => ana.title(), '#lobby · hubbub');
  await eventually(async () => (await ana.textContent('#pill-top')).trim(), '40 unread');
  await ana.click('#pill-top');
  await eventually(() => ana.isVisible('#pill-top'), false);
});

scene('search: finds, tells where, and leads there, however far back', { daemon: { message_rate: 0 } }, async ({ person, friend }) => {
  const bob = await friend('bob');
  await bob.say('the needle is here');
  for (let i = 0; i < 400; i++) await bob.say(`hay ${i}`);
  const ana = await person('ana');
  await eventually(() => lastText(ana), 'hay 399');
  await ana.click('#search-open');
  await ana.waitForSelector('dialog.search');
  await ana.keyboard.type('needle');
  await ana.waitForSelector('.hit');
  assert.equal(await ana.textContent('.hit mark'), 'needle');
  await ana.click('.hit');
  await ana.waitForSelector('.message.flash');
  assert.equal(await ana.textContent('.message.flash .bubble'), 'the needle is here');
  await bob.say('meanwhile');
  await eventually(async () => (await ana.textContent('#pill')).trim(), '1 new message');
  await ana.mouse.move(600, 400);
  for (let i = 0; i < 200 && (await lastText(ana)) !== 'meanwhile'; i++) {
    await ana.mouse.wheel(0, 3000);
    await ana.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const numbers = (await texts(ana)).filter((text) => text.startsWith('hay')).map((text) => Number(text.slice(4)));
    for (let k = 1; k < numbers.length; k++) assert.equal(numbers[k], numbers[k - 1] + 1);
  }
  assert.equal(await lastText(ana), 'meanwhile');
  await ana.click('#search-open');
  await ana.waitForSelector('dialog.search');
  await ana.keyboard.type('no such thing');
  await eventually(() => ana.textContent('dialog [role="status"]'), 'Nothing found.');
});

scene('search: what is found is marked, however far in a message and however it is written', async ({ person, friend }) => {
  const bob = await friend('bob');
  await bob.say(`${'hay '.repeat(150)}needle, ${'hay '.repeat(150)}`);
  await bob.say('From alpha to ömega: all of ÖMEGA 3');
  const ana = await person('ana');
  await eventually(async () => (await texts(ana)).length, 2);
  const marks = () => ana.locator('.hit mark').allTextContents();
  await ana.click('#search-open');
  await ana.waitForSelector('dialog.search');
  await ana.keyboard.type('needle');
  await eventually(marks, ['needle']);
  assert.match(await ana.textContent('.hit'), /….*hay needle, hay/);
  await ana.fill('dialog.search input[type="text"]', 'omega alpha');
  await eventually(marks, ['alpha', 'ömega', 'ÖMEGA']);
  assert.match(await ana.textContent('.hit'), /From alpha to ömega: all of ÖMEGA 3$/);
});

scene('the place in a room is kept while one is elsewhere', { daemon: { message_rate: 0 } }, async ({ person, friend }) => {
  const bob = await friend('bob');
  for (let i = 0; i < 120; i++) await bob.say(`m ${i}`);
  const ana = await person('ana');
  await eventually(() => lastText(ana), 'm 119');
  await scrollUp(ana, 2);
  const first = () =>
    ana.evaluate(() => {
      const { top } = document.getElementById('log').getBoundingClientRect();
      const row = [...document.querySelectorAll('.bubble')].find((one) => one.getBoundingClientRect().top > top);
      return [row.textContent, Math.round(row.getBoundingClientRect().top)];
    });
  await ana.waitForSelector('#pill:not([hidden])');
  let before;
  await eventually(async () => {
    const was = before;
    before = await first();
    return String(was) === String(before);
  }, true);
  await goTo(ana, 'ops');
  await ana.keyboard.press('Alt+ArrowUp');
  await eventually(() => current(ana), 'lobby');
  await eventually(async () => {
    const [text, top] = await first();
    return [text, Math.abs(top - before[1]) <= 1];
  }, [before[0], true]);
});

scene('notifications: for mentions in a hidden tab, asked for by a button only', async ({ visitor, friend }) => {
  const ana = await visitor({
    script: () => {
      globalThis.told = [];
      globalThis.asked = 0;
      globalThis.Notification = class {
        static permission = 'default';
        static async requestPermission() {
          globalThis.asked++;
          return (this.permission = 'granted');
        }
        constructor(title, { body, tag }) {
          globalThis.told.push([title, body, tag]);
        }
        close() {}
      };
    },
  });
  await ana.fill('#name', 'ana');
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('#chat', { state: 'visible' });
  const bob = await friend('bob');
  await ana.click('#settings-open');
  assert.equal(await ana.evaluate(() => globalThis.asked), 0);
  await ana.click('dialog button:text-is("Switch notifications on")');
  await eventually(async () => /Notifications are on/.test(await ana.textContent('dialog')), true);
  await ana.keyboard.press('Escape');
  await bob.say('ana, in sight');
  await eventuallyTexts(ana, ['ana, in sight']);
  await setHidden(ana, true);
  await bob.say('not for you');
  await bob.say('ana, look');
  await eventually(() => ana.evaluate(() => globalThis.told), [['bob · #lobby', 'ana, look', 'lobby']]);
  await say(ana, 'I am here');
});

scene('the switcher: the whole name before its beginning, a new name before a part of one; what was chosen stays', async ({ person, friend }) => {
  const ana = await person('ana');
  for (const room of ['tea-house', 'tea', 'cc']) {
    await ana.evaluate((name) => (location.hash = `#/r/${name}`), room);
    await eventually(() => ana.title(), `#${room} · hubbub`);
  }
  await friend('bob', { room: 'elsewhere' });
  const first = async (written) => {
    await ana.keyboard.press('Control+k');
    await ana.waitForSelector('dialog.switcher');
    await ana.fill('dialog input', written);
    const text = await ana.textContent('dialog [aria-selected="true"] [dir="auto"]');
    await ana.keyboard.press('Escape');
    await ana.waitForSelector('dialog', { state: 'detached' });
    return text;
  };
  assert.equal(await first('tea'), 'tea');
  assert.equal(await first('te'), 'tea-house');
  assert.equal(await first('bb'), 'Join #bb');
  assert.equal(await first('ouse'), 'Join #ouse');
  await ana.keyboard.press('Control+k');
  await ana.waitForSelector('dialog.switcher');
  await ana.keyboard.press('ArrowDown');
  await ana.waitForSelector('dialog li:has-text("elsewhere")'); // from the server
  assert.equal(await ana.textContent('dialog [aria-selected="true"] [dir="auto"]'), 'tea-house');
  await ana.keyboard.press('Escape');
  await ana.focus('#room-add');
  await ana.keyboard.down('Enter');
  await ana.waitForSelector('dialog.switcher');
  for (let i = 0; i < 3; i++) await ana.keyboard.down('Enter');
  await ana.keyboard.up('Enter');
  assert.deepEqual([await ana.locator('dialog').count(), await current(ana)], [1, 'cc']);
});

scene('a mention that came while the link was lost calls as well', { isServerGoing: true }, async (stage) => {
  const line = await link(stage);
  const ana = await stage.visitor({
    url: line.url,
    script: () => {
      globalThis.told = [];
      globalThis.Notification = class {
        static permission = 'granted';
        constructor(title, { body }) {
          globalThis.told.push(`${title}: ${body}`);
        }
        close() {}
      };
    },
  });
  await signIn(ana, 'ana');
  const bob = await stage.friend('bob');
  await bob.say('ana, before');
  await eventuallyTexts(ana, ['ana, before']);
  await setHidden(ana, true);
  line.cut();
  await bob.say('ana, the first');
  await bob.say('ana, are you there?');
  const { id } = await bob.say('ana, a secret');
  await bob.room.delete(id);
  await bob.say('not for you');
  line.heal();
  await eventually(() => ana.evaluate(() => globalThis.told), ['bob · #lobby: ana, are you there?']);
  await bob.say('ana, again'); // had there been more, they were told before this
  await eventually(() => ana.evaluate(() => globalThis.told), ['bob · #lobby: ana, are you there?', 'bob · #lobby: ana, again']);
});

scene('a room that cannot be is told in the switcher', async ({ person }) => {
  const ana = await person('ana');
  await ana.keyboard.press('Control+k');
  await ana.waitForSelector('dialog.switcher');
  await ana.keyboard.type('not a room');
  await ana.keyboard.press('Enter');
  assert.equal(await ana.textContent('.switcher .error'), 'A room name has letters, digits and . _ - only.');
});

scene('the very first key may be for the next room', async ({ person }) => {
  const ana = await person('ana');
  await goTo(ana, 'ops');
  await ana.reload();
  await eventually(() => links(ana), ['ops', 'lobby']);
  await ana.keyboard.press('Alt+ArrowDown');
  await eventually(() => current(ana), 'lobby');
  assert.equal(await ana.evaluate(() => document.activeElement.id), 'message');
});

scene('two windows of one browser: what is read in one is read in the other', async ({ person, friend }) => {
  const ana = await person('ana');
  const bob = await friend('bob', { room: 'ops' });
  await goTo(ana, 'ops');
  await eventuallyPeople(ana, ['bob', 'ana']);
  await ana.keyboard.press('Alt+ArrowUp');
  await eventually(() => current(ana), 'lobby');
  await bob.say('one');
  await eventually(() => links(ana), ['lobby', 'ops, 1 unread']);
  const other = await ana.context().newPage();
  await other.goto(ana.url());
  await other.waitForFunction(() => JSON.parse(localStorage.getItem('hubbub.marks ana'))?.ops);
  await other.evaluate(() => {
    const marks = JSON.parse(localStorage.getItem('hubbub.marks ana'));
    localStorage.setItem('hubbub.marks ana', JSON.stringify({ ...marks, ops: { ...marks.ops, seq: marks.ops.seq + 1 } }));
  });
  await eventually(() => links(ana), ['lobby', 'ops']);
});

scene('too many rooms: the reason is said, where one can read it', { daemon: { max_rooms: 2 } }, async ({ person }) => {
  const ana = await person('ana');
  for (const room of ['one', 'two']) await ana.evaluate((name) => (location.hash = `#/r/${name}`), room);
  await eventually(() => ana.$$eval('.room-link-name', (all) => all.map((one) => one.textContent)), ['lobby', 'one']);
  assert.match(await ana.textContent('#message-error'), /as many rooms/);
});

scene('what is half written is the same after a reload: an answer, an edit, and the draft under it', async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  await say(ana, 'mine');
  await eventuallySent(ana, ['mine']);
  bob.say('yours');
  await eventuallyTexts(ana, ['mine', 'yours']);
  const state = () =>
    ana.evaluate(() => {
      const context = document.getElementById('context');
      return [context.hidden ? '' : context.innerText, document.getElementById('message').value];
    });

  await ana.focus('.theirs article');
  await ana.keyboard.press('r');
  await ana.keyboard.type('half an answer');
  await eventually(state, ['Replying to bob yours', 'half an answer']);
  await ana.reload();
  await eventuallyTexts(ana, ['mine', 'yours']);
  await eventually(state, ['Replying to bob yours', 'half an answer']);
  await ana.evaluate(() => (location.hash = '#/r/elsewhere'));
  await eventually(state, ['', '']);
  await ana.evaluate(() => (location.hash = '#/r/lobby'));
  await eventually(state, ['Replying to bob yours', 'half an answer']);
  await ana.press('#message', 'Enter');
  await ana.waitForSelector('.mine .quote');

  await ana.fill('#message', 'a draft');
  await ana.focus('.mine article');
  await ana.keyboard.press('e');
  await ana.press('#message', 'End');
  await ana.keyboard.type(' too');
  await eventually(state, ['Editing · Esc cancels', 'mine too']);
  await ana.reload();
  await eventually(state, ['Editing · Esc cancels', 'mine too']);
  await ana.press('#message', 'Enter');
  await eventually(state, ['', 'a draft']);
  await eventuallyTexts(ana, ['mine too', 'yours', 'half an answer']);
});

scene('an address that is of no room: one stays where one is, and is told why', async ({ person }) => {
  const ana = await person('ana');
  await ana.evaluate(() => (location.hash = '#/r/a%20b'));
  await eventually(() => ana.textContent('#message-error'), 'A room name has letters, digits and . _ - only.');
  assert.equal(await ana.evaluate(() => location.hash), '#/r/lobby');
  assert.equal(await ana.textContent('#room-name'), 'lobby');
  assert.deepEqual(await links(ana), ['lobby']);
  await say(ana, 'still here');
  await eventuallySent(ana, ['still here']);
});
