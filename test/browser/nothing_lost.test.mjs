// What one has written is neither lost, nor cut, nor sent against one's will.
import assert from 'node:assert/strict';
import { eventually, eventuallyPeople, eventuallySent, eventuallyTexts, heldBack, link, say, scene, states } from './harness.mjs';

const away = { isServerGoing: true, daemon: { message_rate: 0 } };
const goTo = (page, room) => page.evaluate((name) => (location.hash = `#/r/${name}`), room);
const written = (page) => page.inputValue('#message');
const asksOnClosing = (page) => page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));

// All that is loaded late is there.
async function loaded(page) {
  await page.click('#room-options');
  await page.waitForSelector('dialog[open]');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
}

scene('what is typed before the room has come is whole in the composer, and is not sent by itself', async ({ visitor, peer }) => {
  const bob = await peer('bob');
  const ana = await visitor();
  const { release, asked } = await heldBack(ana, '**/js/room.js');
  const request = asked();
  await ana.fill('#name', 'ana');
  await ana.keyboard.press('Enter');
  await request;
  await ana.keyboard.type('hello');
  await ana.keyboard.press('Enter');
  await ana.keyboard.type('all');
  assert.equal(await ana.inputValue('#name'), 'ana');
  release();
  await ana.waitForSelector('#chat', { state: 'visible' });
  await eventually(() => written(ana), 'hello\nall');
  await ana.keyboard.type(' of you');
  await ana.keyboard.press('Enter');
  await eventuallySent(ana, ['hello\nall of you']);
  assert.deepEqual(bob.frames.filter(({ type }) => type === 'message').map(({ body }) => body), ['hello\nall of you']);
});

scene('what is typed after a reload goes on where the draft ended', async ({ person }) => {
  const ana = await person('ana');
  await ana.fill('#message', 'no, ');
  const { release, asked } = await heldBack(ana, '**/js/room.js');
  const request = asked();
  await ana.reload({ waitUntil: 'commit' });
  await request;
  await ana.keyboard.type('do not stop');
  release();
  await eventually(() => written(ana), 'no, do not stop');
});

scene('a name typed right after Ctrl+K is in the switcher, and Enter leads there', async ({ person }) => {
  const ana = await person('ana');
  const { release, asked } = await heldBack(ana, '**/later/all.js*');
  const request = asked();
  await ana.keyboard.press('Control+k');
  await request;
  await ana.keyboard.type('kitch');
  release();
  await eventually(() => ana.inputValue('dialog input'), 'kitch');
  await ana.keyboard.type('en');
  await ana.keyboard.press('Enter');
  await eventually(() => ana.textContent('#room-name'), 'kitchen');
});

scene('what is typed early can be corrected, keeps its space, and is not taken from an input method', async ({ person, friend }) => {
  await friend('bob');
  const ana = await person('ana');
  await eventuallyPeople(ana, ['bob', 'ana']);
  await ana.fill('#message', 'hello');
  const { release, asked } = await heldBack(ana, '**/later/all.js*');
  const request = asked();
  await ana.click('button.person');
  await request;
  await ana.keyboard.type(' wxz');
  await ana.keyboard.press('Backspace');
  await ana.keyboard.type('y');
  const isTaken = (more) =>
    ana.evaluate((fields) => !document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...fields })), more);
  assert.equal(await isTaken({ key: 'k', keyCode: 229 }), false);
  assert.equal(await isTaken({ key: 'Enter', isComposing: true }), false);
  release();
  await eventually(() => written(ana), 'hello @bob  wxy');
});

scene('a name for a switcher that does not come is not in the message; and none opens after one has gone', { isServerGoing: true }, async ({ person }) => {
  const ana = await person('ana');
  await ana.fill('#message', 'draft');
  const { release, asked } = await heldBack(ana, '**/later/all.js*');
  const request = asked();
  await ana.keyboard.press('Control+k');
  await request;
  await ana.keyboard.type('dev');
  await eventually(async () => /could not be loaded/.test(await ana.textContent('#message-error')), true);
  assert.equal(await written(ana), 'draft');
  await ana.click('#search-open');
  await ana.click('#leave');
  await ana.waitForSelector('#signin:not([hidden])');
  const come = ana.waitForResponse('**/later/dialog.js*');
  release();
  await (await come).finished();
  await ana.keyboard.press('Control+A');
  await ana.keyboard.type('bea');
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('#chat', { state: 'visible' });
  assert.equal(await ana.locator('dialog').count(), 0);
});

