// What the log says, and what it never says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../support/chat.mjs';
import { dial, encode, request, tryUpgrade } from '../support/rawws.mjs';
import { serveFor } from '../support/serve.mjs';

const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warn|info|debug) [a-z_]+( [a-z_]+=("([^"\\]|\\.)*"|[^ "]+))*$/;

function assertWellFormed(daemon) {
  for (const line of daemon.stderr().trimEnd().split('\n')) assert.match(line, LINE);
}

test('a line an event: time, level, event, key=value; never a body, nor a line that a client wrote', async (t) => {
  const daemon = await serveFor(t, { log_level: 'debug', max_connections_per_address: 20 });
  const forged = '2020-01-01T00:00:00.000Z error forged x=1';
  const ann = await join(daemon, 'ann', { room: 'logs' });
  ann.say(`a secret between us\n${forged}`);
  await ann.until({ type: 'message' });
  for (const text of [`\n${forged}\n`, '{"type":"', `{"type":"join","username":"x\\n${forged}"}`]) ann.send(text);
  await ann.settle();
  for (const target of [`/%0a${encodeURIComponent(forged)}`, `/ws?username=x%0a${encodeURIComponent(forged)}`]) {
    await request(daemon, `GET ${target} HTTP/1.1`, { 'User-Agent': forged, Referer: forged });
    (await tryUpgrade(daemon, target, { Origin: forged })).wire.destroy();
  }
  const garbage = await dial(daemon);
  garbage.write(`\n${forged}\n\r\n\r\n`);
  await garbage.response();
  const broken = await dial(daemon);
  broken.write(Buffer.concat([Buffer.from('GET /ws HTTP/1.1\r\n'), encode({ payload: forged })]));
  broken.socket.end();
  await broken.ended;
  const crowd = await Promise.all(Array.from({ length: 25 }, () => dial(daemon)));
  await daemon.logged(/connection_refused/);
  for (const wire of crowd) wire.destroy();
  await ann.leave();
  assert.equal((await daemon.stop()).code, 0);
  assert.doesNotMatch(daemon.stderr(), /forged|secret/);
  assertWellFormed(daemon);
});

test('an ordinary day at level info is three lines: ready, stopping, stopped', async (t) => {
  const daemon = await serveFor(t);
  const ann = await join(daemon, 'ann');
  ann.say('hello');
  await ann.until({ body: 'hello' });
  ann.send('not json');
  await ann.error();
  ann.destroy();
  await request(daemon, 'GET / HTTP/1.1');
  await request(daemon, 'GET /nothing HTTP/1.1');
  await daemon.stop();
  assertWellFormed(daemon);
  assert.deepEqual(
    daemon.stderr().trimEnd().split('\n').map((line) => line.split(' ')[2]),
    ['ready', 'stopping', 'stopped'],
  );
});

test('log_level=error says nothing at all on an ordinary day', async (t) => {
  const daemon = await serveFor(t, { log_level: 'error' });
  await (await join(daemon, 'ann')).leave();
  await daemon.stop();
  assert.equal(daemon.stderr(), '');
});

test('under systemd a line begins with its priority and leaves the time to the journal', async (t) => {
  const under = ['sh', '-c', 'JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) exec "$@"', 'sh'];
  const daemon = await serveFor(t, { max_connections: 1 }, { under });
  await join(daemon, 'ann');
  await request(daemon, 'GET / HTTP/1.1');
  await daemon.logged(/^<4>connection_refused /m);
  assert.match(daemon.stderr(), /^<6>ready /m);
});
