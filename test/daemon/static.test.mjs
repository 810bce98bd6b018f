// Plain HTTP: the files, and only they; what every answer carries; requests that are out of the ordinary.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { soon } from '../support/inbox.mjs';
import { dial, request } from '../support/rawws.mjs';
import { serve, serveFor } from '../support/serve.mjs';

const SECRET = 'this must never leave the machine';
const root = mkdtempSync(path(tmpdir(), 'hubbub-static-'));
const folder = path(root, 'static');
const files = {
  'index.html': '<!doctype html><title>home</title>',
  'app.css': 'body { color: red }',
  'js/main.js': 'export {};',
  'icons.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'pixel.png': 'not really',
  'page.webmanifest': '{}',
  'js/empty.js': '',
  'big.txt': 'hubbub '.repeat(100_000),
  'a name with blanks.txt': 'blanks',
  '.hidden': SECRET,
  'unknown.bin': '\u0000\u0001',
};
mkdirSync(path(folder, 'js'), { recursive: true });
mkdirSync(path(folder, '.git'));
for (const [name, content] of Object.entries({ ...files, '.git/config': SECRET, '../secret.txt': SECRET }))
  writeFileSync(path(folder, name), content);
symlinkSync('../secret.txt', path(folder, 'link.txt'));
symlinkSync('/etc', path(folder, 'etc'));
after(() => rmSync(root, { recursive: true }));

const daemon = serve({ static_dir: folder, header_timeout: '2s' });

const CSP =
  "default-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
  "object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

test('GET / is the page', async () => {
  const response = await request(daemon, 'GET / HTTP/1.1');
  assert.equal(response.status, 200);
  assert.equal(response.body, files['index.html']);
  assert.equal(response.headers['content-type'], 'text/html; charset=utf-8');
});

test('a query after a path does not change the file', async () => {
  for (const target of ['/?room=tea', '/index.html?x', '/app.css?v=1&w=%2f..'])
    assert.equal((await request(daemon, `GET ${target} HTTP/1.1`)).status, 200, target);
});

for (const [name, type] of Object.entries({
  'index.html': 'text/html; charset=utf-8',
  'app.css': 'text/css; charset=utf-8',
  'js/main.js': 'text/javascript; charset=utf-8',
  'js/empty.js': 'text/javascript; charset=utf-8',
  'icons.svg': 'image/svg+xml',
  'pixel.png': 'image/png',
  'page.webmanifest': 'application/manifest+json',
  'big.txt': 'text/plain; charset=utf-8',
  'a%20name%20with%20blanks.txt': 'text/plain; charset=utf-8',
  'unknown.bin': 'application/octet-stream',
}))
  test(`/${name} is served whole as ${type}`, async () => {
    const response = await request(daemon, `GET /${name} HTTP/1.1`);
    assert.equal(response.status, 200);
    assert.equal(response.headers['content-type'], type);
    assert.equal(response.body, files[decodeURI(name)]);
    assert.equal(response.headers['content-length'], String(Buffer.byteLength(files[decodeURI(name)])));
  });

test('a file has a quoted ETag of its content, no-cache, and is answered 304 to whoever has it', async () => {
  const { headers } = await request(daemon, 'GET /app.css HTTP/1.1');
  assert.match(headers.etag, /^"[!#-~]+"$/);
  assert.equal(headers['cache-control'], 'no-cache');
  assert.notEqual((await request(daemon, 'GET /index.html HTTP/1.1')).headers.etag, headers.etag);
  for (const tags of [headers.etag, `W/${headers.etag}`, `"other", ${headers.etag}`, '*'])
    for (const method of ['GET', 'HEAD']) {
      const response = await request(daemon, `${method} /app.css HTTP/1.1`, { 'If-None-Match': tags });
      assert.equal(response.status, 304, tags);
      assert.equal(response.body, '');
      assert.equal(response.headers.etag, headers.etag);
      assert.equal(response.headers['content-type'], undefined);
    }
  for (const tags of ['"other"', '', headers.etag.slice(1, -1)])
    assert.equal((await request(daemon, 'GET /app.css HTTP/1.1', { 'If-None-Match': tags })).status, 200, tags);
});

test('the ETag of a file outlives a restart of the server', async (t) => {
  const other = await serveFor(t, { static_dir: folder });
  assert.equal(
    (await request(other, 'GET /app.css HTTP/1.1')).headers.etag,
    (await request(daemon, 'GET /app.css HTTP/1.1')).headers.etag,
  );
});

