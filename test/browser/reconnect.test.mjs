import assert from 'node:assert/strict';
import { start } from '../support/daemon.mjs';
import {
  eventually,
  eventuallyPeople,
  eventuallySent,
  eventuallyTexts,
  link,
  noLimits,
  say,
  scene,
  setHidden,
  signIn,
  states,
  texts,
} from './harness.mjs';

const away = { isServerGoing: true };
const bar = (page) =>
  page.evaluate(() => {
    const status = document.getElementById('status');
    return status.matches('.sr-only') ? '' : document.getElementById('status-text').textContent;
  });
// From here on the page's time passes by runFor() alone.
const stopClock = (page) => page.clock.pauseAt(Date.now() + 10_000);
const isQuiet = (page) => eventually(() => bar(page), '');
const details = (page) => page.$$eval('.notice', (all) => all.map((one) => one.textContent));

scene(
  'a restart of the server: told, then back, with log and draft, and what was said before is there',
  away,
  async ({ person, daemon, later }) => {
    const ana = await person('ana');
    const bob = await person('bob');
    await say(ana, 'before');
    await eventuallyTexts(bob, ['before']);
    await ana.fill('#message', 'a draft');
    assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
    for (const page of [ana, bob]) await eventually(() => bar(page), 'The server is restarting.');
    assert.equal(await ana.isEnabled('#message'), true);

    const again = await start({ ...daemon.options, port: daemon.port });
    later(() => again.stop());
    for (const page of [ana, bob]) await eventually(async () => (await page.$$('.person')).length, 2);
    await isQuiet(ana);
    assert.equal(await ana.inputValue('#message'), 'a draft');
    await say(bob, 'after');
    await eventuallySent(ana, ['before', 'after']);
    await eventuallySent(bob, ['before', 'after']);
    const eve = await person('eve', { url: again.url });
    await eventuallySent(eve, ['before', 'after']);
  },
);

scene(
  'a restart that loses the log says so, and what is on the page stays',
  { ...away, daemon: { journal: 'memory' } },
  async ({ person, daemon, later }) => {
    const ana = await person('ana');
    await say(ana, 'before');
    await eventuallySent(ana, ['before']);
    await daemon.stop();
    const again = await start({ ...daemon.options, port: daemon.port });
    later(() => again.stop());
    await ana.waitForSelector('.gap');
    assert.match(await ana.textContent('.gap'), /may be missing/);
    await say(ana, 'after');
    await eventuallySent(ana, ['before', 'after']);
  },
);

// Longer than this test takes on a slow machine.
const patient = { ...away, daemon: { hold_time: '2m' } };

scene('a cut line: nothing is lost or doubled, in either direction', patient, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  const bob = await stage.person('bob');
  await say(ana, 'before');
  await eventuallySent(bob, ['before']);
  line.cut();
  await eventually(() => bar(ana), 'Connection lost.');
  await say(ana, 'one', 'two', 'three');
  await eventually(() => states(ana), ['before:sent', 'one:queued', 'two:queued', 'three:queued']);
  await eventually(
    () => ana.$$eval('.state:not(:empty)', (all) => all.map((one) => one.textContent)),
    Array(3).fill('Queued'),
  );
  const missed = Array.from({ length: 50 }, (_, i) => `missed ${i}`);
  await say(bob, ...missed);
  await eventuallySent(bob, ['before', ...missed]);
  line.heal();
  await ana.click('#retry').catch(() => {}); // it may have come back by itself just now
  const all = ['before', ...missed, 'one', 'two', 'three'];
  await eventuallySent(ana, all);
  await eventuallySent(bob, all);
  assert.equal(await ana.locator('.gap').count(), 0);
  await eventuallyPeople(bob, ['ana', 'bob']);
  assert.deepEqual((await details(bob)).filter((text) => /left/.test(text)), [], 'nobody has noticed');
});

scene('an ack that is lost: the message is sent again, and is there once', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.visitor({ url: line.url });
  await ana.clock.install();
  await signIn(ana, 'ana');
  const bob = await stage.person('bob');
  await stopClock(ana);
  line.lose((text) => /"(ack|message)"/.test(text));
  await say(ana, 'once', 'and then');
  await ana.clock.runFor(100); // for a frame to be drawn
  await eventuallySent(bob, ['once']);
  await eventually(() => states(ana), ['once:sending', 'and then:queued']);
  line.lose(() => false);
  await ana.clock.runFor(11_000);
  await ana.clock.resume();
  await eventuallySent(ana, ['once', 'and then']);
  await eventuallySent(bob, ['once', 'and then']);
  await ana.reload();
  await eventuallySent(ana, ['once', 'and then']);
});

