// Pictures of the client for a person to look at, and the two of the README:
//   node test/browser/screenshots.mjs OUTDIR
//   node test/browser/screenshots.mjs --readme docs/screenshot.png
// The daemon and the browser are found as in the tests (HUBBUB_BIN, CHROMIUM).
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import WebSocket from 'ws';
import { start } from '../support/daemon.mjs';
import { browser, closeBrowser } from './chromium.mjs';
import { client } from './client.mjs';

const sizes = {
  desktop: { width: 1280, height: 800 },
  tablet: { width: 820, height: 1180 },
  phone: { width: 390, height: 844 },
};
const themes = ['light', 'dark'];

const talk = [
  ['Maya', 'Morning! Did the move to our own server go well?'],
  ['me', 'It did! I just opened the page on my phone and typed my name.'],
  ['Zoë', 'Same here. Is there a list of what still has to be done before Friday?'],
  [
    'Maya',
    'Yes: https://wiki.example.org/friday (three things, and two of them are cake)',
    { reactions: [['Zoë', '🎉'], ['Jonas Weber', '🎉'], ['Zoë', '🍰']] },
  ],
  ['Jonas Weber', 'I take the cake'],
  ['me', 'Then I take the one that is not cake.\nAnyone with me?'],
  ['Amir', 'أنا معك، الساعة الثانية؟'],
  ['Maya', 'Lena Fischer, ask Amir to bring the big plate 👀', { replyTo: 'Jonas Weber' }],
];

const { connect } = await client('hubbub.js');

async function open(daemon, context) {
  const profile = await (await browser()).newContext({ locale: 'en-GB', ...context });
  const page = await profile.newPage();
  await page.goto(daemon.url);
  return page;
}

// A room in which people talk, and others in which something is new.
async function busyRoom(daemon, context) {
  const chats = [];
  const enter = async (name, room = 'team') => {
    const chat = connect({ name, server: daemon.url, WebSocket });
    chats.push(chat);
    const here = chat.join(room);
    await new Promise((resolve) => here.on('joined', resolve));
    return here;
  };
  const peers = { Maya: await enter('Maya'), 'Jonas Weber': await enter('Jonas Weber'), Zoë: await enter('Zoë') };
  const elsewhere = { kitchen: await enter('Noor', 'kitchen'), releases: await enter('Tomás', 'releases') };
  const page = await open(daemon, context);
  await page.fill('#name', 'Lena Fischer');
  await page.fill('#room', 'team');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#chat', { state: 'visible' });
  for (const room of ['kitchen', 'releases', 'team']) {
    await page.evaluate((name) => (location.hash = `#/r/${name}`), room);
    await page.waitForSelector(`.room-link[aria-current="page"][title="${room}"]`, { state: 'attached' });
  }
  peers.Amir = await enter('Amir');
  await enter('Émilie Roux');
  const said = {};
  for (const [name, text, { reactions = [], replyTo } = {}] of talk) {
    if (name === 'me') {
      await page.fill('#message', text);
      await page.press('#message', 'Control+Enter');
    } else {
      const { id } = await peers[name].send(text, { replyTo: said[replyTo] });
      said[name] = id;
      for (const [who, emoji] of reactions) await peers[who].react(id, emoji);
    }
    await page.waitForFunction(
      (all) => document.querySelectorAll('.message[data-state="sent"]').length === all,
      talk.findIndex((row) => row[1] === text) + 1,
    );
  }
  await elsewhere.kitchen.send('The good coffee is back.');
  await elsewhere.releases.send('Lena Fischer: 1.4 is tagged, can you have a look?');
  peers.Zoë.typing();
  await page.waitForFunction(() => document.getElementById('typing').textContent);
  await still(page);
  return { page, leave: () => chats.forEach((chat) => chat.close()) };
}

// The pictures are taken when nothing moves any more.
const still = (page) => page.waitForFunction(() => document.getAnimations().length === 0);

async function readme(path) {
  for (const [size, colorScheme, file] of [
    ['desktop', 'light', path],
    ['phone', 'dark', path.replace(/(\.\w+)$/, '-phone$1')],
  ]) {
    const touch = size === 'desktop' ? {} : { hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
    const daemon = await start();
    const { page, leave } = await busyRoom(daemon, { viewport: sizes[size], colorScheme, ...touch });
    await page.screenshot({ path: file, caret: 'hide' });
    leave();
    await page.context().close();
    await daemon.stop();
  }
}

async function all(folder) {
  mkdirSync(folder, { recursive: true });
  for (const [size, viewport] of Object.entries(sizes)) {
    const touch = size === 'desktop' ? {} : { hasTouch: true, isMobile: true };
    for (const colorScheme of themes) {
      const context = { viewport, colorScheme, ...touch };
      const shoot = async (page, what) => {
        await still(page);
        await page.screenshot({ path: join(folder, `${what}-${size}-${colorScheme}.png`), caret: 'hide' });
      };
      const daemon = await start();
      const newcomer = await open(daemon, context);
      await shoot(newcomer, 'signin');
      await newcomer.fill('#name', 'Ada Lovelace');
      await newcomer.keyboard.press('Enter');
      await newcomer.waitForSelector('#chat', { state: 'visible' });
      await newcomer.waitForSelector('#empty:not([hidden])');
      await shoot(newcomer, 'empty');
      await newcomer.context().close();
      const { page, leave } = await busyRoom(daemon, context);
      await shoot(page, 'busy');
      if (size === 'phone') {
        for (const [side, button] of [['people', '#people-open'], ['rooms', '#rooms-open']]) {
          await page.tap(button);
          await shoot(page, side);
          await page.tap(`#${side} .drawer-close`);
        }
      }
      for (const [what, keys] of [['switcher', 'Control+k'], ['shortcuts', 'Control+/']]) {
        await page.keyboard.press(keys);
        await page.waitForSelector('dialog[open]');
        await shoot(page, what);
        await page.keyboard.press('Escape');
        await page.waitForSelector('dialog', { state: 'detached' });
      }
      await page.locator('.message.theirs article').last().press('Enter');
      await page.waitForSelector('dialog[open]');
      await shoot(page, 'menu');
      await page.keyboard.press('Escape');
      await page.fill('#message', 'This goes out as soon as the server is back.');
      leave();
      await daemon.stop();
      await page.waitForSelector('#status:not(.sr-only)');
      await page.press('#message', 'Control+Enter');
      await page.waitForSelector('[data-state="queued"]');
      await shoot(page, 'reconnecting');
      await page.context().close();
    }
  }
}

const [first, second] = process.argv.slice(2);
if (!first || (first === '--readme' && !second)) {
  console.error('usage: screenshots.mjs OUTDIR | screenshots.mjs --readme FILE');
  process.exit(2);
}
if (first === '--readme') await readme(second);
else await all(first);
await closeBrowser();
