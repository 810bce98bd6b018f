// A daemon with a room full of history, people who talk in it, and a page that is measured.
import WebSocket from 'ws';
import { browser } from '../browser/chromium.mjs';
import { start } from '../support/daemon.mjs';
import { seed } from '../support/seed.mjs';

export const ROOM = 'lobby';
export const OTHER_ROOM = 'elsewhere';
export const HISTORY = 10_000;

const words = 'so there is a small lamp on the desk and nobody knows who bought it or when https://example.org/lamp'.split(' ');
const authors = ['Maya', 'Zoë', 'Jonas Weber', 'Amir', 'Émilie Roux', 'Noor', 'Tomás', 'Lena Fischer'];

// From one word to forty.
export const sentence = (i) => Array.from({ length: 1 + ((i * 7) % 40) }, (_, k) => words[(i + k * 3) % words.length]).join(' ');

export async function openStage() {
  const messages = Array.from({ length: HISTORY }, (_, i) => ({
    room: ROOM,
    username: authors[Math.floor(i / 3) % authors.length],
    body: `${i}: ${sentence(i)}`,
  }));
  const state_dir = await seed(messages);
  return start({ state_dir, message_rate: 0, max_connections_per_address: 0 });
}

// Somebody who talks, and does not listen.
export async function speaker(daemon, name) {
  const query = new URLSearchParams({ username: name, room: ROOM });
  const socket = new WebSocket(`ws://127.0.0.1:${daemon.port}/ws?${query}`, 'chat');
  await new Promise((resolve, reject) => socket.once('message', resolve).once('error', reject));
  return {
    say: (body) => socket.send(JSON.stringify({ type: 'message', body })),
    close: () => socket.close(),
  };
}

// Says so many a second for so long; returns the last text.
export async function talk(speakers, { rate, ms }) {
  const start = performance.now();
  const total = Math.round((rate * ms) / 1000);
  let text;
  for (let said = 0; said < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - start) * rate) / 1000) + 1);
    for (; said < due; said++) {
      text = `${Math.round(start)}-${said}: ${sentence(said)}`;
      speakers[said % speakers.length].say(text);
    }
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  return text;
}

async function signIn(page, name) {
  await page.fill('#name', name);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.message');
}

// A profile of its own: nothing is in its caches. network: {latency, bytes a second}.
export async function openPage(daemon, { name, network, script } = {}) {
  const profile = await (await browser()).newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  const page = await profile.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error));
  const devtools = await profile.newCDPSession(page);
  if (script) await page.addInitScript(script);
  if (network) {
    const { latency, rate } = network;
    await devtools.send('Network.enable');
    await devtools.send('Network.emulateNetworkConditions', {
      offline: false, latency, downloadThroughput: rate, uploadThroughput: rate,
    });
  }
  await page.goto(daemon.url);
  if (name) await signIn(page, name);
  return {
    page,
    devtools,
    async close() {
      await profile.close();
      if (errors.length) throw errors[0];
    },
  };
}