scene('a frozen line is noticed when its message has no ack; nothing goes out of order', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.visitor({ url: line.url });
  const bob = await stage.person('bob');
  await ana.clock.install();
  await signIn(ana, 'ana');
  await stopClock(ana);
  line.freeze();
  await say(ana, 'hello?', 'anybody?');
  await ana.clock.runFor(100); // for a frame to be drawn
  await eventually(() => states(ana), ['hello?:sending', 'anybody?:queued']);
  await ana.clock.runFor(9_000);
  assert.equal(await bar(ana), '');
  line.healUnheard(); // the daemon holds the old connection still
  await ana.clock.runFor(3_000);
  await ana.clock.resume();
  await eventuallySent(ana, ['hello?', 'anybody?']);
  await eventuallySent(bob, ['hello?', 'anybody?']);
  await eventuallyPeople(bob, ['bob', 'ana']);
  assert.deepEqual((await details(bob)).filter((text) => /left/.test(text)), []);
});

scene('a frozen line is noticed on coming back to the tab, never behind its back', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.visitor({ url: line.url });
  await ana.clock.install();
  await signIn(ana, 'ana');
  await setHidden(ana, true);
  line.freeze();
  await ana.clock.runFor(300_000);
  assert.equal(await bar(ana), '');
  await setHidden(ana, false);
  await ana.clock.resume();
  await eventually(() => bar(ana), 'Connection lost.');
  line.heal();
  await ana.click('#retry').catch(() => {});
  await isQuiet(ana);
});

scene('the countdown falls, is spoken once, and "Try now" is now', away, async (stage) => {
  const ana = await stage.visitor();
  await ana.clock.install();
  await ana.evaluate(() => (Math.random = () => 0.999));
  await signIn(ana, 'ana');
  await stopClock(ana);
  assert.ok(await ana.$eval('#status [role="status"]', (region) => region.checkVisibility()), 'what is spoken has its place before');
  await ana.evaluate(() => {
    globalThis.spoken = [];
    const region = document.querySelector('#status [role="status"]');
    new MutationObserver(() => {
      const copy = region.cloneNode(true);
      for (const silent of copy.querySelectorAll('[aria-hidden="true"]')) silent.remove();
      if (globalThis.spoken.at(-1) !== copy.textContent) globalThis.spoken.push(copy.textContent);
    }).observe(region, { childList: true, characterData: true, subtree: true });
  });
  stage.daemon.child.kill('SIGKILL');
  await stage.daemon.exit;
  const detail = () => ana.textContent('#status-detail');
  const seconds = async () => Number((await detail()).match(/in (\d+) s/)?.[1] ?? 0);
  for (let i = 0; i < 200 && (await seconds()) < 7; i++) {
    await ana.clock.runFor(500);
    await ana.evaluate(() => fetch('icon.svg').catch(() => {})); // lets a refused try come back
  }
  const from = await seconds();
  assert.ok(from >= 7, await detail());
  await ana.clock.runFor(2_100);
  assert.equal(await seconds(), from - 2);
  assert.deepEqual(await ana.evaluate(() => globalThis.spoken), ['Connection lost.']);

  const again = await start({ ...stage.daemon.options, port: stage.daemon.port });
  stage.later(() => again.stop());
  assert.equal(await seconds(), from - 2);
  await ana.clock.resume();
  await ana.click('#retry');
  await eventually(() => bar(ana), 'Back online');
  await eventually(() => bar(ana), '');
});

scene('offline is said as such, and over when the network is back', away, async ({ person }) => {
  const ana = await person('ana');
  await ana.context().setOffline(true);
  await eventually(() => bar(ana), 'You are offline. Messages will be sent when you are back.');
  await say(ana, 'later');
  await eventually(() => states(ana), ['later:queued']);
  await ana.context().setOffline(false);
  await eventually(() => states(ana), ['later:sent']);
});

