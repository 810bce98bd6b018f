// kill -9 at random moments under load: what was acknowledged is in the log, once and in order, and everybody goes
// on where they were. HUBBUB_FAULT_ROUNDS says how often.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Crowd, gather, options } from '../support/crowd.mjs';
import { launch, optionArguments, temporaryFolder } from '../support/daemon.mjs';
import { between, pause, rate, rounds, speed } from '../support/scale.mjs';
import { talk } from '../support/speaker.mjs';

async function kill(daemon, crowd) {
  daemon.child.kill('SIGKILL');
  assert.deepEqual(await daemon.exit, { code: null, signal: 'SIGKILL' });
  crowd.drop('cut');
}

async function finish(t, crowd, state_dir, kills) {
  const daemon = await gather(t, crowd, state_dir);
  await crowd.verify();
  crowd.drop('close');
  assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
  t.diagnostic(`${kills} kills, ${crowd.events} events, ${crowd.repeats} repeats, ${crowd.recoveries} recoveries`);
  assert.ok(crowd.recoveries >= kills * crowd.witnesses.length);
}

for (const [sync, count] of [['normal', rounds(6)], ['full', Math.ceil(rounds(6) / 5)]])
  test(`killed ${count} times under load (journal_sync=${sync}): what was acknowledged is there, once, in order`, async (t) => {
    const state_dir = temporaryFolder('state');
    const crowd = new Crowd();
    const talking = talk(t, crowd.speakers, rate(2000));
    for (let i = 0; i < count; i++) {
      const daemon = await gather(t, crowd, state_dir, { journal_sync: sync });
      await crowd.hear(1);
      await pause(between(0, 300));
      await kill(daemon, crowd);
    }
    talking.stop();
    await finish(t, crowd, state_dir, count);
  });

test('killed while it starts, and while it looks at the file of one that was killed', async (t) => {
  const state_dir = temporaryFolder('state');
  const crowd = new Crowd();
  const count = rounds(4);
  for (let i = 0; i < count; i++) {
    const daemon = await gather(t, crowd, state_dir);
    for (let k = 0; k < 50; k++) for (const speaker of crowd.speakers) speaker.act();
    await crowd.hear(1);
    await kill(daemon, crowd);
    for (let k = 0; k < 3; k++) {
      const early = launch(optionArguments({ ...options, port: 0, state_dir }), { t });
      await pause(between(0, 40 / speed));
      early.child.kill('SIGKILL');
      await early.exit;
    }
  }
  await finish(t, crowd, state_dir, count);
});
