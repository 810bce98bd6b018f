// A slow reader of version 2 hurts only itself: it is spared typing, then presence, then it is closed with 1013 after
// bye, and comes back with since, having lost nothing; the others get everything meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, soon } from '../support/inbox.mjs';
import { Link } from '../support/link.mjs';
import { isWrapped, rate } from '../support/scale.mjs';
import { serveFor } from '../support/serve.mjs';
import { Speaker, talk } from '../support/speaker.mjs';
import { Log, Witness } from '../support/witness.mjs';

/* Who does not read answers no pings either. */
const OPTIONS = { workers: 2, message_rate: 0, ping_interval: 0 };

// Remembers what is of the moment, too.
class Watcher extends Witness {
  moments = [];

  take(frame) {
    super.take(frame);
    if (['typing', 'join', 'leave', 'users'].includes(frame.type)) this.moments.push(frame);
  }

  of(type, username) {
    return this.moments.filter((frame) => frame.type === type && (!username || frame.username === username));
  }
}

async function people(t, daemon) {
  const log = new Log('tea');
  const slow = new Watcher('slow', [log]);
  const other = new Watcher('other', [log]);
  const speaker = new Speaker('speaker', ['tea'], { mix: false });
  for (const one of [slow, other, speaker]) await one.connect(daemon.port);
  await other.until(() => other.of('join', 'speaker').length === 1, 'the speaker to join');
  return { log, slow, other, speaker };
}

// Says so many messages, which everybody but the slow one has got at the end.
async function say(speaker, other, count, size) {
  speaker.filler = 'x'.repeat(size);
  for (let i = 0; i < count; i++) {
    speaker.act();
    if (speaker.pending.size >= 100) await speaker.answered();
  }
  await speaker.answered();
  await other.catchUp([speaker]);
}

// Comes, types and goes.
async function visit(daemon, other, name) {
  const guest = new Link(name, ['tea']);
  await guest.connect(daemon.port);
  guest.send({ type: 'typing', room: 'tea' });
  await other.until(() => other.of('typing', name).length === 1, `${name} is typing`);
  guest.drop('close');
  await other.until(() => other.of('leave', name).length === 1, `${name} leaves`);
}

test('typing is left out first, then presence too; when it reads on one users makes that good, and no message is missing', async (t) => {
  const daemon = await serveFor(t, { ...OPTIONS, ring_frames: 400, ring_bytes: '64m', send_buffer: '16k' });
  const { log, slow, other, speaker } = await people(t, daemon);
  slow.socket.pause();
  await say(speaker, other, 1, 100);
  await visit(daemon, other, 'early'); /* nothing has to be left out yet */

  /* The sockets hold less than 60 of these, so the ring is filled to between a quarter and a half... */
  await say(speaker, other, 170, 16000);
  await visit(daemon, other, 'middle');
  /* ...and to between a half and all of it. */
  await say(speaker, other, 150, 16000);
  await visit(daemon, other, 'late');

  slow.socket.resume();
  await slow.catchUp([speaker]);
  await slow.until(() => slow.of('users').length === 1, 'users, which makes good what was left out');
  assert.deepEqual(slow.of('users')[0].users, ['slow', 'other', 'speaker']);
  assert.equal(slow.of('typing', 'early').length, 1);
  assert.equal(slow.of('typing', 'middle').length, 0, 'typing is left out from a quarter on');
  assert.equal(slow.of('join', 'middle').length, 1);
  assert.equal(slow.of('leave', 'middle').length, 1);
  for (const type of ['join', 'typing', 'leave']) assert.equal(slow.of(type, 'late').length, 0, type);
  assert.equal(slow.seq(), log.length);
  for (const one of [slow, other, speaker]) one.drop('close');
});

test('too slow under load: bye, 1013, and back with since; nothing is lost, and nobody else notices', async (t) => {
  const daemon = await serveFor(t, { ...OPTIONS, log_level: 'debug' });
  const { log, slow, other, speaker } = await people(t, daemon);
  const speakers = [speaker, ...Array.from({ length: 3 }, (_, i) => new Speaker(`more${i}`, ['tea']))];
  for (const one of speakers.slice(1)) await one.connect(daemon.port);
  for (const one of speakers) one.filler = 'x'.repeat(8000);

  const times = isWrapped ? 1 : 3;
  const sentAway = () => daemon.stderr().match(/ sent_away code=1013 username="slow"/g)?.length ?? 0;
  for (let round = 0; round < times; round++) {
    const { socket } = slow;
    socket.pause();
    const talking = talk(t, speakers, rate(500), { pending: 10 });
    await eventually(() => sentAway() > round, 'the slow one is sent away');
    talking.stop(); /* or it would have missed more than recovery gives */
    socket.resume();
    assert.equal(await soon(socket.closed, 'the end of the slow connection'), 1013);
    const { code, reconnect, retry_after } = socket.bye;
    assert.deepEqual({ code, reconnect }, { code: 1013, reconnect: true });
    assert.ok(retry_after > 0);
    await slow.insist(daemon.port);
    slow.check();
  }
  for (const one of speakers) await one.answered();
  for (const one of [slow, other]) await one.catchUp(speakers);
  assert.ok(slow.recoveries >= times);
  assert.equal(slow.reloads, 0);
  assert.equal(other.recoveries, 0, 'the other was never away');
  assert.deepEqual(other.of('leave'), [], 'its name was held meanwhile');
  for (const one of speakers) one.verify(log);
  await log.matches(speaker);
  for (const one of [slow, other, ...speakers]) one.drop('close');
});
