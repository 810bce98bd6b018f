// Limits: how fast, how many, how slow; each with its own way of saying no, and each can be switched off.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, join } from '../support/chat.mjs';
import { eventually, soon } from '../support/inbox.mjs';
import {
  dial, dialWith, encode, promptUpgrade, rawJoin, request, TEXT, tryUpgrade, upgrade, upgradeRequest,
} from '../support/rawws.mjs';
import { serveFor } from '../support/serve.mjs';

/* ---- message rate ---- */

test('over the message rate: an error for each, nothing is delivered, the connection stays', async (t) => {
  const daemon = await serveFor(t, { message_rate: 1, message_burst: 10 });
  const ann = await join(daemon, 'ann');
  const bob = await join(daemon, 'bob');
  for (let i = 0; i < 30; i++) ann.say(`${i}`);
  const bodies = [];
  let errors = 0;
  while (bodies.length + errors < 30) {
    const event = await ann.nextBut('users');
    if (event.type === 'error') errors++;
    if (event.type === 'message') bodies.push(event.body);
  }
  assert.ok(errors >= 1, 'some are refused');
  assert.deepEqual(bodies.slice(0, 10), Array.from({ length: 10 }, (_, i) => `${i}`), 'the burst is taken');
  for (const body of bodies) assert.equal((await bob.until({ type: 'message' })).body, body);
  bob.say('my own rate');
  await ann.until({ body: 'my own rate' });
  await eventually(async () => {
    ann.say('again');
    return (await ann.nextBut('users')).body === 'again';
  }, 'messages are taken again after a while');
});

test('who goes on sending past the rate is closed with 4429', async (t) => {
  const daemon = await serveFor(t, { message_rate: 1, message_burst: 1 });
  const ann = await join(daemon, 'ann');
  const eve = await rawJoin(daemon, 'eve');
  eve.write(Buffer.concat(Array.from({ length: 1000 }, () => encode({ payload: '{"type":"message","body":"flood"}' }))));
  const frames = await eve.untilClose();
  assert.equal(frames.at(-1).code, 4429);
  assert.equal(frames.at(-2).json.type, 'error');
  await eve.endsCleanly();
  await ann.until({ type: 'leave', username: 'eve' });
});

test('a long message costs as much of the rate as many short ones: one more for each whole KiB', async (t) => {
  const daemon = await serveFor(t, { message_rate: 1, message_burst: 20 });
  const ann = await rawJoin(daemon, 'ann');
  const long = encode({ payload: JSON.stringify({ type: 'message', body: 'x'.repeat(15 * 1024) }) });
  ann.write(Buffer.concat([long, long, long]));
  const types = [];
  while (types.length < 3) types.push((await ann.event((e) => ['message', 'error'].includes(e.type))).type);
  /* A refusal does not wait for what the journal is storing, so it may come first. */
  assert.ok(types.includes('message') && types.includes('error'), `${types}`);
});

test('a message that costs more than the whole burst is taken when nothing else was sent', async (t) => {
  const daemon = await serveFor(t, { message_rate: 1, message_burst: 4 });
  const ann = await rawJoin(daemon, 'ann');
  ann.say('x'.repeat(10 * 1024));
  await ann.event((e) => e.type === 'message');
});

test('malformed frames count against the rate as well', async (t) => {
  const daemon = await serveFor(t, { message_rate: 1, message_burst: 5 });
  const eve = await connect(daemon);
  for (let i = 0; i < 1000; i++) eve.send('{');
  assert.ok([4400, 4429].includes((await eve.end()).code));
});

test('message_rate=0 switches the limit off', async (t) => {
  const daemon = await serveFor(t, { message_rate: 0, message_burst: 1 });
  const ann = await rawJoin(daemon, 'ann');
  for (let i = 0; i < 1000; i++) ann.say(`${i}`);
  for (let i = 0; i < 1000; i++) assert.equal((await ann.event((e) => e.type !== 'users')).body, `${i}`);
});

test('max_frame and max_body are what the options say', async (t) => {
  const daemon = await serveFor(t, { max_frame: '2k', max_body: 100 });
  const ann = await join(daemon, 'ann');
  ann.say('x'.repeat(100));
  await ann.until({ body: 'x'.repeat(100) });
  ann.say('x'.repeat(101));
  await ann.error();
  ann.say('x'.repeat(2048));
  assert.equal((await ann.end()).code, 1009);
});

/* ---- how many connections ---- */

async function isRefused(daemon, dialing) {
  for (const path of ['/ws?username=late', '/']) {
    const { wire, response } = await tryUpgrade(daemon, path, path === '/' ? { Upgrade: null, Connection: null } : {}, dialing);
    assert.equal(response?.status, 503);
    assert.match(response.headers['retry-after'], /^\d+$/);
    assert.match(response.headers['content-type'], /^text\/plain/);
    assert.match(response.body, /full/, 'the body can be read whole');
    assert.equal(Number(response.headers['content-length']), Buffer.byteLength(response.body));
    await soon(wire.ended, 'the end of a refused connection');
    assert.equal(wire.left.length, 0);
  }
}

