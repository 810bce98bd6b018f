import assert from 'node:assert/strict';
import { eventually, eventuallySent, eventuallyTexts, heldBack, link, noLimits, say, scene, states, texts } from './harness.mjs';

const article = (page, text) => page.locator('article', { has: page.locator(`[id$="-body"]:text-is("${text}")`) });
const chips = (page) =>
  page.$$eval('.chip:not(.add)', (all) => all.map((one) => `${one.getAttribute('aria-label')} ${one.getAttribute('aria-pressed')}`));

async function choose(page, text, what) {
  await article(page, text).hover();
  await page.click('.tools [data-what="more"]');
  await page.click(`.menu-list button:text-is("${what}")`);
}

scene('edit: the last one by the arrow, any own one by the menu; seen by all, the draft comes back', async ({ person }) => {
  const ana = await person('ana');
  const bob = await person('bob');
  await say(ana, 'helo', 'second');
  for (const page of [ana, bob]) await eventuallySent(page, ['helo', 'second']);
  await ana.keyboard.press('ArrowUp');
  assert.equal(await ana.inputValue('#message'), 'second');
  assert.match(await ana.textContent('#context'), /Editing.*Esc cancels/s);
  await ana.keyboard.press('Escape');
  assert.equal(await ana.inputValue('#message'), '');
  await ana.fill('#message', 'a draft');
  await choose(ana, 'helo', 'Edit');
  await ana.waitForSelector('dialog', { state: 'detached' });
  await eventually(() => ana.inputValue('#message'), 'helo');
  await ana.fill('#message', 'hello');
  await ana.keyboard.press('Enter');
  assert.equal(await ana.inputValue('#message'), 'a draft');
  for (const page of [ana, bob]) await eventuallyTexts(page, ['hello', 'second']);
  for (const page of [ana, bob]) await eventually(() => page.locator('.edited').allTextContents(), ['edited']);
  await bob.click('.edited');
  assert.match(await bob.textContent('dialog[open]'), /Written.*Last edited/s);
  await bob.reload();
  await eventuallyTexts(bob, ['hello', 'second']);
});

scene('delete: asked first; then a row says so, to all and after a reload', async ({ person }) => {
  const ana = await person('ana');
  const bob = await person('bob');
  await say(ana, 'one', 'two');
  await eventuallySent(ana, ['one', 'two']);
  await choose(ana, 'one', 'Delete');
  await ana.click('dialog button:text-is("Cancel")');
  assert.deepEqual(await texts(ana), ['one', 'two']);
  await ana.keyboard.press('ArrowUp');
  await ana.fill('#message', '');
  await ana.keyboard.press('Enter');
  await ana.click('dialog button.primary');
  for (const page of [ana, bob]) await eventuallyTexts(page, ['one', 'Message deleted']);
  await bob.reload();
  await eventuallyTexts(bob, ['one', 'Message deleted']);
  assert.equal(await bob.locator('.deleted .tools, .deleted .chip').count(), 0);
});

scene('reactions: by the tools, by the chip, by the keyboard; counted for everybody', async ({ person }) => {
  const ana = await person('ana');
  const bob = await person('bob');
  await say(ana, 'hello');
  await eventuallyTexts(bob, ['hello']);
  await article(bob, 'hello').hover();
  await bob.click('.tools [data-what="react"]');
  await bob.click('.quick button >> nth=0');
  await eventually(() => chips(ana), ['👍 1, bob false']);
  await eventually(() => chips(bob), ['👍 1, you true']);
  await ana.click('.chip');
  await eventually(() => chips(bob), ['👍 2, you and ana true']);
  await bob.click('.chip');
  await eventually(() => chips(ana), ['👍 1, you true']);
  await article(ana, 'hello').focus();
  await ana.keyboard.press('+');
  await ana.fill('dialog input', '🦊');
  await ana.keyboard.press('Enter');
  await eventually(() => chips(bob), ['👍 1, ana false', '🦊 1, ana false']);
  await bob.reload();
  await eventually(() => chips(bob), ['👍 1, ana false', '🦊 1, ana false']);
});

