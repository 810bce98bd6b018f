// Pictures of the client for a person to look at, and the one of the README:
//   node test/browser/screenshots.mjs OUTDIR
//   node test/browser/screenshots.mjs --readme docs/screenshot.png
// The daemon and the browser are found as in the tests (HUBBUB_BIN, CHROMIUM).
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import WebSocket from 'ws';
import { start } from '../support/daemon.mjs';
import { browser, closeBrowser } from './chromium.mjs';

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
  ['Maya', 'Yes: https://wiki.example.org/friday (three things, and two of them are cake)'],
  ['Jonas Weber', 'I take the cake 🍰'],
  ['me', 'Then I take the one that is not cake.\nAnyone with me?'],
  ['Amir', 'أنا معك، الساعة الثانية؟ 👍'],
];

async function stage(daemon) {
  const peers = new Map();
  const enter = (name) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(
        `ws://127.0.0.1:${daemon.port}/ws?username=${encodeURIComponent(name)}`,
        'chat',
      );
      peers.set(name, socket);
      socket.once('message', resolve);
      socket.on('error', reject);
    });
  return { peers, enter };
}

async function open(daemon, context) {
  const profile = await (await browser()).newContext({ locale: 'en-GB', ...context });
  const page = await profile.newPage();
  await page.goto(daemon.url);
  return page;
}

async function busyRoom(daemon, context) {
  const { peers, enter } = await stage(daemon);
  for (const name of ['Maya', 'Jonas Weber', 'Zoë']) await enter(name);
  const page = await open(daemon, context);
  await page.fill('#name', 'Lena Fischer');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#chat', { state: 'visible' });
  for (const name of ['Amir', 'Émilie Roux']) await enter(name);
  let shown = 0;
  for (const [name, text] of talk) {
    if (name === 'me') {
      await page.fill('#message', text);
      await page.press('#message', 'Control+Enter');
    } else {
      peers.get(name).send(JSON.stringify({ type: 'message', body: text }));
    }
    shown++;
    await page.waitForFunction(
      (n) => document.querySelectorAll('.message[data-state="sent"]').length === n,
      shown,
    );
  }
  await still(page);
  return {
    page,
    leave: () => {
      for (const socket of peers.values()) socket.terminate();
    },
  };
}

// The pictures are taken when nothing moves any more.
const still = (page) => page.waitForFunction(() => document.getAnimations().length === 0);

async function readme(path) {
  const daemon = await start();
  const { page, leave } = await busyRoom(daemon, { viewport: sizes.desktop, colorScheme: 'light' });
  await page.screenshot({ path, caret: 'hide' });
  leave();
  await page.context().close();
  await daemon.stop();
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
      await shoot(newcomer, 'signin-name');
      await newcomer.keyboard.press('Enter');
      await newcomer.waitForSelector('#chat', { state: 'visible' });
      await shoot(newcomer, 'empty');
      await newcomer.context().close();
      const { page, leave } = await busyRoom(daemon, context);
      await shoot(page, 'busy');
      if (size === 'phone') {
        await page.tap('#people-open');
        await shoot(page, 'people');
        await page.tap('.drawer-close');
      }
      await page.fill('#message', 'This goes out as soon as the server is back.');
      await daemon.stop();
      await page.waitForSelector('#status');
      await page.press('#message', 'Control+Enter');
      await page.waitForSelector('[data-state="queued"]');
      await shoot(page, 'reconnecting');
      leave();
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