scene('a room is left with all that waits in it: it is not done on coming back', away, async (stage) => {
  const line = await link(stage);
  const bob = await stage.friend('bob', { room: 'tea' });
  const heard = [];
  for (const type of ['message', 'edit']) bob.room.on(type, ({ body }) => heard.push(body));
  const ana = await stage.person('ana', { url: line.url });
  await goTo(ana, 'tea');
  await eventuallyPeople(ana, ['bob', 'ana']);
  await say(ana, 'one');
  await eventuallySent(ana, ['one']);
  await loaded(ana);
  line.freeze();
  await ana.press('#message', 'ArrowUp');
  await ana.fill('#message', 'changed');
  await ana.press('#message', 'Enter');
  await say(ana, 'secret');
  await eventually(() => states(ana), ['changed:sent', 'secret:sending']);
  await ana.click('#room-options');
  await ana.click('dialog button:text-is("Leave this room")');
  await eventually(() => ana.textContent('dialog p'), '2 messages have not been sent yet.');
  await ana.click('dialog button:text-is("Leave and delete them")');
  await eventually(() => ana.textContent('#room-name'), 'lobby');
  assert.equal(await asksOnClosing(ana), false);
  line.heal();
  await eventuallyPeople(ana, ['ana']);
  await say(ana, 'here');
  await eventuallySent(ana, ['here']);
  await goTo(ana, 'tea');
  await eventuallyTexts(ana, ['one']);
  await say(ana, 'two');
  await eventuallySent(ana, ['one', 'two']);
  assert.deepEqual(heard, ['one', 'two']);
});

scene('a name that is refused later: what waits is told, and goes when the name is free', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  line.holdAnswers();
  await say(ana, 'important');
  line.dismiss(4400, { reason: 'No more of this name.' });
  await ana.waitForSelector('.seat');
  assert.equal(await ana.textContent('.seat .error.block'), 'No more of this name.');
  await ana.fill('#seat-name', 'ana2');
  await ana.press('#seat-name', 'Enter');
  assert.match(await ana.textContent('#seat-name-error'), /^Messages of ana are waiting/);
  assert.equal(await asksOnClosing(ana), true);
  await ana.fill('#seat-name', 'ana');
  await ana.press('#seat-name', 'Enter');
  await eventuallySent(ana, ['important']);
});

scene('a room that is refused: what was written for it is its draft', { isServerGoing: true, daemon: { max_rooms: 2 } }, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  await goTo(ana, 'tea');
  await eventually(() => ana.title(), '#tea · hubbub');
  await ana.waitForSelector('#empty:not([hidden])');
  await loaded(ana);
  line.cut();
  await ana.waitForSelector('#status:not(.sr-only)');
  await goTo(ana, 'third');
  await say(ana, 'one', 'two');
  await ana.fill('#message', 'half');
  line.heal();
  await eventually(async () => /as many rooms/.test(await ana.textContent('#message-error')), true);
  assert.equal(await asksOnClosing(ana), false);
  assert.equal(await written(ana), '');
  await ana.click('#room-options');
  await ana.click('dialog button:text-is("Leave this room")');
  await ana.waitForSelector('dialog', { state: 'detached' });
  await goTo(ana, 'third');
  await eventually(() => written(ana), 'one\ntwo\nhalf');
});

scene('a room that is refused on coming back: an edit that waited is its draft, what was sent is not', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  const bob = await stage.friend('bob', { room: 'tea' });
  const heard = [];
  bob.room.on('message', ({ body }) => heard.push(body));
  await goTo(ana, 'tea');
  await eventuallyPeople(ana, ['bob', 'ana']);
  await say(ana, 'one');
  await eventuallySent(ana, ['one']);
  line.cut();
  await ana.waitForSelector('#status:not(.sr-only)');
  await ana.press('#message', 'ArrowUp');
  await ana.fill('#message', 'changed');
  await ana.press('#message', 'Enter');
  await eventuallyTexts(ana, ['changed']);
  await ana.evaluate(() => {
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (text) {
      send.call(this, text.replace('"room":"tea"', `"room":"${'x'.repeat(100)}"`));
    };
  });
  line.heal();
  await eventually(() => ana.textContent('#room-name'), 'lobby');
  await eventually(() => ana.evaluate(() => JSON.parse(sessionStorage['hubbub.draft ana tea'] ?? '{}').text), 'changed');
  assert.equal(await asksOnClosing(ana), false);
  assert.deepEqual(heard, ['one']);
});

