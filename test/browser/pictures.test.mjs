// Five states in three sizes and two themes. Each picture is made twice, from the start, and has to be the same: what
// flickers, or depends on chance or on who was faster, is not. And in none of them may anything lie over something else,
// be cut off or stick out. HUBBUB_PICTURES names a folder to keep the pictures in.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { start, temporaryFolder } from '../support/daemon.mjs';
import { seed } from '../support/seed.mjs';
import { browser } from './chromium.mjs';
import { noLimits, say, scene, signIn, stillness } from './harness.mjs';
import { difference, faults } from './picture.mjs';

const DIFFERENT_MAX = 0.001;
const folder = process.env.HUBBUB_PICTURES;
const sizes = {
  desktop: { viewport: { width: 1280, height: 800 } },
  tablet: { viewport: { width: 820, height: 1180 }, hasTouch: true, isMobile: true },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

const me = 'Ada Lovelace';
const talk = [
  ['Maya', 'Morning! Did the move to our own server go well?'],
  [me, 'It did! I just opened the page and typed my name.'],
  ['Zoë', 'Same here. Is there a list of what still has to be done before Friday?'],
  ['Maya', 'Yes: https://wiki.example.org/a-long-way/to-the-list/of-friday?and=its#end (three things, and two of them are cake)', { reactions: { '🎉': ['Zoë', me], '🍰': ['Zoë'] } }],
  ['Maya', 'one more'],
  ['Jonas Weber-Hinterhuber', 'I take the cake', { edited: Date.now() }],
  [me, 'Then I take the one that is not cake.\nAnyone with me?', { reactions: { '👍': ['Maya'] } }],
  ['Zoë', '', { deleted: true }],
  ['Maya', `${me}, ask Amir to bring the big plate`, { reply_to: 'r4' }],
  ['Jonas Weber-Hinterhuber', 'x'.repeat(150)],
];
const rightToLeft = [
  ['مريم', 'صباح الخير! هل وصل الجميع؟'],
  ['דוד', 'כן, אנחנו כאן. ראו https://example.org/start (שני צעדים)'],
  [me, 'Good, then let us begin: من يبدأ؟'],
  ['مريم', 'أنا أبدأ. الرقم هو 42، والباقي في hubbub.', { reactions: { '👍': ['דוד', me] } }],
  ['דוד', 'בסדר גמור', { reply_to: 'l0' }],
];
const inRoom = (room, letter, lines) =>
  lines.map(([username, body, more = {}], i) => ({ room, id: `${letter}${i}`, username, body, ...more }));

// Made once; each daemon gets a copy.
const history = await seed([...inRoom('مجلس', 'l', rightToLeft), ...inRoom('lobby', 'r', talk)]);
const now = Date.now();

// The pictures of one visit by their states.
async function visit(stage, context) {
  const state_dir = temporaryFolder('copy');
  cpSync(history, state_dir, { recursive: true });
  const daemon = await start({ state_dir, max_body: 200 });
  stage.later(() => daemon.child.kill('SIGKILL'));
  const chance = () => (Math.random = () => 0.5);
  const page = await stage.visitor({ url: 'about:', path: 'blank', script: noLimits, ...context });
  await page.addInitScript(chance);
  await page.clock.setFixedTime(now);
  await page.goto(daemon.url);
  const pictures = {};
  const shoot = async (state) => {
    await page.evaluate(() => document.fonts.ready);
    await stillness(page);
    pictures[state] = await page.screenshot({ caret: 'hide' });
    assert.deepEqual(await faults(page), [], state);
  };

  await page.waitForSelector('#name:focus');
  await shoot('signin');
  for (const name of ['Maya', 'Zoë', 'Jonas Weber-Hinterhuber']) await stage.friend(name, { url: daemon.url });
  await signIn(page, me);
  await page.waitForSelector('.message');
  await shoot('busy');
  await page.evaluate(() => (location.hash = `#/r/${encodeURIComponent('مجلس')}`));
  await page.waitForFunction(() => document.querySelectorAll('.message').length === 5);
  await shoot('right-to-left');
  await page.evaluate(() => (location.hash = '#/r/lobby'));
  await page.waitForFunction((count) => document.querySelectorAll('.message').length === count, talk.length);
  await say(page, 'This is more than the server takes. '.repeat(8).trim());
  await page.waitForSelector('[data-state="failed"]');
  await shoot('failed');
  await page.click('[data-state="failed"] .actions button:last-child');
  await page.waitForSelector('[data-state="failed"]', { state: 'detached' });
  daemon.child.kill('SIGKILL');
  await say(page, 'This goes out when the server is back.');
  await page.waitForSelector('[data-state="queued"]');
  // With each try the wait grows, up to this.
  await page.waitForSelector('#retry');
  await page.evaluate(async () => {
    for (;;) {
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      if (/in 23 s/.test(document.getElementById('status-detail').textContent)) return;
      document.getElementById('retry').click();
    }
  });
  await shoot('reconnecting');
  await page.context().close();
  return pictures;
}

for (const [size, context] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark']) {
    scene(`pictures: ${size}, ${colorScheme}`, { isServerGoing: true }, async (stage) => {
      const [first, second] = [await visit(stage, { ...context, colorScheme }), await visit(stage, { ...context, colorScheme })];
      if (folder) mkdirSync(folder, { recursive: true });
      const blank = await (await browser()).newPage();
      stage.later(() => blank.close());
      const changed = [];
      for (const [state, picture] of Object.entries(first)) {
        if (folder) writeFileSync(`${folder}/${state}-${size}-${colorScheme}.png`, picture);
        const share = await difference(blank, picture, second[state]);
        if (folder && share) writeFileSync(`${folder}/${state}-${size}-${colorScheme}-again.png`, second[state]);
        if (share > DIFFERENT_MAX) changed.push(`${state}: ${(share * 100).toFixed(2)} %`);
      }
      assert.deepEqual(changed, []);
    });
  }
}