scene('keys lead to other rooms and regions without a link, whatever has been loaded', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: `${line.url}#/r/ops` });
  await ana.evaluate(() => (location.hash = '#/r/lobby'));
  await eventually(() => ana.textContent('#room-name'), 'lobby');
  line.cut();
  await ana.waitForSelector('#status:not(.sr-only)');
  await ana.keyboard.press('Alt+ArrowUp');
  await eventually(() => ana.textContent('#room-name'), 'ops');
  await ana.keyboard.press('Alt+ArrowDown');
  await eventually(() => ana.textContent('#room-name'), 'lobby');
  const region = () => ana.evaluate(() => document.activeElement.closest('#rooms, #log, #message, #people')?.id);
  const seen = [];
  for (const key of ['F6', 'F6', 'F6', 'F6', 'Shift+F6', 'Shift+F6']) {
    await ana.keyboard.press(key);
    seen.push(await region());
  }
  await ana.focus('.send');
  await ana.keyboard.press('F6');
  assert.equal(await region(), 'people');
  assert.deepEqual(seen, ['people', 'rooms', 'log', 'message', 'log', 'rooms']);
  assert.equal(await ana.textContent('#message-error'), '');
});

const reason = (page) => page.textContent('.seat .error.block');

scene('joined from elsewhere: a sign-in panel over the log, nothing is tried, and back with the draft', away, async (stage) => {
  const ana = await stage.person('ana');
  await say(ana, 'mine');
  await eventuallySent(ana, ['mine']);
  await ana.fill('#message', 'a draft');
  const kept = await ana.evaluate(() => Object.entries(sessionStorage));
  const again = await stage.visitor();
  await again.evaluate((entries) => entries.forEach(([key, value]) => sessionStorage.setItem(key, value)), kept);
  await again.reload();
  await eventuallySent(again, ['mine']);
  await eventually(() => reason(ana), 'You have connected again from somewhere else.');
  assert.deepEqual(await texts(ana), ['mine']);
  assert.equal(await ana.getAttribute('#message', 'readonly'), '');
  assert.equal(await ana.inputValue('#seat-name'), 'ana');
  const boxes = await Promise.all(['.seat', '#log'].map((one) => ana.locator(one).boundingBox()));
  assert.ok(boxes[0].y >= boxes[1].y && boxes[0].y + boxes[0].height <= boxes[1].y + boxes[1].height, 'over the log');
  await eventuallyPeople(again, ['ana']);

  await ana.click('.seat button:text-is("Join")');
  await ana.waitForSelector('.seat', { state: 'detached' });
  await again.waitForSelector('.seat');
  assert.equal(await ana.evaluate(() => document.activeElement.id), 'log');
  await ana.keyboard.press('Enter');
  assert.equal(await ana.inputValue('#message'), 'a draft');
  await ana.press('#message', 'Enter');
  await eventuallySent(ana, ['mine', 'a draft']);

  await again.fill('#seat-name', ' ');
  await again.press('#seat-name', 'Enter');
  assert.equal(await again.textContent('#seat-name-error'), 'Please choose a name.');
  await say(ana, 'more');
  await eventuallySent(ana, ['mine', 'a draft', 'more']);
  await again.click('#seat-name', { clickCount: 3 });
  await again.keyboard.type('anna');
  await again.keyboard.press('Enter');
  await again.waitForSelector('.seat', { state: 'detached' });
  await eventuallyPeople(again, ['ana', 'anna']);
  await say(again, 'somebody else');
  await eventuallySent(ana, ['mine', 'a draft', 'more', 'somebody else']);
});

scene('a name that is refused later closes what was open, and nobody was offline; unsent messages go before another name comes', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  await ana.click('#settings-open');
  await ana.waitForSelector('dialog[open]');
  line.dismiss(4400, { reason: 'No more of this name.' });
  await eventually(() => ana.textContent('#name-error'), 'No more of this name.');
  await ana.waitForSelector('dialog', { state: 'detached' });
  assert.equal(await ana.evaluate(() => document.activeElement.id), 'name');
  await ana.evaluate(() => {
    globalThis.told = [];
    const status = document.getElementById('status-text');
    new MutationObserver(() => globalThis.told.push(status.textContent)).observe(status, { childList: true });
  });
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('#chat', { state: 'visible' });
  line.holdAnswers();
  await say(ana, 'one', 'two');
  line.dismiss(4401, { reason: 'Your sign-in is over.' });
  await ana.fill('#seat-name', 'zed');
  await ana.press('#seat-name', 'Enter');
  assert.equal(await ana.textContent('#seat-name-error'), 'Messages of ana are waiting to be sent. Please join as ana, or sign out.');
  assert.deepEqual(await ana.evaluate(() => globalThis.told), []);
  line.passAnswers();
  await ana.fill('#seat-name', 'ana');
  await ana.press('#seat-name', 'Enter');
  await eventuallySent(ana, ['one', 'two']);
});

