// When the process has no file descriptor left: the new are refused, the old live on, the log says what to raise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../support/chat.mjs';
import { eventually, soon } from '../support/inbox.mjs';
import { dial, rawJoin, tryUpgrade } from '../support/rawws.mjs';
import { serveFor } from '../support/serve.mjs';

const LIMIT = 64;
const under = ['sh', '-c', `ulimit -n ${LIMIT}; exec "$@"`, 'sh'];

test('descriptors run out: refused, not ignored; old ones live on; room again as soon as somebody leaves', async (t) => {
  const daemon = await serveFor(t, { workers: 2, message_rate: 0 }, { under });
  const ann = await join(daemon, 'ann');
  const bob = await join(daemon, 'bob');
  const crowd = await Promise.all(
    Array.from({ length: 2 * LIMIT }, async () => {
      const { wire, response } = await tryUpgrade(daemon, '/ws').catch(() => ({ wire: null, response: null }));
      return { wire, status: response?.status ?? 0 };
    }),
  );
  const accepted = crowd.filter(({ status }) => status === 101);
  const refused = crowd.filter(({ status }) => status !== 101);
  assert.ok(accepted.length > 0 && accepted.length < LIMIT, `${accepted.length} accepted`);
  for (const { wire, status } of refused) {
    assert.ok([0, 503].includes(status), `${status}`);
    if (wire) await soon(wire.ended, 'the end of a refused connection');
  }
  assert.ok(refused.some(({ status }) => status === 503), 'some are told why');

  const [line] = await daemon.logged(/^.* warn connection_refused .*$/m);
  assert.match(line, /reason=descriptors/);
  assert.match(line, process.env.HUBBUB_WRAPPER ? / limit=\d+ / : new RegExp(` limit=${LIMIT} `)); /* valgrind keeps some */
  assert.match(line, /ulimit -n/);
  assert.match(line, /LimitNOFILE/);

  ann.say('we live on');
  await bob.until({ body: 'we live on' });

  for (const { wire } of accepted.slice(0, 5)) wire.destroy();
  const late = await eventually(() => rawJoin(daemon, 'late').catch(() => null), 'somebody gets in again');
  late.say('in again');
  await bob.until({ body: 'in again' });
  for (const { wire } of crowd) wire?.destroy();
  assert.equal((await daemon.stop()).code, 0);
});

test('it does not spin meanwhile: the log stays short and a waiting connection is dealt with', async (t) => {
  const daemon = await serveFor(t, { workers: 1, message_rate: 0 }, { under });
  const ann = await join(daemon, 'ann');
  for (let round = 0; round < 10; round++) {
    const wires = await Promise.all(Array.from({ length: LIMIT }, () => dial(daemon).catch(() => null)));
    ann.say(`round ${round}`);
    await ann.until({ body: `round ${round}` });
    for (const wire of wires) wire?.reset();
  }
  await eventually(() => rawJoin(daemon, 'late').catch(() => null), 'somebody gets in again');
  const lines = daemon.stderr().split('\n').filter((line) => /refused|libwebsockets/.test(line));
  assert.ok(lines.length <= 20, daemon.stderr());
});