const gzip = { 'Accept-Encoding': 'gzip, deflate, br, zstd' };

test('whoever takes gzip gets it, whole and with a tag of its own; nobody else does', async () => {
  const plain = await request(daemon, 'GET /big.txt HTTP/1.1');
  const packed = await request(daemon, 'GET /big.txt HTTP/1.1', gzip);
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.equal(packed.headers['content-type'], 'text/plain; charset=utf-8');
  assert.equal(packed.headers['content-length'], String(packed.bytes.length));
  assert.ok(packed.bytes.length < plain.bytes.length / 10);
  assert.equal(gunzipSync(packed.bytes).toString(), files['big.txt']);
  assert.notEqual(packed.headers.etag, plain.headers.etag);
  for (const { headers } of [plain, packed]) assert.match(headers.vary, /^accept-encoding$/i);
});

for (const [accepted, isGzip] of [
  ['gzip', true],
  ['GZIP', true],
  ['br;q=1.0, gzip;q=0.8, *;q=0.1', true],
  ['gzip;q=0.001', true],
  ['*', true],
  ['gzip ; q=1', true],
  ['br', false],
  ['identity', false],
  ['gzip;q=0', false],
  ['gzip;q=0.000, br', false],
  ['gzip; q=0, *', false],
  ['*;q=0', false],
  ['xgzip, gzipx', false],
  ['', false],
  [',;,q=1;', false],
  [`br, ${'x'.repeat(300)}, gzip`, false],
])
  test(`Accept-Encoding ${JSON.stringify(accepted.slice(0, 40))} means ${isGzip ? 'gzip' : 'as it is'}`, async () => {
    const { status, headers } = await request(daemon, 'GET /big.txt HTTP/1.1', { 'Accept-Encoding': accepted });
    assert.equal(status, 200);
    assert.equal(headers['content-encoding'], isGzip ? 'gzip' : undefined);
  });

test('each form is answered 304 to whoever has that form, and HEAD tells of it what GET does', async () => {
  for (const accepted of [{}, gzip]) {
    const get = await request(daemon, 'GET /big.txt HTTP/1.1', accepted);
    const wire = await dial(daemon);
    const lines = Object.entries({ Host: 'x', Connection: 'close', ...accepted }).map(([name, value]) => `${name}: ${value}\r\n`);
    wire.write(`HEAD /big.txt HTTP/1.1\r\n${lines.join('')}\r\n`);
    assert.deepEqual((await wire.response({ hasBody: false })).headers, get.headers);
    wire.destroy();
    const has = (etag) => request(daemon, 'GET /big.txt HTTP/1.1', { ...accepted, 'If-None-Match': etag });
    const cached = await has(get.headers.etag);
    assert.equal(cached.status, 304);
    assert.equal(cached.headers.etag, get.headers.etag);
    assert.match(cached.headers.vary, /^accept-encoding$/i);
    assert.equal(cached.headers['content-encoding'], undefined);
    const other = await request(daemon, 'GET /big.txt HTTP/1.1', accepted === gzip ? {} : gzip);
    assert.equal((await has(other.headers.etag)).status, 200, 'the other form is not this one');
  }
});

test('what would not become smaller is left alone', async () => {
  for (const target of ['/', '/app.css', '/pixel.png', '/js/empty.js', '/nothing']) {
    const { headers } = await request(daemon, `GET ${target} HTTP/1.1`, gzip);
    assert.equal(headers['content-encoding'], undefined, target);
    assert.equal(headers.vary, undefined, target);
  }
});

