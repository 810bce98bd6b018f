// From an HTTP request to a WebSocket: who is let through, and how the others are refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, join } from '../support/chat.mjs';
import { dial, tryUpgrade, upgrade, upgradeRequest } from '../support/rawws.mjs';
import { serve, serveFor } from '../support/serve.mjs';

const daemon = serve({ message_rate: 0 });

async function refused(path, headers, status, on = daemon) {
  const { wire, response } = await tryUpgrade(on, path, headers);
  assert.equal(response?.status, status, response?.raw);
  assert.match(response.body, /\S/, 'says why');
  assert.equal(response.headers['content-type'], 'text/plain; charset=utf-8');
  assert.equal(response.headers['x-content-type-options'], 'nosniff');
  assert.equal(response.headers['sec-websocket-accept'], undefined);
  wire.destroy();
  return response;
}

async function accepted(path, headers, on = daemon) {
  const wire = await upgrade(on, path, headers);
  wire.destroy();
  return wire.handshake;
}

test('the handshake is the RFC: 101, Upgrade, Connection, the accept key, no extension', async () => {
  const { status, headers } = await accepted('/ws', { 'Sec-WebSocket-Extensions': 'permessage-deflate' });
  assert.equal(status, 101);
  assert.match(headers.upgrade, /^websocket$/i);
  assert.match(headers.connection, /^upgrade$/i);
  assert.equal(headers['sec-websocket-extensions'], undefined);
  assert.equal(headers['sec-websocket-protocol'], undefined, 'none asked for, none answered');
});

test('header names and values in any case, and words in a list, are understood', async () => {
  await accepted('/ws', { Upgrade: 'WebSocket' });
  await accepted('/ws', { Connection: 'keep-alive, Upgrade' });
  await accepted('/ws', { Connection: 'upgrade' });
  await accepted('/ws', { 'Sec-WebSocket-Key': null, 'SEC-WEBSOCKET-KEY': 'aHViYnViIHRlc3Qga2V5IQ==' });
});

test('long headers are no trouble: a browser may bring the cookies of everything else on that host', async () => {
  await accepted('/ws', { Cookie: `a=${'x'.repeat(12_000)}` });
});

test('an upgrade may follow other requests on its connection, even in one segment with them', async () => {
  const get = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
  const upgradeTo = (room) => upgradeRequest(daemon, `/ws?username=ann&room=${room}`);
  for (const pieces of [[get, upgradeTo('late')], [get + upgradeTo('later')]]) {
    const wire = await dial(daemon);
    for (const piece of pieces) {
      wire.write(piece);
      if (piece.startsWith(get)) assert.equal((await wire.response()).status, 200);
    }
    assert.equal((await wire.response()).status, 101);
    wire.speakFrames();
    assert.equal((await wire.event()).username, 'ann');
    wire.destroy();
  }
});

test('subprotocol chat is agreed on', async () => {
  for (const asked of ['chat', 'chat, other', 'other, chat']) {
    const handshake = await accepted('/ws', { 'Sec-WebSocket-Protocol': asked });
    assert.equal(handshake.headers['sec-websocket-protocol'], 'chat', asked);
  }
  const ann = await join(daemon, 'ann', { room: 'sub', protocols: ['chat'] });
  assert.equal(ann.socket.protocol, 'chat');
  await ann.leave();
});

for (const offered of [['chat', 'chat.v2'], ['http', 'chat'], ['other', 'chat']])
  test(`a client that offers ${offered} gets chat, whatever else it offers`, async () => {
    const ann = await join(daemon, 'ann', { room: 'both', protocols: offered });
    assert.equal(ann.socket.protocol, 'chat');
    await ann.leave();
  });

test('a client that names chat.v2 first gets it', async () => {
  for (const protocols of [['chat.v2'], ['chat.v2', 'chat'], ['other', 'chat.v2']]) {
    const ann = await connect(daemon, { protocols });
    assert.equal(ann.socket.protocol, 'chat.v2');
    assert.equal((await ann.next()).type, 'hello');
    await ann.leave();
  }
});

for (const asked of ['other', 'chatter', 'chat.v3', 'xchat', 'http', '(http)', 'Chat'])
  test(`an unknown subprotocol (${asked}) is refused with 400`, async () => {
    await refused('/ws', { 'Sec-WebSocket-Protocol': asked }, 400);
  });

for (const path of ['/', '/ws/', '/ws/x', '/wsx', '/chat', '/index.html', '/healthz', '/WS', '/ws%00'])
  test(`the endpoint is /ws alone: an upgrade at ${path} is refused with 404`, async () => {
    const { wire, response } = await tryUpgrade(daemon, path);
    if (path === '/ws%00') assert.notEqual(response?.status, 101);
    else assert.equal(response?.status, 404);
    wire.destroy();
  });

