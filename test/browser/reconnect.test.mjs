import assert from 'node:assert/strict';
import { start } from '../support/daemon.mjs';
import {
  eventually,
  eventuallyPeople,
  eventuallyTexts,
  link,
  readLog,
  say,
  scene,
  setHidden,
  signIn,
  texts,
} from './harness.mjs';

const away = { isServerGoing: true };
const bar = (page) =>
  page.evaluate(() => {
    const status = document.getElementById('status');
    return status.hidden ? '' : document.getElementById('status-text').textContent;
  });
const states = async (page) => (await readLog(page)).map((message) => `${message.body}:${message.state}`);
// From here on the page's time passes by runFor() alone.
const stopClock = (page) => page.clock.pauseAt(Date.now() + 10_000);
const isBack = (page) => page.waitForSelector('.gap');

scene(
  'a restart of the server: told, then back, with log and draft',
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

    const again = await start({ port: daemon.port });
    later(() => again.stop());
    for (const page of [ana, bob]) await isBack(page);
    for (const page of [ana, bob]) await eventually(async () => (await page.$$('.person')).length, 2);
    await eventually(() => bar(ana), '');
    assert.deepEqual(await texts(ana), ['before']);
    assert.equal(await ana.inputValue('#message'), 'a draft');
    assert.match(await ana.textContent('.gap'), /may be missing/);
    await say(bob, 'after');
    await eventuallyTexts(ana, ['before', 'after']);
    await eventuallyTexts(bob, ['before', 'after']);
  },
);

scene('a cut line: what is written meanwhile waits, and goes out once and in order', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  const bob = await stage.person('bob');
  await say(ana, 'before');
  await eventuallyTexts(bob, ['before']);
  line.cut();
  await eventually(() => bar(ana), 'Connection lost.');
  await say(ana, 'one', 'two', 'three');
  await eventually(() => states(ana), ['before:sent', 'one:queued', 'two:queued', 'three:queued']);
  await eventually(
    () => ana.$$eval('.state:not(:empty)', (all) => all.map((one) => one.textContent)),
    Array(3).fill('Waiting to be sent'),
  );
  await say(bob, 'missed');
  await eventuallyPeople(bob, ['bob']);
  line.heal();
  await ana.click('#retry').catch(() => {}); // it may have come back by itself just now
  await eventuallyTexts(bob, ['before', 'missed', 'one', 'two', 'three']);
  await eventually(() => states(ana), ['before:sent', 'one:sent', 'two:sent', 'three:sent']);
  await isBack(ana);
  await eventuallyPeople(ana, ['bob', 'ana']);
});

scene('a message on its way when the line breaks is not sent again by itself', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  const bob = await stage.person('bob');
  line.freeze();
  await say(ana, 'on its way', 'behind it');
  await eventually(() => states(ana), ['on its way:sending', 'behind it:queued']);
  line.heal();
  await eventually(() => states(ana), ['behind it:sent', 'on its way:unsure']);
  await eventuallyTexts(bob, ['behind it']);
  assert.match(await ana.textContent('[data-state="unsure"] .state'), /may or may not have arrived/);

  await ana.click('[data-state="unsure"] button:text-is("Send again")');
  await eventuallyTexts(bob, ['behind it', 'on its way']);
  await eventually(() => states(ana), ['behind it:sent', 'on its way:sent']);
});

scene('a frozen line is noticed when its message has no echo', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.visitor({ url: line.url });
  await ana.clock.install();
  await signIn(ana, 'ana');
  await stopClock(ana);
  line.freeze();
  await say(ana, 'hello?');
  await ana.clock.runFor(100); // for a frame to be drawn
  await eventually(() => states(ana), ['hello?:sending']);
  await ana.clock.runFor(9_000);
  assert.deepEqual(await states(ana), ['hello?:sending']);
  await ana.clock.runFor(3_000);
  await eventually(() => states(ana), ['hello?:unsure']);
  await eventually(async () => (await bar(ana)) !== '', true);
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
  await isBack(ana);
});