scene('a second Enter in the panel sends no draft; a reaction is refused there; the pill can be used', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url, viewport: { width: 1280, height: 400 } });
  const bob = await stage.friend('bob');
  await say(ana, 'mine');
  for (let i = 0; i < 20; i++) await bob.say(`${i}`);
  await ana.waitForFunction(() => document.querySelectorAll('.message').length === 21);
  await ana.locator('.message.theirs article').first().press('+'); // all that is loaded later is there
  await ana.waitForSelector('dialog[open]');
  await ana.keyboard.press('Escape');
  await ana.fill('#message', 'a draft');
  line.dismiss(4403, { reason: 'Removed by bob', retry_after: 1 });
  await ana.waitForSelector('.seat button:not([hidden])');
  await ana.evaluate(() => (document.getElementById('log').scrollTop = 0));
  await ana.click('#pill');
  await ana.locator('.message.theirs article').last().press('+');
  await ana.click('.quick button');
  await eventually(() => ana.textContent('#message-error'), 'The connection was refused.');
  assert.equal(await ana.locator('.chip').count(), 0);
  await ana.focus('.seat button');
  await Promise.all([ana.keyboard.press('Enter'), ana.keyboard.press('Enter'), ana.keyboard.press('Enter')]);
  await ana.waitForSelector('.seat', { state: 'detached' });
  await eventually(() => ana.getAttribute('#message', 'readonly'), null);
  assert.equal(await ana.inputValue('#message'), 'a draft');
  assert.equal((await texts(ana)).includes('a draft'), false);
});

scene('the words under a message that is on its way move nothing', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  await say(ana, 'one');
  await eventuallySent(ana, ['one']);
  const height = () => ana.$eval('.message:last-child', (row) => row.offsetHeight);
  line.holdAnswers();
  await say(ana, 'two');
  await ana.waitForSelector('[data-state="sending"]');
  const sending = await ana.evaluate(() => {
    const row = document.querySelector('[data-state="sending"]');
    const state = row.querySelector('.state');
    for (const animation of state.getAnimations()) (animation.pause(), (animation.currentTime = 0));
    return row.offsetHeight;
  });
  line.passAnswers();
  await eventuallySent(ana, ['one', 'two']);
  assert.equal(sending, await height());
});

scene('a seat that is lost while the panel cannot be loaded: why, and to be tried again', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  await ana.route('**/seat.js*', (route) => route.abort('connectionrefused'));
  line.dismiss(4403, { reason: 'Removed from #lobby by bob: enough', retry_after: 1 });
  await eventually(() => ana.textContent('#message-error'), 'Removed from #lobby by bob: enough Try again');
  await ana.unroute('**/seat.js*');
  await ana.click('#message-error button');
  await ana.waitForSelector('.seat button');
  assert.equal(await ana.textContent('#message-error'), '');
});

scene('a seat that is lost while the server cannot be reached: asked for again, and the panel comes back with why', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  await ana.keyboard.press('Control+/'); // all that is loaded later is there
  await ana.waitForSelector('dialog[open]');
  await ana.keyboard.press('Escape');
  line.dismiss(4401, { reason: 'Your sign-in is over.' });
  await eventually(() => reason(ana), 'Your sign-in is over.');
  line.cut();
  await ana.click('.seat button');
  await eventually(() => reason(ana), 'The server cannot be reached. Please try again.');
  await eventually(() => ana.evaluate(() => document.activeElement.id), 'seat-name');
  line.heal();
  await ana.click('.seat button');
  await eventually(() => ana.getAttribute('#message', 'readonly'), null);
  await say(ana, 'back');
  await eventuallySent(ana, ['back']);
});

const farewells = {
  'kicked, for a while': [4403, { reason: 'Removed from #lobby by bob: enough', retry_after: 3_000 }, true],
  banned: [4403, { reason: 'Banned by bob: enough' }, false],
  'a sign-in that is over': [4401, { reason: 'Your sign-in is over.' }, true],
};

