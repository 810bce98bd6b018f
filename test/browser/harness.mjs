// Real daemon, real browser, and people in it. scene() is one test: it starts a daemon, hands out
// people, ends everything, and fails if any page complained: an error or warning on the console, an
// uncaught exception, or something that the content security policy had to stop.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import { after, test } from 'node:test';
import WebSocket from 'ws';
import { start } from '../support/daemon.mjs';
import { browser, closeBrowser } from './chromium.mjs';
import { client } from './client.mjs';

const { connect } = await client('hubbub.js');

const WAIT = 15_000;
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

after(closeBrowser);

// What a page is entitled to complain about while its server is away, and nothing else.
const networkComplaints = [
  /^WebSocket connection to 'ws:\/\/127\.0\.0\.1:\d+\/ws' failed: /,
  /^Failed to load resource: net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|SOCKET_NOT_CONNECTED|EMPTY_RESPONSE|INTERNET_DISCONNECTED|TIMED_OUT|ABORTED)$/,
];

function watch(page, complaints, options) {
  const isExpected = (text) =>
    options.isServerGoing && networkComplaints.some((pattern) => pattern.test(text));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !isExpected(message.text()))
      complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.stack}`));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  return page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) =>
      console.error(
        `policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
      ),
    );
  });
}

// options.daemon: the daemon's options; options.isServerGoing: it will be away for a while.
export function scene(title, options, body) {
  if (typeof options === 'function') [options, body] = [{}, options];
  test(title, { timeout: 120_000 }, async () => {
    const daemon = await start(options.daemon);
    const complaints = [];
    const closers = [];
    const stage = {
      daemon,
      complaints,
      later: (close) => closers.push(close),

      // A page in its own browser profile, at the sign-in panel.
      async visitor({ path = '', url = daemon.url, script, ...context } = {}) {
        const profile = await (
          await browser()
        ).newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...context });
        closers.push(() => profile.close());
        const page = await profile.newPage();
        page.setDefaultTimeout(WAIT);
        await watch(page, complaints, options);
        if (script) await page.addInitScript(script);
        await page.goto(url + path);
        return page;
      },

      // A page whose person has joined.
      async person(name, more = {}) {
        const page = await stage.visitor(more);
        await signIn(page, name);
        return page;
      },

      // Somebody in a room by the client's connection layer, without a page.
      async friend(name, { room = 'lobby', url = daemon.url, ...options } = {}) {
        const chat = connect({ name, server: url, WebSocket, ...options });
        closers.push(() => chat.close());
        const here = chat.join(room);
        await new Promise((resolve, reject) => {
          here.on('joined', resolve);
          chat.on('state', ({ phase, reason }) => phase === 'rejected' && reject(new Error(reason)));
        });
        return { chat, room: here, say: (body, replyTo) => here.send(body, { replyTo }) };
      },

      // Somebody without a browser, who speaks version 1.
      async peer(name, { room } = {}) {
        const query = new URLSearchParams(room ? { username: name, room } : { username: name });
        const socket = new WebSocket(`ws://127.0.0.1:${daemon.port}/ws?${query}`, 'chat');
        const frames = [];
        closers.push(() => socket.terminate());
        socket.on('error', () => {});
        const joined = new Promise((resolve, reject) => {
          socket.on('message', (data) => resolve(frames.push(JSON.parse(data))));
          socket.on('close', (code) => reject(new Error(`closed with ${code}`)));
        });
        await joined;
        return {
          socket,
          frames,
          say: (text) => socket.send(JSON.stringify({ type: 'message', body: text })),
          leave: () => socket.close(),
        };
      },
    };
    try {
      await body(stage);
      assert.deepEqual(complaints, []);
    } finally {
      for (const close of closers.reverse()) await close();
      daemon.child.kill('SIGKILL');
      await daemon.exit;
    }
  });
}

export async function signIn(page, name) {
  await page.fill('#name', name);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#chat', { state: 'visible' });
  await page.waitForFunction(() => document.querySelectorAll('.person').length > 0);
}

export async function say(page, ...texts) {
  for (const text of texts) {
    await page.fill('#message', text);
    await page.press('#message', 'Control+Enter'); // Enter alone is a new line on a touch screen
  }
}

// The log as a person reads it: [{body, author, isMine, state, initials, hue}].
export function readLog(page) {
  return page.evaluate(() => {
    let face = null;
    return [...document.querySelectorAll('.message')].map((row) => {
      face = row.querySelector('.avatar') ?? face;
      return {
        body: row.querySelector('.bubble').textContent,
        author: row.querySelector('.author').textContent,
        isMine: row.classList.contains('mine'),
        state: row.dataset.state,
        initials: face.textContent,
        hue: face.style.getPropertyValue('--hue'),
      };
    });
  });
}

export const texts = async (page) => (await readLog(page)).map((message) => message.body);
export const people = (page) => page.$$eval('.person-name', (names) => names.map((name) => name.textContent));
export const notices = (page) =>
  page.$$eval('.notice > p, .notice > button', (all) => all.map((one) => one.textContent));

