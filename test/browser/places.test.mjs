// Where one is in the log, and stays: pages that come late, a window of another size, the focus, what counts as read.
import assert from 'node:assert/strict';
import { eventually, eventuallyRead, eventuallySent, eventuallyTexts, link, noLimits, say, scene, scrollUp, stillness, texts } from './harness.mjs';

const quick = { daemon: { message_rate: 0 } };
const lastText = async (page) => (await texts(page)).at(-1);
const links = (page) => page.$$eval('.room-link', (all) => all.map((one) => one.getAttribute('aria-label')));
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.tagName);
const goTo = (page, room) => page.evaluate((name) => (location.hash = `#/r/${name}`), room);

async function many(friend, from, to) {
  for (let i = from; i < to; i += 40)
    await Promise.all(Array.from({ length: Math.min(40, to - i) }, (_, k) => friend.say(`${i + k} said`)));
}

// The first bubble in sight, and where it is.
const firstInSight = (page) =>
  page.evaluate(() => {
    const top = document.getElementById('log').getBoundingClientRect().top;
    const one = [...document.querySelectorAll('.bubble')].find((bubble) => bubble.getBoundingClientRect().bottom > top);
    return { text: one.textContent, top: one.getBoundingClientRect().top - top };
  });

// What the page asks of the history, as it asks for it.
const noteQuestions = () => {
  const { send } = WebSocket.prototype;
  globalThis.questions = [];
  WebSocket.prototype.send = function (text) {
    const frame = JSON.parse(text);
    if (frame.type === 'history') globalThis.questions.push(frame);
    return send.call(this, text);
  };
};
const asked = (page, field) =>
  page.waitForFunction((name) => globalThis.questions.some((frame) => name in frame), field);

async function find(page, text) {
  await page.click('#search-open');
  await page.waitForSelector('dialog.search');
  await page.keyboard.type(text);
  await page.click('.hit');
  await page.waitForSelector('.message.flash');
}

// Ana is at an old message, and hears nothing for now.
async function farBack(stage) {
  const line = await link(stage);
  const bob = await stage.friend('bob');
  await many(bob, 0, 500);
  const ana = await stage.person('ana', { url: line.url, script: noteQuestions });
  await eventually(() => lastText(ana), '499 said');
  await find(ana, '20 said');
  await ana.evaluate(() => (globalThis.questions = []));
  line.holdAnswers();
  return { line, bob, ana };
}

scene('a page that was on its way does not come into that of "Latest"', quick, async (stage) => {
  const { line, bob, ana } = await farBack(stage);
  await ana.click('#pill');
  await ana.mouse.move(600, 400);
  await eventually(async () => {
    await ana.mouse.wheel(0, 2000);
    return ana.evaluate(() => globalThis.questions.some((frame) => 'after' in frame));
  }, true);
  line.passAnswers();
  await eventually(() => lastText(ana), '499 said');
  await many(bob, 500, 503);
  await eventually(() => lastText(ana), '502 said');
  const numbers = (await texts(ana)).map((text) => parseInt(text));
  assert.deepEqual(numbers, numbers.map((_, i) => numbers[0] + i));
});

scene('"Latest" of a room that one has left does not move the other', quick, async (stage) => {
  const line = await link(stage);
  const bob = await stage.friend('bob');
  const bobInTea = await stage.friend('bob too', { room: 'tea' });
  await many(bob, 0, 500);
  await many(bobInTea, 0, 100);
  const ana = await stage.person('ana', { url: line.url, script: noteQuestions });
  await goTo(ana, 'tea');
  await eventually(() => lastText(ana), '99 said');
  await scrollUp(ana, 2);
  await eventually(async () => (await texts(ana))[0], '0 said'); // no page comes from above meanwhile
  await stillness(ana);
  const before = await firstInSight(ana);
  await goTo(ana, 'lobby');
  await eventually(() => lastText(ana), '499 said');
  await find(ana, '20 said');
  line.holdAnswers();
  await ana.click('#pill');
  await ana.keyboard.press('Alt+ArrowDown');
  await eventually(() => ana.textContent('#room-name'), 'tea');
  line.passAnswers();
  await bob.say('last');
  await eventually(() => links(ana), ['lobby, 1 unread', 'tea']);
  await stillness(ana);
  assert.deepEqual(await firstInSight(ana), before);
  await goTo(ana, 'lobby');
  await eventually(() => lastText(ana), 'last');
  await ana.waitForSelector('#pill', { state: 'hidden' });
});

