// What the client weighs: all that one browser transfers until its person has joined and talked and everything
// that loads by itself is there; and the connection alone, for other people's pages. HUBBUB_TELL=1 prints the figures.
import assert from 'node:assert/strict';
import http from 'node:http';
import { eventually, eventuallySent, eventuallyTexts, say, scene, signIn } from './harness.mjs';

// Where the client stands, so that it does not grow unnoticed.
const PACKED_MAX = 45_000; // bytes of the bodies as they come, compressed
const RAW_MAX = 148_000;
const REQUESTS_MAX = 22; // the WebSocket's among them
const EMBEDDED_MAX = 7_600;

// Whatever a page loads when it has nothing else to do is loaded after this.
async function idle(page, requests) {
  for (let calm = 0, known = -1; calm < 5; calm = requests.length === known ? calm + 1 : 0) {
    known = requests.length;
    await page.evaluate(() => new Promise((done) => requestIdleCallback(() => setTimeout(done, 100))));
    await eventually(() => requests.filter((one) => !one.isOver).length, 0);
  }
}

scene('the whole client is light: bytes, requests, hosts', async ({ visitor, friend, daemon }) => {
  const page = await visitor({ url: 'about:', path: 'blank' });
  const requests = [];
  let sockets = 0;
  page.on('request', (request) => requests.push(Object.assign(request, { isOver: false })));
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => (request.isOver = true));
  page.on('websocket', () => sockets++);
  await page.goto(daemon.url);
  await signIn(page, 'ana');
  const bob = await friend('bob');
  await say(page, 'hello');
  await eventuallySent(page, ['hello']); // or bob may be first
  await bob.say('hello to you');
  await eventuallyTexts(page, ['hello', 'hello to you']);
  await eventuallySent(page, ['hello', 'hello to you']);
  await idle(page, requests);

  const files = await Promise.all(
    requests.map(async (request) => {
      const response = await request.response();
      const { responseBodySize, responseHeadersSize } = await request.sizes();
      const { origin, pathname } = new URL(request.url());
      const status = response.status();
      const raw = responseBodySize ? (await response.body()).length : 0;
      return { origin, pathname, status, type: request.resourceType(), packed: responseBodySize, raw, heads: responseHeadersSize };
    }),
  );
  const sum = (what) => files.reduce((total, file) => total + file[what], 0);
  const lines = files.map(({ pathname, status, packed, raw }) => `${pathname} ${status} ${packed} of ${raw}`).join('\n');
  const told = `${sum('packed')} bytes of ${sum('raw')}, heads ${sum('heads')}, ${files.length} requests, ${sockets} socket\n${lines}`;
  if (process.env.HUBBUB_TELL) console.error(told);
  assert.ok(sum('packed') <= PACKED_MAX, told);
  assert.ok(sum('raw') <= RAW_MAX, told);
  assert.ok(files.length + sockets <= REQUESTS_MAX, told);
  assert.equal(sockets, 1);
  const odd = files.filter(
    ({ origin, type, status }) => origin !== new URL(daemon.url).origin || type === 'font' || status !== 200,
  );
  assert.deepEqual(odd, []);
  const sent = files.filter(({ packed }) => packed); // the others were in the browser's cache
  assert.equal(new Set(sent.map(({ pathname }) => pathname)).size, sent.length, `nothing comes twice: ${told}`);
});

// The size of a file as it comes, and its text.
function get(url, encoding) {
  return new Promise((resolve, reject) => {
    const take = (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve(Buffer.concat(parts)));
    };
    http.get(url, { headers: { 'accept-encoding': encoding } }, take).on('error', reject);
  });
}

scene('the connection alone, with all that it imports, is a few KB', async ({ daemon }) => {
  const found = [new URL('js/hubbub.js', daemon.url).href];
  let packed = 0;
  for (const url of found) {
    const text = String(await get(url, 'identity'));
    for (const [, path] of text.matchAll(/^import .* from '(.*)';$/gm)) {
      const next = new URL(path, url).href;
      if (!found.includes(next)) found.push(next);
    }
    packed += (await get(url, 'gzip')).length;
  }
  assert.ok(packed <= EMBEDDED_MAX, `${packed} bytes in ${found.length} files`);
  if (process.env.HUBBUB_TELL) console.error(`the connection alone: ${packed} bytes in ${found.length} files`);
});
