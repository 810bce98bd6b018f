// Starting: where it serves, who is told of it, and why it may refuse.
import assert from 'node:assert/strict';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { join } from '../support/chat.mjs';
import { launch, start } from '../support/daemon.mjs';
import { soon } from '../support/inbox.mjs';
import { dial, request, upgrade } from '../support/rawws.mjs';
import { serveFor } from '../support/serve.mjs';

const hasIPv6 = Object.values(networkInterfaces()).flat().some(({ address }) => address === '::1');

test('port 0 picks a free port, and the ready line and the ready descriptor say which', async (t) => {
  const [one, two] = [await serveFor(t), await serveFor(t)];
  assert.notEqual(one.port, two.port);
  for (const daemon of [one, two]) {
    const [line] = await daemon.logged(/^\S+ info ready .*$/m);
    assert.match(line, new RegExp(` url=http://127\\.0\\.0\\.1:${daemon.port}/ `));
    assert.match(line, new RegExp(` port=${daemon.port}( |$)`));
    assert.equal((await request(daemon, 'GET /healthz HTTP/1.1')).status, 200);
  }
});

test('when it says that it is ready it is: nobody is refused who comes at that moment', async (t) => {
  for (let i = 0; i < 10; i++) {
    const daemon = await serveFor(t);
    await (await join(daemon, 'ann')).leave();
    assert.equal((await daemon.stop()).code, 0);
  }
});

test('the ready descriptor gets the line "PORT\\n" and is closed after it', async (t) => {
  const daemon = await serveFor(t);
  const pipe = daemon.child.stdio[3];
  await soon(new Promise((resolve) => (pipe.readableEnded ? resolve() : pipe.once('end', resolve))), 'its end');
});

test('address="" serves all addresses, IPv4 and IPv6', async (t) => {
  const daemon = await serveFor(t, { address: '' });
  assert.match(daemon.stderr(), new RegExp(` url=http://localhost:${daemon.port}/ `));
  for (const host of ['127.0.0.1', '127.0.0.2', ...(hasIPv6 ? ['::1'] : [])]) {
    const wire = await upgrade(daemon, `/ws?username=ann&room=${host.replaceAll(':', '.')}`, {}, { host });
    await wire.event((e) => e.type === 'join', host);
    wire.destroy();
  }
});

test('address serves that address and no other', async (t) => {
  const daemon = await serveFor(t, { address: '127.0.0.2' });
  (await dial(daemon, { host: '127.0.0.2' })).destroy();
  await assert.rejects(dial(daemon, { host: '127.0.0.1' }), /ECONNREFUSED/);
});

test('address may be IPv6', { skip: hasIPv6 ? false : 'this machine has no IPv6' }, async (t) => {
  const daemon = await serveFor(t, { address: '::1' });
  assert.match(daemon.stderr(), new RegExp(` url=http://\\[::1\\]:${daemon.port}/ `));
  (await dial(daemon, { host: '::1' })).destroy();
});

async function failsToStart(t, options, ...patterns) {
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const daemon = launch(args, { t, env: { RES_OPTIONS: 'timeout:1 attempts:1' } }); /* there may be no name server */
  assert.deepEqual(await soon(daemon.exit, 'the exit'), { code: 1, signal: null }, daemon.stderr());
  for (const pattern of [/ error /, ...patterns]) assert.match(daemon.stderr(), pattern);
  assert.doesNotMatch(daemon.stderr(), /Sanitizer| ready /);
}

test('a port that is taken: exit 1, and the log says which and what to do', async (t) => {
  const other = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  t.after(() => other.close());
  const { port } = other.address();
  await failsToStart(t, { port, address: '127.0.0.1' }, new RegExp(`port=${port}`), /another program/);
});

test('an address that is not of this machine: exit 1', async (t) => {
  await failsToStart(t, { port: 0, address: '192.0.2.1' }, /192\.0\.2\.1/);
  await failsToStart(t, { port: 0, address: 'no such host.invalid' }, /invalid/);
});

test('a static folder that is not there or has no page: exit 1, and the log names it', async (t) => {
  await failsToStart(t, { port: 0, 'static-dir': '/no/such/folder' }, /\/no\/such\/folder/);
  await failsToStart(t, { port: 0, 'static-dir': '/proc/self/fdinfo' }, /index\.html/);
});

test('the port is free again as soon as the server is gone, with connections still closing', async (t) => {
  const first = await start({}, { t });
  await join(first, 'ann');
  await first.stop();
  const second = await serveFor(t, { port: first.port });
  assert.equal(second.port, first.port);
});

test('a daemon that is started without standard streams serves and ends as any other', async (t) => {
  for (const closed of ['<&-', '>&-', '2>&-']) {
    const daemon = await start({}, { t, under: ['sh', '-c', `exec "$@" ${closed}`, 'sh'] });
    const ann = await join(daemon, 'ann');
    ann.say('hello');
    await ann.until({ body: 'hello' });
    assert.equal((await daemon.stop()).code, 0, closed);
  }
});