scene('what one says far from the end without a link is seen when it is back', { ...quick, isServerGoing: true }, async (stage) => {
  const { line, ana } = await farBack(stage);
  line.passAnswers();
  line.cut();
  await ana.waitForSelector('#status:not(.sr-only)');
  await say(ana, 'far from the end');
  line.heal();
  await eventually(() => lastText(ana), 'far from the end');
});

scene('more unread than a page: the line is before the first of them, and all are counted', quick, async ({ person, friend }) => {
  const bob = await friend('bob');
  const ana = await person('ana');
  await many(bob, 0, 10);
  await eventuallyRead(ana, 10);
  await ana.click('#leave');
  await many(bob, 10, 610);
  await ana.keyboard.press('Enter');
  await eventually(() => ana.title(), '(600) #lobby · hubbub');
  await eventually(() => ana.evaluate(() => document.querySelector('#line + .message .bubble')?.textContent), '10 said');
  await ana.click('#pill');
  await eventually(() => ana.title(), '#lobby · hubbub');
});

scene('a room that was only passed is not read', quick, async ({ person, friend }) => {
  const ana = await person('ana');
  const bob = await friend('bob', { room: 'tea' });
  for (const room of ['tea', 'zoo', 'lobby']) {
    await goTo(ana, room);
    await eventually(() => ana.textContent('#room-name'), room);
    await eventually(() => ana.locator('.person').count(), room === 'tea' ? 2 : 1);
  }
  await bob.say('one');
  await eventually(() => links(ana), ['lobby', 'tea, 1 unread', 'zoo']);
  await ana.evaluate(() => {
    for (let i = 0; i < 2; i++)
      document.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', altKey: true, bubbles: true }));
  });
  await eventually(() => ana.textContent('#room-name'), 'zoo');
  await bob.say('two');
  await eventually(() => links(ana), ['lobby', 'tea, 2 unread', 'zoo']);
  await ana.keyboard.press('Alt+ArrowUp');
  await eventually(() => links(ana), ['lobby', 'tea', 'zoo']);
});

scene('F6 leads to a message in sight, and a window of another size shows the same', quick, async ({ person, friend }) => {
  const bob = await friend('bob');
  for (let i = 0; i < 120; i++) await bob.say(`${i} said ${'and said again '.repeat(i % 12)}`);
  const ana = await person('ana');
  await eventually(async () => (await lastText(ana))?.startsWith('119 said'), true);
  await scrollUp(ana, 2);
  await stillness(ana);
  const before = await firstInSight(ana);
  await ana.focus('#message');
  await ana.keyboard.press('Shift+F6');
  assert.ok(await ana.evaluate(() => document.activeElement.matches('article')));
  assert.deepEqual(await firstInSight(ana), before);
  for (const width of [620, 1280]) {
    await ana.setViewportSize({ width, height: 800 });
    await stillness(ana);
    assert.equal((await firstInSight(ana)).text, before.text);
  }
});

scene('the focus stays in the log when what had it is gone', { ...quick, daemon: { message_rate: 0, max_body: 100 } }, async ({ person, peer }) => {
  const ana = await person('ana', { script: noLimits });
  await say(ana, 'w'.repeat(200));
  await ana.focus('.actions button:text-is("Delete")');
  await ana.keyboard.press('Enter');
  await eventuallyTexts(ana, []);
  assert.equal(await focused(ana), 'log');
  await peer('bob');
});

scene('Enter sends when the caret has left the name in the list', async ({ person, friend }) => {
  await friend('anton');
  const ana = await person('bea');
  await ana.focus('#message');
  await ana.keyboard.type('hello @an');
  await ana.waitForSelector('.suggestions');
  await ana.keyboard.press('Home');
  await ana.keyboard.press('Enter');
  await eventuallySent(ana, ['hello @an']);
  assert.equal(await ana.isVisible('.suggestions'), false);
});