scene('the countdown falls, is spoken once, and "Try now" is now', away, async (stage) => {
  const ana = await stage.visitor();
  await ana.clock.install();
  await ana.evaluate(() => (Math.random = () => 0.999));
  await signIn(ana, 'ana');
  await stopClock(ana);
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
    await ana.evaluate(() => fetch('icons.svg').catch(() => {})); // lets a refused try come back
  }
  const from = await seconds();
  assert.ok(from >= 7, await detail());
  await ana.clock.runFor(2_100);
  assert.equal(await seconds(), from - 2);
  assert.deepEqual(await ana.evaluate(() => globalThis.spoken), ['Connection lost.']);

  const again = await start({ port: stage.daemon.port });
  stage.later(() => again.stop());
  assert.equal(await seconds(), from - 2);
  await ana.clock.resume();
  await ana.click('#retry');
  await eventually(() => bar(ana), 'Back online');
  await isBack(ana);
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

scene('our own dead connection holds our name: retried, and the seat is ours again', away, async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana', { url: line.url });
  const bob = await stage.person('bob');
  await setHidden(ana, true);
  line.freeze(); // the daemon does not hear that ana's old connection is gone
  await setHidden(ana, false);
  await eventually(() => bar(ana), 'Connection lost.');
  line.healUnheard();
  await eventually(() => bar(ana), 'Your last session is still closing.');
  await eventuallyPeople(bob, ['ana', 'bob']);
  assert.equal(await ana.isVisible('#signin'), false);
  line.forget();
  await isBack(ana);
  await eventuallyPeople(bob, ['bob', 'ana']);
});

scene(
  'a refused message says why, and can be changed',
  { daemon: { max_body: '1k' } },
  async ({ person }) => {
    const ana = await person('ana');
    const bob = await person('bob');
    await say(ana, 'x'.repeat(1500), 'short');
    await eventually(() => states(ana), ['short:sent', `${'x'.repeat(1500)}:failed`]);
    assert.match(await ana.textContent('[data-state="failed"] .state'), /^Not sent\. .*too long/);
    await eventually(async () => /too long/.test(await ana.textContent('#alert')), true);
    await ana.fill('#message', 'rest');
    await ana.click('[data-state="failed"] button:text-is("Edit")');
    assert.equal(await ana.inputValue('#message'), `${'x'.repeat(1500)}\nrest`);
    await eventually(() => states(ana), ['short:sent']);
    await ana.fill('#message', 'shorter');
    await ana.keyboard.press('Enter');
    await eventuallyTexts(bob, ['short', 'shorter']);
  },
);

scene(
  'too fast: refused, then sent again by hand',
  { daemon: { message_rate: 1, message_burst: 10 } },
  async ({ person }) => {
    const ana = await person('ana');
    // 9 and 6 of the 10 by their length: 5 seconds, however long the page takes from one to the other.
    const [one, two] = ['1'.repeat(8_500), '2'.repeat(5_500)];
    await say(ana, one, two);
    await eventually(() => states(ana), [`${one}:sent`, `${two}:failed`]);
    await eventually(async () => {
      const again = await ana.$('[data-state="failed"] button');
      await again?.click().catch(() => {});
      return states(ana);
    }, [`${one}:sent`, `${two}:sent`]);
  },
);

scene('a text too long for one frame is not sent at all and stays where it is', async ({ person }) => {
  const ana = await person('ana');
  const long = 'y'.repeat(70_000);
  await ana.fill('#message', long);
  await ana.keyboard.press('Enter');
  await eventually(
    () => ana.textContent('#message-error'),
    'This message is too long to be sent in one piece.',
  );
  assert.equal((await ana.inputValue('#message')).length, long.length);
  assert.deepEqual(await texts(ana), []);
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
  const again = await start({ port: daemon.port });
  stage.later(() => again.stop());
  await ana.reload();
  await eventually(() => states(ana), ['one:sent', 'two:sent']);
});