// Waits until read() gives what is expected; if it never does, the difference is shown.
export async function eventually(read, expected, ms = WAIT) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await read();
    try {
      assert.deepEqual(value, expected);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export const eventuallyTexts = (page, expected) => eventually(() => texts(page), expected);
export const eventuallyPeople = (page, expected) => eventually(() => people(page), expected);

// The states of the messages: ["body:sent", ...].
export const states = async (page) => (await readLog(page)).map((message) => `${message.body}:${message.state}`);
export const sent = (bodies) => bodies.map((body) => `${body}:sent`);
export const eventuallySent = (page, bodies) => eventually(() => states(page), sent(bodies));

// What was in sight for half a second, and was remembered a second later.
export const eventuallyRead = (page, seq, room = 'lobby') =>
  page.waitForFunction(
    ([name, least]) =>
      Object.entries(localStorage).some(([key, marks]) => key.startsWith('hubbub.marks ') && JSON.parse(marks)[name]?.seq >= least),
    [room, seq],
  );

// For a page that does not know of the server's limits, so that it is refused what is too long.
export const noLimits = () => {
  const { parse } = JSON;
  JSON.parse = (text) => {
    const frame = parse(text);
    if (frame?.type === 'hello') delete frame.limits;
    return frame;
  };
};

// The files of this name come when release() is called.
export async function heldBack(page, files) {
  let release;
  const isReleased = new Promise((resolve) => (release = resolve));
  await page.route(files, async (route) => {
    await isReleased;
    await route.continue();
  });
  return { release, asked: () => page.waitForRequest(files) };
}

// Pretends that another tab is in front (or this one again), as the page can observe it.
export function setHidden(page, isHidden) {
  return page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => (value ? 'hidden' : 'visible'),
    });
    document.dispatchEvent(new Event('visibilitychange'));
  }, isHidden);
}

// A line to the daemon that can be cut (closed, and nobody answers) or frozen (open, and silent).
export async function link(stage) {
  const pairs = new Set();
  const ghosts = new Set(); // ends at the daemon, which has not heard that the other end is gone
  let mode = 'open';
  let connections = 0;
  let swallow = () => false;
  const server = net.createServer((near) => {
    near.on('error', () => {});
    if (mode === 'cut') {
      near.destroy();
      return;
    }
    connections++;
    const far = net.connect(stage.daemon.port, '127.0.0.1');
    const pair = { near, far };
    far.on('error', () => {});
    near.once('data', (data) => (pair.isSocket = /^upgrade: websocket/im.test(data.toString('latin1'))));
    near.on('data', (data) => mode === 'open' && far.write(data));
    far.on('data', (data) => mode === 'open' && !swallow(data) && near.write(data));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      one.on('close', () => {
        pairs.delete(pair);
        if (mode === 'frozen' && other === far) ghosts.add(far);
        if (!ghosts.has(other)) other.destroy();
      });
    }
    pairs.add(pair);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Without those that carry files: a page may be asking for one meanwhile.
  const webSockets = () => [...pairs].filter(({ isSocket }) => isSocket);
  const forget = () => {
    for (const ghost of ghosts) ghost.destroy();
  };
  const hangUp = () => {
    for (const { near, far } of pairs) (near.destroy(), far.destroy());
    forget();
  };
  stage.later(() => {
    mode = 'cut';
    hangUp();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    cut() {
      mode = 'cut';
      hangUp();
    },
    // Loses what the daemon sends for as long as test(text of the packet) says so.
    lose(test) {
      swallow = (data) => test(data.toString('latin1'));
    },
    // What the daemon says on the WebSockets comes later, and whole.
    holdAnswers() {
      for (const { far } of webSockets()) far.pause();
    },
    passAnswers() {
      for (const { far } of webSockets()) far.resume();
    },
    freeze() {
      mode = 'frozen';
    },
    // New connections pass, what was frozen is lost, as when a machine slept.
    heal() {
      if (mode === 'frozen') hangUp();
      mode = 'open';
    },
    // The same, but the daemon does not hear of what was lost until forget().
    healUnheard() {
      for (const { near, far } of pairs) (near.destroy(), ghosts.add(far));
      mode = 'open';
    },
    forget,
    // A farewell that this daemon has no reason to say.
    dismiss(code, farewell) {
      const said = Buffer.from(JSON.stringify({ type: 'bye', code, reconnect: false, ...farewell }));
      assert.ok(said.length < 126); // RFC 6455, 5.2: the length is in one byte
      const head = Buffer.from([0x81, said.length]);
      const close = Buffer.from([0x88, 2, code >> 8, code & 255]);
      for (const { near } of webSockets()) near.end(Buffer.concat([head, said, close]));
    },
    connections: () => connections,
  };
}

// As with a wheel, so many times 700 px.
export async function scrollUp(page, screens) {
  await page.mouse.move(400, 400);
  // After a burst the rows above what is in sight come a little later.
  await page.evaluate(async () => {
    const log = document.getElementById('log');
    for (let top = -1; top !== log.scrollTop; ) {
      top = log.scrollTop;
      for (let i = 0; i < 5; i++) await new Promise(requestAnimationFrame);
    }
  });
  await page.evaluate(() => {
    const log = document.getElementById('log');
    const isFar = () => log.scrollHeight - log.clientHeight - log.scrollTop > 600;
    globalThis.isScrolled = false;
    log.addEventListener('scrollend', () => (globalThis.isScrolled ||= isFar()));
  });
  await page.mouse.wheel(0, -700 * screens);
  await page.waitForFunction(() => globalThis.isScrolled);
}

// Nothing has moved for some frames.
export function stillness(page) {
  return page
    .waitForFunction(() => {
      globalThis.stillFrames = document.getAnimations().length ? 0 : (globalThis.stillFrames ?? 0) + 1;
      return globalThis.stillFrames > 5;
    })
    .then(() => page.evaluate(() => (globalThis.stillFrames = 0)));
}

// Nothing that axe-core knows may be wrong, by WCAG 2.2 A and AA and by good practice.
export async function assertAccessible(page, what) {
  await stillness(page); // colours are true only then
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await globalThis.axe.run(document, { runOnly: tags });
    return violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`,
    );
  });
  assert.deepEqual(found, [], what);
}