scene('what one may not do is taken back, with the reason', async ({ visitor, person, friend }) => {
  const ana = await person('ana');
  const bob = await friend('bob');
  const { id } = await bob.say('mine');
  await eventuallyTexts(ana, ['mine']);
  // What the page would not let one do, done all the same.
  await bob.room.delete(id);
  await ana.waitForSelector('.deleted');
  await say(ana, 'hello');
  await eventuallySent(ana, ['Message deleted', 'hello']);
  await assert.rejects(bob.room.edit(id, 'x'), { code: 'unknown_message' });
  assert.ok(visitor);
});

scene('an answer shows what it answers, and leads there', { daemon: { message_rate: 0 } }, async ({ person, friend }) => {
  const bob = await friend('bob');
  const { id } = await bob.say('What is the plan?');
  for (let i = 0; i < 150; i++) await bob.say(`filler ${i}`);
  await bob.say('This one', id);
  const ana = await person('ana');
  await eventually(async () => (await texts(ana)).at(-1), 'This one');
  assert.match(await ana.textContent('.quote'), /earlier message/);
  await ana.click('.quote');
  await ana.waitForSelector('.message.flash');
  assert.equal(await ana.textContent('.message.flash .bubble'), 'What is the plan?');
  await eventually(() => ana.evaluate(() => document.activeElement.querySelector('.bubble')?.textContent), 'What is the plan?');
  await ana.keyboard.press('r');
  assert.match(await ana.textContent('#context'), /Replying to bob.*What is the plan/s);
  await ana.keyboard.type('Tea');
  await ana.keyboard.press('Enter');
  await eventually(async () => (await texts(ana)).at(-1), 'Tea');
  await eventually(() => ana.locator('.quote').last().textContent(), 'In reply to bob What is the plan?');
  await eventually(async () => (await states(ana)).at(-1), 'Tea:sent'); // or the page asks before it goes
  await ana.reload();
  await eventually(async () => (await texts(ana)).at(-1), 'Tea');
});

scene('changes made without a connection are seen at once, and made once', { isServerGoing: true }, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  const bob = await stage.person('bob');
  await say(ana, 'one');
  await eventuallySent(bob, ['one']);
  line.cut();
  await ana.waitForSelector('#status:not(.sr-only)');
  await ana.keyboard.press('ArrowUp');
  await ana.fill('#message', 'ONE');
  await ana.keyboard.press('Enter');
  await say(ana, 'two');
  await eventually(() => states(ana), ['ONE:sent', 'two:queued']);
  line.heal();
  await ana.click('#retry').catch(() => {});
  await eventuallySent(bob, ['ONE', 'two']);
  await eventuallySent(ana, ['ONE', 'two']);
});

scene('names after an @: by keyboard and by mouse; who is mentioned sees it', async ({ person }) => {
  const ana = await person('ana');
  const bob = await person('Bob Loblaw');
  await person('bea');
  await eventually(async () => (await ana.$$('.person')).length, 3);
  await ana.focus('#message');
  await ana.keyboard.type('hey @b');
  await eventually(() => ana.locator('#suggestions li').allTextContents(), ['BLBob Loblaw', 'Bbea']);
  assert.equal(await ana.getAttribute('#message', 'aria-activedescendant'), 'suggestion-0');
  await ana.keyboard.press('Enter');
  assert.equal(await ana.inputValue('#message'), 'hey @Bob Loblaw ');
  await ana.keyboard.type('look');
  await ana.keyboard.press('Enter');
  await eventuallyTexts(bob, ['hey @Bob Loblaw look']);
  assert.equal(await bob.locator('.for-me').count(), 1);
  assert.equal(await ana.locator('.for-me').count(), 0);
});

