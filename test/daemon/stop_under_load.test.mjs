// SIGTERM under load: what is acknowledged is stored, and everybody is told to come back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Crowd, gather } from '../support/crowd.mjs';
import { temporaryFolder } from '../support/daemon.mjs';
import { soon } from '../support/inbox.mjs';
import { between, pause, rate, rounds } from '../support/scale.mjs';
import { talk } from '../support/speaker.mjs';

test('everybody gets bye and 1001; what was acknowledged is stored, and the next daemon goes on from there', async (t) => {
  const state_dir = temporaryFolder('state');
  const crowd = new Crowd();
  const count = Math.min(rounds(4), 10);
  const talking = talk(t, crowd.speakers, rate(2000));
  for (let i = 0; i < count; i++) {
    const daemon = await gather(t, crowd, state_dir, { drain_time: '20s' });
    const sockets = crowd.all.map(({ socket }) => socket);
    await crowd.hear(1);
    await pause(between(0, 300));
    daemon.child.kill('SIGTERM');
    for (const socket of sockets) {
      assert.equal(await soon(socket.closed, 'the end of a connection'), 1001);
      const { code, reconnect, retry_after } = socket.bye;
      assert.deepEqual({ code, reconnect }, { code: 1001, reconnect: true });
      assert.ok(retry_after > 0);
    }
    assert.deepEqual(await soon(daemon.exit, 'the exit'), { code: 0, signal: null });
    assert.match(daemon.stderr(), / info stopped /);
    assert.doesNotMatch(daemon.stderr(), /Sanitizer|runtime error:|^\S+ error /m);
    crowd.drop('cut');
  }
  talking.stop();
  const daemon = await gather(t, crowd, state_dir);
  assert.doesNotMatch(daemon.stderr(), /journal_check/, 'the stop was a clean one');
  await crowd.verify();
  t.diagnostic(`${count} stops, ${crowd.events} events, ${crowd.repeats} repeats`);
  crowd.drop('close');
  assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
});

test('who says something after the stop began is told to try again, or nothing, but never that it is stored when it is not', async (t) => {
  const state_dir = temporaryFolder('state');
  const crowd = new Crowd();
  const daemon = await gather(t, crowd, state_dir, { drain_time: '2s' });
  const [frozen] = crowd.witnesses;
  frozen.socket.pause(); /* so that the drain takes as long as it may, while the others talk on */
  const talking = talk(t, crowd.speakers, rate(1000));
  await crowd.hear(1);
  daemon.child.kill('SIGTERM');
  assert.deepEqual(await soon(daemon.exit, 'the exit'), { code: 0, signal: null });
  talking.stop();
  crowd.drop('cut');
  const next = await gather(t, crowd, state_dir);
  await crowd.verify();
  crowd.drop('close');
  assert.deepEqual(await next.stop(), { code: 0, signal: null });
});
