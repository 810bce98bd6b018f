// What somebody has begun, or is doing, is not taken away by what happens beside it.
import assert from 'node:assert/strict';
import { eventually, eventuallySent, eventuallyTexts, link, noLimits, readLog, say, scene, scrollUp, stillness, texts } from './harness.mjs';

const quick = { daemon: { message_rate: 0 } };
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.tagName);
const goTo = (page, room) => page.evaluate((name) => (location.hash = `#/r/${name}`), room);
const lastText = async (page) => (await readLog(page)).at(-1)?.body;

async function many(friend, n) {
  for (let i = 0; i < n; i += 40) await Promise.all(Array.from({ length: Math.min(40, n - i) }, (_, k) => friend.say(`${i + k} said`)));
}

scene('who scrolls goes on, whatever size the log gets meanwhile', quick, async ({ person, friend }) => {
  const bob = await friend('bob');
  await many(bob, 100);
  const ana = await person('ana');
  await eventually(() => lastText(ana), '99 said');
  await scrollUp(ana, 1);
  await eventually(async () => (await texts(ana))[0], '0 said'); // no page comes from above meanwhile
  await stillness(ana);
  // Once it is at rest the tab stop is in sight.
  await ana.waitForFunction(() => {
    const { top, bottom } = document.getElementById('log').getBoundingClientRect();
    const stop = document.querySelector('article[tabindex="0"]').getBoundingClientRect();
    return stop.top > top && stop.bottom < bottom;
  });
  const back = await ana.evaluate(async () => {
    const log = document.getElementById('log');
    const place = () => log.scrollHeight - log.scrollTop - log.clientHeight;
    const frame = () => new Promise(requestAnimationFrame);
    let most = 0;
    for (let i = 0; i < 40; i++) {
      log.scrollTop -= 15;
      const before = log.scrollTop;
      if (i % 10 === 5) document.getElementById('typing').style.setProperty('height', `${i}px`);
      await frame();
      await frame();
      most = Math.max(most, Math.abs(log.scrollTop - before));
    }
    return { most, isUp: place() > 300 };
  });
  assert.deepEqual(back, { most: 0, isUp: true });
});

scene('the focus is the log\'s when what was pressed goes away', { ...quick, isServerGoing: true }, async (stage) => {
  const line = await link(stage);
  const bob = await stage.friend('bob');
  const ana = await stage.person('ana', { url: line.url });
  line.cut();
  await many(bob, 40);
  await ana.waitForSelector('#retry', { state: 'visible' });
  line.heal();
  await ana.focus('#retry');
  await ana.keyboard.press('Enter');
  await eventually(() => lastText(ana), '39 said');
  assert.equal(await focused(ana), 'log');
  await eventually(() => ana.textContent('#pill-top-text'), '40 unread');
  await ana.focus('#pill-top');
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('#pill-top', { state: 'hidden' });
  assert.equal(await focused(ana), 'log');
});

scene('a refused edit gives its text to the room it was of', async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url, script: noLimits });
  await stage.person('bob');
  const long = 'w'.repeat(20_000);
  await say(ana, 'hello');
  await eventuallySent(ana, ['hello']);
  line.holdAnswers();
  await ana.keyboard.press('ArrowUp');
  await ana.fill('#message', long);
  await ana.keyboard.press('Enter');
  await ana.fill('#message', 'begun');
  await goTo(ana, 'tea');
  await eventually(() => ana.textContent('#room-name'), 'tea');
  line.passAnswers();
  await eventually(async () => /^That did not work: ./.test(await ana.textContent('#message-error')), true);
  assert.equal(await ana.inputValue('#message'), '');
  await goTo(ana, 'lobby');
  await eventually(() => ana.inputValue('#message'), `${long}\nbegun`);
});

scene('to sign out with a change that waits asks first', { isServerGoing: true }, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  await say(ana, 'one');
  await eventuallySent(ana, ['one']);
  await ana.hover('.bubble');
  await ana.waitForSelector('.tools'); // the dialogs are here
  line.cut();
  await ana.waitForSelector('#status:not(.sr-only)');
  await ana.press('#message', 'ArrowUp');
  await ana.fill('#message', 'two');
  await ana.keyboard.press('Enter');
  await eventuallyTexts(ana, ['two']);
  await ana.click('#leave');
  await ana.click('dialog button:text-is("Cancel")');
  assert.ok(await ana.isVisible('#chat'));
  line.heal();
  await eventually(async () => (await readLog(ana))[0].body, 'two');
});

scene('the arrow edits the newest of all that one has said, wherever one reads', quick, async ({ person, friend }) => {
  const ana = await person('ana');
  const bob = await friend('bob');
  await say(ana, 'my oldest');
  await eventuallySent(ana, ['my oldest']);
  await many(bob, 400);
  await say(ana, 'my newest');
  await ana.waitForSelector('.mine[data-state="sent"] .bubble:text-is("my newest")');
  await ana.reload();
  await eventually(() => lastText(ana), 'my newest');
  await ana.click('#search-open');
  await ana.waitForSelector('dialog.search');
  await ana.keyboard.type('oldest');
  await ana.click('.hit');
  await ana.waitForSelector('.message.flash');
  await ana.press('#message', 'ArrowUp');
  await eventually(() => ana.inputValue('#message'), 'my newest');
});

scene('one message is copied as it is', async ({ person, peer }) => {
  const ana = await person('ana');
  const bob = await peer('bob');
  bob.say('https://example.org/');
  await eventuallyTexts(ana, ['https://example.org/']);
  await ana.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await ana.focus('article');
  await ana.keyboard.press('c');
  await eventually(() => ana.textContent('#alert'), 'Copied.');
  assert.equal(await ana.evaluate(() => navigator.clipboard.readText()), 'https://example.org/');
});

scene('two windows keep each other\'s settings', async ({ person, peer }) => {
  const ana = await person('ana');
  await peer('bob');
  await ana.evaluate(() => localStorage.setItem('hubbub.settings', JSON.stringify({ enterSends: true })));
  await ana.click('#settings-open');
  await ana.click('label:has-text("Play a sound")');
  assert.deepEqual(await ana.evaluate(() => JSON.parse(localStorage.getItem('hubbub.settings'))), { enterSends: true, sound: true });
});