scene('an edit that waits is counted, and its text is there after a reload', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  await say(ana, 'one');
  await eventuallySent(ana, ['one']);
  line.cut();
  await ana.press('#message', 'ArrowUp');
  await ana.fill('#message', 'changed');
  await ana.press('#message', 'Enter');
  await eventually(async () => /1 message is waiting/.test(await ana.textContent('#status')), true);
  line.heal();
  await eventuallySent(ana, ['changed']);
  await eventually(() => asksOnClosing(ana), false);
  line.freeze();
  await ana.press('#message', 'ArrowUp');
  await ana.fill('#message', 'changed again');
  await ana.press('#message', 'Enter');
  await eventuallyTexts(ana, ['changed again']);
  await ana.evaluate(() => (BeforeUnloadEvent.prototype.preventDefault = () => {})); // as if one said yes
  line.heal();
  await ana.reload();
  await eventually(async () => ['changed again', ''].includes(await written(ana)), true);
  await eventuallyPeople(ana, ['ana']);
  assert.equal((await written(ana)) || (await ana.textContent('.bubble')), 'changed again');
});

scene('the list of names takes nothing of what stands behind the name', async ({ person, friend }) => {
  await friend('bob');
  const ana = await person('ana');
  await ana.fill('#message', ' please do not lose this');
  await ana.press('#message', 'Home');
  await ana.keyboard.type('@b');
  await ana.waitForSelector('#suggestions:not([hidden])');
  await ana.keyboard.press('End');
  await ana.keyboard.press('Enter');
  await eventuallySent(ana, ['@b please do not lose this']);
  await ana.press('#message', 'ArrowUp');
  await ana.keyboard.type(' @bo');
  await ana.waitForSelector('#suggestions:not([hidden])');
  await ana.keyboard.press('Control+Enter');
  await eventuallySent(ana, ['@b please do not lose this @bo']);
  assert.deepEqual([await written(ana), await ana.isVisible('#context')], ['', false]);
});

scene('what one says far from the end, without a link, stands there at once', away, async (stage) => {
  const line = await link(stage);
  const bob = await stage.friend('bob');
  for (let i = 0; i < 600; i += 50)
    await Promise.all(Array.from({ length: 50 }, (_, k) => bob.say(i + k === 5 ? 'needle' : `m${i + k}`)));
  const ana = await stage.person('ana', { url: line.url });
  await ana.click('#search-open');
  await ana.fill('dialog input[type="text"]', 'needle');
  await ana.click('.hit');
  await ana.waitForSelector('.flash');
  line.cut();
  await ana.waitForSelector('#status:not(.sr-only)');
  await say(ana, 'my own words');
  await eventually(async () => (await states(ana)).at(-1), 'my own words:queued');
  line.heal();
  await eventually(async () => (await states(ana)).at(-1), 'my own words:sent');
});

scene('held Enter answers no question', async ({ person }) => {
  const ana = await person('ana');
  await say(ana, 'mine');
  await eventuallySent(ana, ['mine']);
  await loaded(ana);
  await ana.focus('.mine article');
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('dialog.menu');
  await ana.keyboard.press('ArrowUp'); // to the last: Delete
  for (let i = 0; i < 5; i++) await ana.keyboard.down('Enter');
  await ana.waitForSelector('dialog.small');
  for (let i = 0; i < 5; i++) await ana.keyboard.down('Enter');
  await ana.keyboard.up('Enter');
  assert.equal(await ana.textContent('dialog .muted'), 'mine');
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('.deleted');
});

scene('back, with a menu open, closes it: its message is not of the other room', async ({ person }) => {
  const ana = await person('ana');
  await goTo(ana, 'tea');
  await eventually(() => ana.title(), '#tea · hubbub');
  await say(ana, 'of tea');
  await eventuallySent(ana, ['of tea']);
  await ana.press('article', 'Enter');
  await ana.waitForSelector('dialog.menu');
  await ana.goBack();
  await ana.waitForSelector('dialog', { state: 'detached' });
  await eventually(() => ana.textContent('#room-name'), 'lobby');
  await ana.goForward();
  await eventually(() => ana.textContent('#room-name'), 'tea');
  await ana.click('#room-options');
  await ana.click('dialog button:text-is("Leave this room")');
  await eventually(() => ana.textContent('#room-name'), 'lobby');
  await ana.goBack();
  assert.deepEqual(await ana.$$eval('.room-link-name', (all) => all.map((one) => one.textContent)), ['lobby']);
});