for (const version of ['8', '0', '12', '14', '13.0', 'x', '', null])
  test(`version ${version} is refused with 426 and the version that is spoken`, async () => {
    const { headers } = await refused('/ws', { 'Sec-WebSocket-Version': version }, 426);
    assert.equal(headers['sec-websocket-version'], '13');
  });

for (const key of [null, '', 'short', 'x'.repeat(25)])
  test(`a request with the key ${key} is refused with 400`, async () => {
    await refused('/ws', { 'Sec-WebSocket-Key': key }, 400);
  });

test('a request without Host is refused with 400', async () => {
  await refused('/ws', { Host: null }, 400);
});

test('an upgrade to anything else is not made', async () => {
  for (const headers of [
    { Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAoAAAAAIAAAAA' },
    { Upgrade: 'tls/1.0' },
    { Connection: 'close' },
    { Upgrade: null },
  ]) {
    const { wire, response } = await tryUpgrade(daemon, '/ws', headers);
    assert.ok(response === null || response.status >= 400, `${JSON.stringify(headers)}: ${response?.raw}`);
    wire.destroy();
  }
});

test('only GET upgrades', async () => {
  for (const method of ['POST', 'PUT', 'HEAD', 'OPTIONS', 'CONNECT', 'DELETE', 'XYZ']) {
    const wire = await dial(daemon);
    wire.write(upgradeRequest(daemon).replace(/^GET/, method));
    const response = await wire.response({ hasBody: method !== 'HEAD' });
    assert.ok(response === null || response.status >= 400, `${method}: ${response?.raw}`);
    wire.destroy();
  }
});

test('HTTP/1.0 does not upgrade', async () => {
  const wire = await dial(daemon);
  wire.write(upgradeRequest(daemon).replace('HTTP/1.1', 'HTTP/1.0'));
  const response = await wire.response();
  assert.ok(response === null || response.status >= 400, response?.raw);
  wire.destroy();
});

test('a foreign Origin is refused with 403', async () => {
  const own = `127.0.0.1:${daemon.port}`;
  for (const Origin of [
    'http://evil.example',
    'null',
    `http://${own}.evil.example`,
    `http://evil.example/${own}`,
    `http://evil.example#${own}`,
    `http://${own}@evil.example`,
    `http://127.0.0.1:${daemon.port + 1}`,
    'http://127.0.0.1',
    own,
    `${own}://evil.example`,
    '://',
    'x'.repeat(300),
  ])
    await refused('/ws', { Origin }, 403);
});

test('a target that smuggles header lines does not make an Origin of its own', async () => {
  const own = `http://127.0.0.1:${daemon.port}`;
  for (const end of ['%0a', '%0d%0a', '%0d']) {
    const { wire, response } = await tryUpgrade(daemon, `/ws?x=${end}Origin:${own}${end}y:`, { Origin: 'http://evil.example' });
    assert.ok(response === null || (response.status >= 400 && response.status < 500), response?.raw);
    wire.destroy();
  }
});

test("the server's own origin, and no origin, are welcome", async () => {
  await accepted('/ws', { Origin: `http://127.0.0.1:${daemon.port}` });
  await accepted('/ws', { Origin: `https://127.0.0.1:${daemon.port}` }); /* behind a proxy that speaks TLS */
  await accepted('/ws', { Origin: 'http://Chat.Example', Host: 'chat.example' });
  await accepted('/ws', {});
});

test('allowed_origins lets those pages in, and no others', async (t) => {
  const own = await serveFor(t, { allowed_origins: 'https://a.example, http://b.example:8080' });
  await accepted('/ws', { Origin: 'https://a.example' }, own);
  await accepted('/ws', { Origin: 'http://b.example:8080' }, own);
  await accepted('/ws', { Origin: `http://127.0.0.1:${own.port}` }, own);
  for (const Origin of ['http://a.example', 'https://a.example:8443', 'https://a.example.evil', 'http://b.example', 'https://a', '*'])
    await refused('/ws', { Origin }, 403, own);
});

test('allowed_origins=* lets every page in', async (t) => {
  const own = await serveFor(t, { allowed_origins: '*' });
  await accepted('/ws', { Origin: 'https://anything.example' }, own);
  await accepted('/ws', { Origin: 'null' }, own);
});

test('a refused connection holds no name and disturbs nobody', async () => {
  await refused('/ws?username=ann&room=refused', { Origin: 'http://evil.example' }, 403);
  const ann = await join(daemon, 'ann', { room: 'refused' });
  assert.deepEqual(await ann.settle(), []);
  await ann.leave();
});