scene('to sign out with something unsent asks first', { isServerGoing: true }, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  await ana.click('#settings-open'); // the dialogs are here
  await ana.waitForSelector('dialog[open]');
  await ana.keyboard.press('Escape');
  await ana.waitForSelector('dialog', { state: 'detached' });
  line.cut();
  await ana.waitForSelector('#status:not(.sr-only)');
  await say(ana, 'not yet');
  await ana.click('#leave');
  await ana.click('dialog button:text-is("Cancel")');
  await ana.waitForSelector('dialog', { state: 'detached' });
  assert.ok(await ana.isVisible('#chat'));
  await ana.click('#leave');
  assert.match(await ana.textContent('dialog'), /1 message has not been sent yet/);
  await ana.click('dialog button:text-is("Sign out and delete it")');
  await ana.waitForSelector('#signin', { state: 'visible' });
  assert.equal(await ana.evaluate(() => sessionStorage.getItem('hubbub.outbox ana')), null);
});

scene('an answer that was begun is there again after an edit between', async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  await say(ana, 'mine');
  await eventuallySent(ana, ['mine']);
  bob.say('yours');
  await eventuallyTexts(ana, ['mine', 'yours']);
  await ana.focus('.theirs article');
  await ana.keyboard.press('r');
  await ana.keyboard.type('half an answer');
  await ana.focus('.mine article');
  await ana.keyboard.press('e');
  assert.equal(await ana.inputValue('#message'), 'mine');
  await ana.keyboard.press('Escape');
  assert.equal(await ana.inputValue('#message'), 'half an answer');
  assert.match(await ana.textContent('#context'), /Replying to\s+bob/);
});

scene('what is half edited is lost to nothing else that is done with a message', { ...quick, daemon: { message_rate: 0, max_body: 100 } }, async ({ person, peer }) => {
  const ana = await person('ana', { script: noLimits });
  const bob = await peer('bob');
  const long = 'w'.repeat(200);
  await say(ana, 'one', 'two');
  await eventuallySent(ana, ['one', 'two']);
  await say(ana, long);
  await ana.waitForSelector('[data-state="failed"]');
  bob.say('yours');
  await eventuallyTexts(ana, ['one', 'two', 'yours', long]);
  const editing = () => ana.evaluate(() => [document.getElementById('message').value, document.getElementById('composer').dataset.mode]);
  const pressOn = async (text, key) => {
    await ana.locator('article', { hasText: text }).focus();
    await ana.keyboard.press(key);
  };
  await pressOn('one', 'e');
  await ana.keyboard.type(' and more');
  for (const [text, key] of [['yours', 'r'], ['two', 'e']]) {
    await pressOn(text, key);
    assert.deepEqual(await editing(), ['one and more', 'edit']);
    assert.equal(await focused(ana), 'message');
  }
  await pressOn('two', 'Delete');
  await ana.click('dialog button:text-is("Delete")');
  await eventuallyTexts(ana, ['one', 'Message deleted', 'yours', long]);
  assert.deepEqual(await editing(), ['one and more', 'edit']);
  await ana.click('.actions button:text-is("Edit")');
  assert.deepEqual(await editing(), ['one and more', 'edit']);
  await ana.keyboard.press('Enter');
  await eventuallyTexts(ana, ['one and more', 'Message deleted', 'yours']);
  assert.deepEqual(await editing(), [long, '']);
});

scene('a finger opens the menu of a message where there is a mouse as well', async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  bob.say('hello');
  await eventuallyTexts(ana, ['hello']);
  const click = (pointerType) =>
    ana.$eval('.bubble', (bubble, type) => bubble.dispatchEvent(new PointerEvent('click', { pointerType: type, bubbles: true })), pointerType);
  await click('mouse');
  await ana.$eval('.bubble', (bubble) => bubble.dispatchEvent(new Event('touchstart', { bubbles: true })));
  await click(undefined); // in browsers where a click does not tell
  await ana.waitForSelector('dialog.menu');
  assert.equal(await ana.locator('dialog').count(), 1);
});

scene('what is said before the server has told how it calls the room', async ({ friend }) => {
  const bob = await friend('bob');
  const room = bob.chat.join('ſtube'); // a long s, which folds to s
  await room.send('early');
  assert.deepEqual(bob.chat.rooms(), ['lobby', 'stube']);
});
