// A disk that is full: senders are told so, everybody else lives on, and when there is space again all is well.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import { test } from 'node:test';
import { join } from '../support/chat.mjs';
import { Crowd, gather } from '../support/crowd.mjs';
import { temporaryFolder } from '../support/daemon.mjs';
import { eventually } from '../support/inbox.mjs';
import { request } from '../support/rawws.mjs';
import { Disk, noDisk } from '../support/root.mjs';
import { rate } from '../support/scale.mjs';
import { talk } from '../support/speaker.mjs';

const status = async (daemon, path) => (await request(daemon, `GET ${path} HTTP/1.1`)).status;
const count = (daemon, pattern) => daemon.stderr().match(new RegExp(pattern, 'g'))?.length ?? 0;
const refusals = (crowd) => crowd.speakers.reduce((sum, { refusals }) => sum + (refusals.get('unavailable') ?? 0), 0);

async function refused(crowd, more) {
  const enough = refusals(crowd) + more;
  await eventually(() => {
    for (const speaker of crowd.speakers) speaker.resend();
    for (const one of crowd.all) one.check();
    return refusals(crowd) >= enough;
  }, `${more} refusals`);
}

// The log as it is on the disk, for another daemon.
function copyOf(disk, daemon) {
  const folder = temporaryFolder('copy');
  for (const name of ['hubbub.db', 'hubbub.db-wal'])
    if (existsSync(disk.path(daemon, name))) copyFileSync(disk.path(daemon, name), `${folder}/${name}`);
  return folder;
}

for (const spare of [0, 20_000, 200_000])
  test(`a full disk (${spare} bytes are left): unavailable, readers live on, and it goes on when there is space`, { skip: noDisk }, async (t) => {
    const disk = new Disk(temporaryFolder('disk'), '6m');
    const crowd = new Crowd();
    const daemon = await gather(t, crowd, disk.folder, {}, { under: disk.under });
    const old = await join(daemon, 'old', { room: 'busy' });
    for (const speaker of crowd.speakers) speaker.filler = 'x'.repeat(200);
    const talking = talk(t, crowd.speakers, rate(500), { pending: 20 });
    await crowd.hear(100);
    assert.equal(await status(daemon, '/readyz'), 200);

    disk.fill(daemon, spare);
    await daemon.logged(/ error journal_unavailable .*hint="free some space on its file system"/);
    await refused(crowd, 100);
    talking.stop();
    await eventually(async () => (await status(daemon, '/readyz')) === 503, 'not ready');
    // For a while, in which the log is tried again and again though nobody sends.
    for (const end = Date.now() + 2000; Date.now() < end; ) assert.equal(await status(daemon, '/readyz'), 503);
    assert.equal(await status(daemon, '/healthz'), 200);
    for (let i = 0; i < 3; i++) {
      old.say(`not stored ${i} ${'x'.repeat(8000)}`);
      assert.match(await old.error(), /store/);
    }
    const page = await crowd.speakers[0].ask({ type: 'history', room: 'busy', limit: 50 });
    assert.equal(page.messages.length, 50);
    const [late] = crowd.witnesses;
    late.drop('reset');
    await late.connect(daemon.port);
    await refused(crowd, 100);
    assert.equal(count(daemon, ' journal_unavailable '), 1, daemon.stderr());

    disk.empty(daemon);
    await eventually(async () => (await status(daemon, '/readyz')) === 200, 'ready again');
    await daemon.logged(/ info journal_available /);
    for (const speaker of crowd.speakers) speaker.resend();
    await crowd.settle();
    for (const speaker of crowd.speakers) for (let i = 0; i < 20; i++) speaker.act();
    await crowd.verify();
    assert.equal(count(daemon, ' journal_available '), 1, daemon.stderr());

    const copy = copyOf(disk, daemon);
    crowd.drop('close');
    old.destroy();
    assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
    assert.doesNotMatch(daemon.stderr(), /Sanitizer|runtime error:/);
    const next = await gather(t, crowd, copy);
    await crowd.verify();
    crowd.drop('close');
    assert.deepEqual(await next.stop(), { code: 0, signal: null });
  });

test('a full disk at the start is a reason not to start, and says so', { skip: noDisk }, async (t) => {
  const { launch, optionArguments } = await import('../support/daemon.mjs');
  const disk = new Disk(temporaryFolder('disk'), '4k');
  const daemon = launch(optionArguments({ port: 0, state_dir: disk.folder }), { t, under: disk.under });
  assert.deepEqual(await daemon.exit, { code: 1, signal: null });
  assert.match(daemon.stderr(), / error journal_refused .*hint="free some space on its file system"/);
});