test('max_connections: the next is refused with 503 and Retry-After; a place that is left is free again', async (t) => {
  const daemon = await serveFor(t, { max_connections: 3 });
  const ann = await join(daemon, 'ann');
  const bob = await rawJoin(daemon, 'bob');
  const silent = await dial(daemon); /* a connection counts from its first moment */
  await eventually(async () => (await request(daemon, 'GET /healthz HTTP/1.1')).status === 503, 'the server is full');
  await isRefused(daemon);
  await isRefused(daemon, { localAddress: '127.0.0.2' });
  ann.say('we do not notice');
  await bob.event((e) => e.type === 'message');
  await daemon.logged(/warn connection_refused .*reason=full .*max_connections=3/);
  silent.destroy();
  await eventually(async () => (await request(daemon, 'GET /healthz HTTP/1.1')).status === 200, 'a place is free again');
});

test('max_connections_per_address: the next from there is refused, one from elsewhere is not', async (t) => {
  const daemon = await serveFor(t, { max_connections_per_address: 2 });
  await join(daemon, 'ann');
  await join(daemon, 'bob');
  await isRefused(daemon);
  const cleo = await rawJoin(daemon, 'cleo', 'lobby', { localAddress: '127.0.0.2' });
  cleo.say('from elsewhere');
  await cleo.event((e) => e.type === 'message');
  await daemon.logged(/warn connection_refused .*reason=address_full .*127\.0\.0\.1.*max_connections_per_address=2/);
});

test('a storm of refusals is told in few lines', async (t) => {
  const daemon = await serveFor(t, { max_connections: 1 });
  await rawJoin(daemon, 'ann');
  const start = Date.now();
  for (let i = 0; i < 100; i++) assert.equal((await request(daemon, 'GET / HTTP/1.1')).status, 503);
  const most = 3 + (Date.now() - start) / 10_000; /* one each ten seconds */
  assert.ok(daemon.stderr().split('connection_refused').length - 1 <= most, daemon.stderr());
});

test('both limits are switched off by 0', async (t) => {
  const daemon = await serveFor(t, { max_connections: 0, max_connections_per_address: 0 });
  const wires = await Promise.all(Array.from({ length: 600 }, () => upgrade(daemon, '/ws')));
  assert.equal((await request(daemon, 'GET /healthz HTTP/1.1')).status, 200);
  for (const wire of wires) wire.destroy();
});

/* ---- slow headers ---- */

test('who sends its headers too slowly is cut, and blocks nobody meanwhile, even 200 at once', async (t) => {
  const daemon = await serveFor(t, { header_timeout: '500ms', join_timeout: '60s', workers: 1 });
  const request = Buffer.from(upgradeRequest(daemon, '/ws', { 'X-Slow': 'x'.repeat(3000) }));
  const slow = await Promise.all(Array.from({ length: 200 }, () => dial(daemon)));
  let at = 0;
  const drip = setInterval(() => {
    for (const wire of slow) wire.write(request.subarray(at, at + 1));
    at++;
  }, 50);
  t.after(() => clearInterval(drip));
  const ann = await promptUpgrade(daemon, '/ws?username=ann');
  const bob = await promptUpgrade(daemon, '/ws?username=bob');
  ann.say('not blocked');
  await bob.event((e) => e.body === 'not blocked');
  await Promise.all(slow.map((wire) => soon(wire.ended, 'the end of a slow connection')));
  ann.say('the last');
  await bob.event((e) => e.body === 'the last');
  const seen = [];
  while (seen.at(-1)?.body !== 'the last') seen.push(await ann.event());
  assert.deepEqual(seen.filter((event) => !['users', 'join', 'message'].includes(event.type)), []);
});

test('a connection that sends nothing at all is cut as well; one that was in time is not', async (t) => {
  const daemon = await serveFor(t, { header_timeout: '300ms', join_timeout: '60s' });
  const good = await promptUpgrade(daemon, '/ws');
  const silent = await dial(daemon);
  await soon(silent.ended, 'the end of a silent connection');
  good.send({ payload: '{"type":"join","username":"ann"}' });
  await good.event((e) => e.type === 'join');
});

test('slow headers of a second request on the same connection are cut as well', async (t) => {
  const daemon = await serveFor(t, { header_timeout: '500ms' });
  const wire = await dialWith(daemon, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await wire.response()).status, 200);
  const head = `GET /healthz HTTP/1.1\r\nX: ${'y'.repeat(2000)}`;
  let at = 0;
  const drip = setInterval(() => wire.write(head[at++ % head.length]), 20);
  t.after(() => clearInterval(drip));
  await soon(wire.ended, 'the end of a slow second request');
});

test('a connection that is kept alive and does nothing is ended in the end', async (t) => {
  const daemon = await serveFor(t, { header_timeout: '500ms' });
  const wire = await dialWith(daemon, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await wire.response()).status, 200);
  await soon(wire.ended, 'the end of an idle connection');
});

test('header_timeout=0 switches it off', async (t) => {
  const daemon = await serveFor(t, { header_timeout: 0, join_timeout: '500ms' });
  const silent = await dial(daemon);
  const idler = await upgrade(daemon, '/ws'); /* its time-out is the proof that time has passed */
  await idler.untilClose();
  silent.write(upgradeRequest(daemon));
  assert.equal((await silent.response()).status, 101);
});

test('join_timeout=0 switches it off', async (t) => {
  const daemon = await serveFor(t, { join_timeout: 0, header_timeout: '300ms' });
  const idler = await promptUpgrade(daemon, '/ws');
  const silent = await dial(daemon);
  await soon(silent.ended, 'proof that time has passed');
  idler.send({ opcode: TEXT, payload: '{"type":"join","username":"ann"}' });
  await idler.event((e) => e.type === 'join');
});