test('HEAD is GET without the body: same status, same headers', async () => {
  for (const target of ['/', '/app.css', '/big.txt', '/nothing', '/healthz']) {
    const wire = await dial(daemon);
    wire.write(`HEAD ${target} HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const head = await wire.response({ hasBody: false });
    const get = await request(daemon, `GET ${target} HTTP/1.1`, { Connection: null });
    assert.equal(head.status, get.status, target);
    assert.deepEqual(head.headers, get.headers, target);
    assert.equal((await wire.response()).body, 'ok\n', `no byte of a body after the answer to HEAD ${target}`);
    wire.destroy();
  }
});

test('what is not there is 404 with a body', async () => {
  for (const target of [
    '/nothing', '/js', '/js/', '/index.htm', '/INDEX.HTML', '/app.css/', '/app.css/x', '/index.html%20', '/%69ndex.htmlx',
  ]) {
    const response = await request(daemon, `GET ${target} HTTP/1.1`);
    assert.equal(response.status, 404, target);
    assert.match(response.body, /\S/);
  }
});

const outside = [
  '/../secret.txt',
  '/../../../../../../etc/passwd',
  '/js/../../secret.txt',
  '/%2e%2e/secret.txt',
  '/%2e%2e%2fsecret.txt',
  '/..%2fsecret.txt',
  '/..%5csecret.txt',
  '/..\\secret.txt',
  '/%252e%252e/secret.txt',
  '/.%2e/.%2e/etc/passwd',
  '/....//....//etc/passwd',
  '/..;/secret.txt',
  '/./../secret.txt',
  '/%c0%ae%c0%ae/secret.txt',
  '//etc/passwd',
  '///etc/passwd',
  '/%2fetc/passwd',
  '/etc/passwd',
  '/etc/',
  '/link.txt',
  '/.hidden',
  '/js/../.hidden',
  '/.git/config',
  '/index.html%00',
  '/index.html%00.css',
  '/..%00/secret.txt',
  '/\u0000',
  '..',
  '../secret.txt',
  'secret.txt',
  'file:///etc/passwd',
  'http://127.0.0.1/../secret.txt',
  '/app.css%0d%0aX-Evil:%201',
  '/%',
  '/%zz',
  '/%2',
  '/?/../secret.txt',
  '*',
];

for (const target of outside)
  test(`no way out of the folder: ${JSON.stringify(target)}`, async () => {
    for (const method of ['GET', 'HEAD']) {
      const wire = await dial(daemon);
      wire.write(`${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      const response = await wire.response({ hasBody: method === 'GET' });
      const answer = `${response?.raw}\n${response?.body}`;
      assert.doesNotMatch(answer, new RegExp(`${SECRET}|root:|X-Evil`, 'i'));
      if (response?.status === 200) assert.equal(response.body, method === 'GET' ? files['index.html'] : '', 'the page, nothing else');
      wire.destroy();
    }
  });

test('every answer carries the security headers', async () => {
  const requests = {
    'GET /': {}, 'GET /js/main.js': {}, 'GET /nothing': {}, 'GET /healthz': {}, 'GET /ws': {}, 'POST /': {}, 'HEAD /': {},
    'GET /app.css': { 'If-None-Match': '*' },
    'GET /?upgrade': { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13' },
  };
  for (const [line, headers] of Object.entries(requests)) {
    const response = await request(daemon, `${line} HTTP/1.1`, headers);
    assert.equal(response.headers['content-security-policy'], CSP, line);
    assert.equal(response.headers['x-content-type-options'], 'nosniff', line);
    assert.equal(response.headers['referrer-policy'], 'no-referrer', line);
  }
});

test('GET /healthz is 200 ok, and not to be cached', async () => {
  const response = await request(daemon, 'GET /healthz HTTP/1.1');
  assert.equal(response.status, 200);
  assert.match(response.body, /^ok\n?$/);
  assert.match(response.headers['cache-control'], /no-store/);
});

test('GET /ws without an upgrade says what it is, with 426', async () => {
  const response = await request(daemon, 'GET /ws HTTP/1.1');
  assert.equal(response.status, 426);
  assert.match(response.headers.upgrade, /websocket/i);
});

for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
  test(`${method} is 405 and says what is allowed`, async () => {
    for (const target of ['/', '/app.css', '/nothing']) {
      const response = await request(daemon, `${method} ${target} HTTP/1.1`, { 'Content-Length': '0' });
      assert.equal(response.status, 405, target);
      assert.match(response.headers.allow, /\bGET\b/);
      assert.match(response.headers.allow, /\bHEAD\b/);
    }
  });

test('the body of a request is never taken for another request', async () => {
  const inner = 'GET /secret-request HTTP/1.1\r\nHost: x\r\n\r\n';
  for (const [line, head, body] of [
    ['POST / HTTP/1.1', `Content-Length: ${inner.length}`, inner],
    ['GET / HTTP/1.1', `Content-Length: ${inner.length}`, inner],
    ['GET /healthz HTTP/1.1', 'Transfer-Encoding: chunked', `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`],
    ['POST / HTTP/1.1', 'Transfer-Encoding: chunked', `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`],
  ]) {
    const wire = await dial(daemon);
    wire.write(`${line}\r\nHost: x\r\n${head}\r\n\r\n${body}`);
    await wire.response();
    wire.socket.end();
    const second = await wire.response();
    assert.notEqual(second?.status, 404, `${line} with ${head}: the body was obeyed`);
    wire.destroy();
  }
});

test('a connection serves one request after the other, and close when asked', async () => {
  const wire = await dial(daemon);
  for (const [target, status] of [['/', 200], ['/nothing', 404], ['/app.css', 200], ['/healthz', 200], ['/big.txt', 200]]) {
    wire.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.equal((await wire.response()).status, status);
  }
  wire.destroy();
});

test('a refused request ends its connection, and says so', async () => {
  for (const [line, status] of [['GET /ws', 426], ['HEAD /ws', 426], ['POST /', 405], ['DELETE /', 405]]) {
    const wire = await dial(daemon);
    wire.write(`${line} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const response = await wire.response({ hasBody: !line.startsWith('HEAD') });
    assert.equal(response.status, status, line);
    assert.match(response.headers.connection, /\bclose\b/, line);
    if (status === 426) {
      assert.match(response.headers.connection, /\bupgrade\b/);
      assert.equal(response.headers.upgrade, 'websocket');
    }
    assert.equal(await wire.response(), null);
  }
});

test('HTTP/1.1 wants a Host, HTTP/1.0 does not', async () => {
  for (const [version, status] of [['1.1', 400], ['1.0', 200]]) {
    const wire = await dial(daemon);
    wire.write(`GET /healthz HTTP/${version}\r\n\r\n`);
    assert.equal((await wire.response()).status, status);
    wire.destroy();
  }
});

// libwebsockets from 4.3 on may end the connection while more requests wait than it has looked at; who
// pipelines has to ask again then (RFC 9112, 9.3.2). What is answered is answered in order and whole.
test('requests that are sent together are answered in order', async () => {
  const wire = await dial(daemon);
  const targets = ['/', '/app.css', '/nothing', '/healthz', '/js/main.js', '/big.txt', '/icons.svg'];
  wire.write(targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  let answered = 0;
  for (const target of targets) {
    const response = await wire.response();
    if (response === null) break;
    assert.equal(response.status, target === '/nothing' ? 404 : 200, target);
    if (files[target.slice(1)]) assert.equal(response.body, files[target.slice(1)]);
    answered++;
  }
  assert.ok(answered >= 2, `${answered} answered`);
  wire.destroy();
});

test('long headers are no trouble: a browser may bring the cookies of everything else on that host', async () => {
  for (const headers of [
    { Cookie: `a=${'x'.repeat(12_000)}` },
    { 'X-Unknown': 'y'.repeat(12_000) },
    { Referer: `http://x/${'z'.repeat(8000)}` },
  ])
    assert.equal((await request(daemon, 'GET / HTTP/1.1', headers)).status, 200, Object.keys(headers)[0]);
});

test('the connection is ended when the client asks for it, and after HTTP/1.0', async () => {
  for (const head of ['GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'GET / HTTP/1.0\r\n\r\n']) {
    const wire = await dial(daemon);
    wire.write(head);
    assert.equal((await wire.response()).status, 200);
    await soon(wire.ended, 'the end');
    wire.destroy();
  }
});

test('a client that reads slowly gets a large file whole', async () => {
  const wire = await dial(daemon);
  wire.write('GET /big.txt HTTP/1.1\r\nHost: x\r\n\r\n');
  wire.stopReading();
  await request(daemon, 'GET /healthz HTTP/1.1');
  wire.readOn();
  assert.equal((await wire.response()).body, files['big.txt']);
  wire.destroy();
});

test('garbage is answered 4xx or by the end of the connection, and hurts nobody', async () => {
  for (const garbage of [
    'GARBAGE\r\n\r\n',
    '\r\n\r\n\r\n\r\n',
    'GET\r\n\r\n',
    'GET /\r\n\r\n',
    'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    `GET /${'x'.repeat(20000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    `GET / HTTP/1.1\r\n${Array.from({ length: 500 }, (_, i) => `X-${i}: y\r\n`).join('')}\r\n`,
    `GET / HTTP/1.1\r\nX: ${'y'.repeat(100000)}\r\n\r\n`,
    'CONNECT example.org:80 HTTP/1.1\r\nHost: example.org\r\n\r\n',
  ]) {
    const wire = await dial(daemon);
    wire.write(garbage);
    wire.socket.end();
    const response = await wire.response();
    if (response?.status === 200) assert.equal(response.body, files['index.html'], JSON.stringify(garbage.slice(0, 40)));
    wire.destroy();
    assert.equal((await request(daemon, 'GET /healthz HTTP/1.1')).status, 200);
  }
});