for (const [what, [code, farewell, isForNow]] of Object.entries(farewells)) {
  scene(`${what}: the reason, no try, log and draft stay${isForNow ? ', and back by a button' : ''}`, away, async (stage) => {
    const line = await link(stage);
    const ana = await stage.visitor({ url: line.url });
    await ana.clock.install(); // before the connection has a timer, as one that is not the clock's is not stopped by it
    await signIn(ana, 'ana');
    await say(ana, 'mine');
    await eventuallySent(ana, ['mine']);
    await ana.hover('.bubble');
    await ana.waitForSelector('.tools'); // all that is loaded later is there
    await ana.fill('#message', 'a draft');
    await stopClock(ana);
    const before = line.connections();
    line.dismiss(code, farewell);
    await eventually(() => ana.getAttribute('#message', 'readonly'), '');
    await ana.clock.runFor(100); // for a frame to be drawn
    await eventually(() => reason(ana), farewell.reason);
    await ana.press('#message', 'Enter');
    await ana.focus('article');
    await ana.keyboard.press('e');
    assert.equal(await ana.inputValue('#message'), 'a draft');
    assert.deepEqual(await texts(ana), ['mine']);
    if (farewell.retry_after) {
      assert.equal(await ana.textContent('.seat .muted'), 'You can join again in 3 s.');
      assert.equal(await ana.isVisible('.seat button'), false);
      await ana.clock.runFor(1_000);
      assert.equal(await ana.textContent('.seat .muted'), 'You can join again in 2 s.');
      await ana.clock.runFor(farewell.retry_after);
    }
    await ana.clock.runFor(120_000);
    assert.equal(line.connections(), before, 'nothing was tried');
    if (!isForNow) {
      assert.equal(await ana.isVisible('.seat button'), false);
      return;
    }
    await ana.click('.seat button');
    await ana.clock.resume();
    await eventually(() => ana.getAttribute('#message', 'readonly'), null);
    await ana.press('#message', 'Enter');
    await eventuallySent(ana, ['mine', 'a draft']);
  });
}

scene('too fast: what is refused waits as long as the server says, and goes by itself, in order',
  { daemon: { message_rate: 2, message_burst: 2 } },
  async ({ person }) => {
    const ana = await person('ana');
    const bob = await person('bob');
    const all = Array.from({ length: 8 }, (_, i) => `m${i}`);
    await say(ana, ...all);
    await eventuallySent(ana, all);
    await eventuallySent(bob, all);
  },
);

scene('a message that is refused says why, and can be changed, sent again or dropped', async ({ visitor, person }) => {
  const ana = await visitor({ script: noLimits });
  await signIn(ana, 'ana');
  const bob = await person('bob');
  const long = 'x'.repeat(20_000);
  await say(ana, long, 'short');
  await eventually(() => states(ana), ['short:sent', `${long}:failed`]);
  assert.match(await ana.textContent('[data-state="failed"] .state'), /^Not sent: ./);
  await eventually(async () => /^Not sent/.test(await ana.textContent('#alert')), true);
  await ana.fill('#message', 'rest');
  await ana.click('[data-state="failed"] button:text-is("Edit")');
  assert.equal(await ana.inputValue('#message'), `${long}\nrest`);
  await eventuallySent(ana, ['short']);
  await ana.fill('#message', 'shorter');
  await ana.keyboard.press('Enter');
  await eventuallySent(bob, ['short', 'shorter']);
  await say(ana, long);
  await ana.click('[data-state="failed"] button:text-is("Delete")');
  await eventuallySent(ana, ['short', 'shorter']);
});

scene('a text too long for one frame is not sent at all and stays where it is', async ({ person }) => {
  const ana = await person('ana');
  const long = 'y'.repeat(70_000);
  await ana.fill('#message', long);
  await ana.keyboard.press('Enter');
  await eventually(
    () => ana.textContent('#message-error'),
    'This message is too long.',
  );
  assert.equal((await ana.inputValue('#message')).length, long.length);
  assert.deepEqual(await texts(ana), []);
});

scene('too many wait: told, and no longer once they go', { ...away, daemon: { message_rate: 0 } }, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  line.cut();
  const all = Array.from({ length: 50 }, (_, i) => `m${i}`);
  await say(ana, ...all, 'one more');
  await eventually(async () => (await ana.textContent('#message-error')).startsWith('Too many messages are waiting.'), true);
  assert.equal(await ana.inputValue('#message'), 'one more');
  line.heal();
  await eventuallySent(ana, all);
  assert.equal(await ana.textContent('#message-error'), '');
  await ana.press('#message', 'Enter');
  await eventuallySent(ana, [...all, 'one more']);
});

scene('a reload with messages waiting sends them once', away, async (stage) => {
  const { daemon } = stage;
  const ana = await stage.person('ana');
  ana.removeAllListeners('dialog'); // it asks whether to leave: yes
  ana.on('dialog', (dialog) => dialog.accept());
  // From now on this page gets no connection, or it would send them itself before it is loaded anew.
  await ana.evaluate(() => {
    globalThis.WebSocket = class {
      close() {}
    };
  });
  await daemon.stop();
  await say(ana, 'one', 'two');
  await eventually(() => states(ana), ['one:queued', 'two:queued']);
  const again = await start({ ...daemon.options, port: daemon.port });
  stage.later(() => again.stop());
  await ana.reload();
  await eventually(() => states(ana), ['one:sent', 'two:sent']);
});