scene('typing is told, not spoken, and over with the message', async ({ person }) => {
  const ana = await person('ana');
  const bob = await person('bob');
  await bob.focus('#message');
  await bob.keyboard.type('he');
  await eventually(() => ana.textContent('#typing'), 'bob is typing…');
  assert.equal(await bob.textContent('#typing'), '');
  assert.equal(await ana.locator('[aria-live] #typing, #announcer:has-text("typing")').count(), 0);
  await bob.keyboard.press('Enter');
  await eventuallyTexts(ana, ['he']);
  await eventually(() => ana.textContent('#typing'), '');
  await eventually(async () => {
    await bob.keyboard.type('.'); // it is passed on every three seconds
    return ana.textContent('#typing');
  }, 'bob is typing…');
  await eventually(() => ana.textContent('#typing'), '');
});

scene('a refused edit and a refused reaction are taken back, with the reason', async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url, script: noLimits });
  const bob = await stage.person('bob');
  const reason = () => ana.textContent('#message-error');
  await say(ana, 'hello');
  for (const page of [ana, bob]) await eventuallySent(page, ['hello']);
  line.holdAnswers();
  await ana.keyboard.press('ArrowUp');
  await ana.fill('#message', 'w'.repeat(20_000));
  await ana.keyboard.press('Enter');
  await eventuallyTexts(ana, ['w'.repeat(20_000)]);
  line.passAnswers();
  await eventually(async () => /^That did not work: .*/.test(await reason()), true);
  await eventuallyTexts(ana, ['hello']);
  assert.equal(await ana.inputValue('#message'), 'w'.repeat(20_000));
  assert.equal(await ana.locator('.edited').count(), 0);
  await article(ana, 'hello').focus();
  await ana.keyboard.press('+');
  await ana.fill('dialog input', '\u202ex');
  line.holdAnswers();
  await ana.keyboard.press('Enter');
  await eventually(async () => (await chips(ana)).length, 1);
  line.passAnswers();
  await eventually(async () => /^That did not work: .*emoji/.test(await reason()), true);
  await eventually(() => chips(ana), []);
  await say(ana, 'still fine');
  await eventuallyTexts(bob, ['hello', 'still fine']);
  assert.deepEqual(await chips(bob), []);
});

scene('what opens over the page and cannot be loaded: said, and tried again', { isServerGoing: true }, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  await say(ana, 'hello');
  await eventuallySent(ana, ['hello']);
  line.cut();
  await article(ana, 'hello').focus();
  await ana.keyboard.press('Enter');
  await eventually(() => ana.textContent('#message-error'), 'This could not be loaded: the server cannot be reached. Try again');
  await ana.click('#message-error button');
  await eventually(() => ana.textContent('#message-error'), 'This could not be loaded: the server cannot be reached. Try again');
  line.heal();
  await ana.click('#message-error button');
  await ana.waitForSelector('dialog[open] .menu-list');
  assert.equal(await ana.textContent('#message-error'), '');
});

scene('the tools over a message come with the first mouse; after a failure, with the next message', { isServerGoing: true }, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  const bob = await stage.peer('bob');
  await say(ana, 'one');
  await eventuallySent(ana, ['one']);
  bob.say('two');
  await eventuallyTexts(ana, ['one', 'two']);
  const tools = () => ana.$$eval('.tools', (all) => all.map((one) => one.closest('article').querySelector('.bubble').textContent));
  const titles = () => ana.$$eval('.tools button', (all) => all.map((one) => one.title));
  line.cut();
  const failed = ana.waitForEvent('requestfailed');
  await article(ana, 'one').hover();
  await failed;
  assert.deepEqual(await tools(), []);
  line.heal();
  await article(ana, 'two').hover();
  await eventually(tools, ['two']);
  assert.equal(await ana.textContent('#message-error'), '', 'nobody had asked for them');
  assert.deepEqual(await titles(), ['React', 'Reply', 'More']);
  await article(ana, 'one').hover();
  await eventually(tools, ['one']);
  assert.deepEqual(await titles(), ['React', 'Reply', 'Edit', 'More']);
  await ana.click('.tools [data-what="reply"]');
  assert.equal(await ana.evaluate(() => document.activeElement.id), 'message');
  await ana.hover('.room-head');
  await eventually(tools, []);
});