scene('what was missed has a line before it and a way up to it, though one was at the end', { ...away, daemon: { message_rate: 0 } }, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  const bob = await stage.friend('bob');
  await bob.say('before');
  await eventuallyTexts(ana, ['before']);
  line.cut();
  for (let i = 0; i < 40; i++) await bob.say(`${i} missed`);
  line.heal();
  await eventually(() => ana.$$eval('.bubble', (all) => all.at(-1).textContent), '39 missed');
  await eventually(() => ana.textContent('#pill-top-text'), '40 unread');
  await ana.click('#pill-top');
  await ana.waitForFunction(() => document.querySelector('#line')?.getBoundingClientRect().top > 0);
  assert.equal(await ana.$eval('#line + .message .bubble', (bubble) => bubble.textContent), '0 missed');
});

scene('a reload asks first while a change has not been made', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  await say(ana, 'one');
  await eventuallySent(ana, ['one']);
  const asks = () => ana.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
  await ana.hover('.bubble');
  await ana.waitForSelector('.tools');
  assert.equal(await asks(), false);
  line.cut();
  await ana.focus('.mine article');
  await ana.keyboard.press('e');
  await ana.fill('#message', 'two');
  await ana.press('#message', 'Enter');
  await eventuallyTexts(ana, ['two']);
  assert.equal(await asks(), true);
  line.heal();
  await eventually(asks, false);
  assert.equal(await ana.textContent('.edited'), 'edited');
});

scene('a room in which messages wait is left with them, after a question', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  const bob = await stage.friend('bob', { room: 'ops' });
  const heard = [];
  bob.room.on('message', ({ body }) => heard.push(body));
  await ana.evaluate(() => (location.hash = '#/r/ops'));
  await eventuallyPeople(ana, ['bob', 'ana']);
  await ana.click('#room-options'); // comes with the first use
  await ana.waitForSelector('dialog[open]');
  await ana.keyboard.press('Escape');
  line.cut();
  await eventually(() => bar(ana), 'Connection lost.');
  await say(ana, 'one', 'two');
  await eventually(() => states(ana), ['one:queued', 'two:queued']);
  const leave = async (answer) => {
    await ana.click('#room-options');
    await ana.click('dialog button:text-is("Leave this room")');
    await ana.waitForSelector('#dialog-title:text-is("Leave #ops?")');
    assert.equal(await ana.textContent('dialog p'), '2 messages have not been sent yet.');
    await ana.click(`dialog button:text-is("${answer}")`);
    await ana.waitForSelector('dialog', { state: 'detached' });
  };
  await leave('Cancel');
  assert.deepEqual(await states(ana), ['one:queued', 'two:queued']);
  await leave('Leave and delete them');
  await eventually(() => ana.textContent('#room-name'), 'lobby');
  line.heal();
  await ana.click('#retry').catch(() => {}); // it may have come back by itself just now
  await isQuiet(ana);
  await ana.reload(); // a question would be a complaint
  await eventuallyPeople(ana, ['ana']);
  await ana.evaluate(() => (location.hash = '#/r/ops'));
  await eventuallyPeople(ana, ['bob', 'ana']);
  await say(ana, 'three');
  await eventuallySent(ana, ['three']);
  await eventually(() => heard, ['three']);
});

scene('the details of the connection are there while the server does not answer, and its answer comes later', async ({ person, daemon }) => {
  const ana = await person('ana');
  await ana.click('#settings-open');
  await ana.waitForSelector('dialog[open]');
  const fact = (name) => ana.locator('dialog div', { has: ana.locator(`dt:text-is("${name}")`) }).locator('dd').textContent();
  daemon.child.kill('SIGSTOP');
  try {
    await ana.click('dialog button:text-is("Connection details")');
    await ana.waitForSelector('dialog dl');
    assert.deepEqual([await fact('State'), await fact('Round trip'), await fact('Queued')], ['online', '…', '0']);
    assert.match(await fact('#lobby'), /^event 0 of /);
  } finally {
    daemon.child.kill('SIGCONT');
  }
  await eventually(async () => /^\d+ ms$/.test(await fact('Round trip')), true);
});