scene('an answer to what is far back leads there without all that is between, and back', { daemon: { message_rate: 0 } }, async ({ person, friend }) => {
  const bob = await friend('bob');
  const { id } = await bob.say('Long ago');
  for (let i = 0; i < 600; i += 40) await Promise.all(Array.from({ length: 40 }, (_, k) => bob.say(`filler ${i + k}`)));
  await bob.say('That one', id);
  const ana = await person('ana');
  await eventually(async () => (await texts(ana)).at(-1), 'That one');
  await ana.evaluate(() => {
    globalThis.asked = [];
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (text) {
      const frame = JSON.parse(text);
      if (frame.type === 'history') globalThis.asked.push(frame.id ?? 'another page');
      return send.call(this, text);
    };
  });
  await ana.click('.quote');
  await ana.waitForSelector('.message.flash');
  assert.equal(await ana.textContent('.message.flash .bubble'), 'Long ago');
  assert.deepEqual((await ana.evaluate(() => globalThis.asked)).slice(0, 2), ['another page', id]);
  assert.ok(!(await texts(ana)).includes('filler 500'));
  await ana.click('#pill');
  await eventually(async () => (await texts(ana)).at(-1), 'That one');
});

scene('what is typed on while the switcher is loading goes there, and it opens once', async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  const { release, asked } = await heldBack(ana, '**/later/all.js*');
  const request = asked();
  await ana.focus('#message');
  await ana.keyboard.press('Control+k');
  await request;
  await ana.keyboard.type('tea');
  await ana.keyboard.press('Enter');
  await ana.keyboard.press('Control+k');
  assert.equal(await ana.inputValue('#message'), '');
  release();
  await ana.waitForSelector('dialog.switcher');
  assert.equal(await ana.locator('dialog').count(), 1);
  assert.equal(await ana.inputValue('dialog input'), 'tea');
  await ana.keyboard.press('Escape');
  await ana.waitForSelector('dialog', { state: 'detached' });
  await say(ana, 'after it');
  await eventuallySent(ana, ['after it']);
  await eventually(() => bob.frames.filter(({ type }) => type === 'message').map(({ body }) => body), ['after it']);
  assert.equal(await ana.locator('dialog').count(), 0);
});

scene('two clicks while the search is loading open it once', async ({ person }) => {
  const ana = await person('ana');
  const { release, asked } = await heldBack(ana, '**/later/all.js*');
  const request = asked();
  await ana.click('#search-open');
  await request;
  await ana.click('#search-open');
  release();
  await ana.waitForSelector('dialog.search');
  assert.equal(await ana.locator('dialog').count(), 1);
  await ana.keyboard.press('Escape');
  await ana.waitForSelector('dialog', { state: 'detached' });
  assert.equal(await ana.locator('dialog').count(), 0);
});

scene('Delete after an arrow is about the message that the arrow led to, also while that is loading', async ({ person }) => {
  const ana = await person('ana');
  await say(ana, 'one', 'two', 'three');
  await eventuallySent(ana, ['one', 'two', 'three']);
  const { release, asked } = await heldBack(ana, '**/later/all.js*');
  const request = asked();
  await article(ana, 'three').focus();
  await ana.keyboard.press('ArrowUp');
  await request;
  await ana.keyboard.press('Delete');
  release();
  await ana.waitForSelector('dialog[open]');
  assert.equal(await ana.textContent('dialog p >> nth=0'), 'two');
  await ana.click('dialog button.primary');
  await eventuallyTexts(ana, ['one', 'Message deleted', 'three']);
});

scene('a double click leaves open what it opened', async ({ person }) => {
  const ana = await person('ana');
  await ana.click('#settings-open');
  await ana.waitForSelector('dialog[open]');
  await ana.keyboard.press('Escape');
  await ana.waitForSelector('dialog', { state: 'detached' });
  await ana.dblclick('#settings-open');
  await ana.waitForSelector('dialog[open]');
  assert.equal(await ana.locator('dialog').count(), 1);
  await ana.mouse.click(5, 5); // a single one beside it closes it
  await ana.waitForSelector('dialog', { state: 'detached' });
});
