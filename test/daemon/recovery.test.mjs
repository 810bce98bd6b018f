// Proof or nothing: readers that come and go at random moments, in every way, while a room is busy, have seen exactly
// the log at the end. HUBBUB_FAULT_SECONDS says how long it goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { between, pause, rate, seconds } from '../support/scale.mjs';
import { serveFor } from '../support/serve.mjs';
import { Speaker, talk } from '../support/speaker.mjs';
import { Log, Witness } from '../support/witness.mjs';

const HOWS = ['close', 'reset', 'cut', 'freeze'];

// Comes, stays for a while or not even until it is let in, goes, and comes again.
async function comeAndGo(witness, daemon, isOver) {
  while (!isOver()) {
    const joined = witness.connect(daemon.port).then(() => witness.thaw(), () => {});
    await (Math.random() < 0.3 ? pause(between(0, 30)) : joined.then(() => pause(between(0, 600))));
    witness.check();
    witness.drop(HOWS[Math.floor(Math.random() * HOWS.length)]);
    await pause(Math.random() < 0.1 ? between(500, 1200) : between(0, 120));
  }
  await witness.insist(daemon.port);
  await witness.thaw();
}

// Whoever the rings are too small for is cut, and comes back.
async function stayOn(link, daemon, isOver) {
  for (let cuts = 0; ; cuts++) {
    const code = await link.socket.closed;
    if (isOver() || link.fault) return cuts;
    assert.equal(code, 1013, link.name);
    await link.insist(daemon.port);
  }
}

async function hammer(t, options, seconds) {
  const daemon = await serveFor(t, { message_rate: 0, workers: 2, max_connections_per_address: 0, ...options });
  const logs = [new Log('busy'), new Log('calm')];
  const rooms = logs.map(({ room }) => room);
  const stays = new Witness('stays', logs);
  const comers = Array.from({ length: 6 }, (_, i) => new Witness(`comer${i}`, logs, options.journal ? { recoverable: 990 } : {}));
  const speakers = Array.from({ length: 4 }, (_, i) => new Speaker(`speaker${i}`, rooms));
  await Promise.all([stays, ...comers, ...speakers].map((one) => one.connect(daemon.port)));

  let isOver = false;
  let isProven = false;
  const staying = [stays, ...speakers].map((link) => stayOn(link, daemon, () => isProven));
  const talking = talk(t, speakers, rate(2000));
  const going = comers.map((witness) => comeAndGo(witness, daemon, () => isOver));
  /* none of these ends early but by a fault */
  await Promise.race([pause(seconds * 1000), Promise.all(going), Promise.all(staying)]);
  isOver = true;
  const took = talking.stop();
  await Promise.all(going);
  for (const speaker of speakers) await speaker.answered();
  for (const witness of [stays, ...comers]) await witness.catchUp(speakers);

  const events = logs.reduce((sum, log) => sum + log.length, 0);
  const recoveries = comers.reduce((sum, { recoveries }) => sum + recoveries, 0);
  t.diagnostic(`${events} events in ${took.toFixed(1)} s, ${recoveries} recoveries`);
  const acked = speakers.reduce((sum, speaker) => sum + speaker.acked.size, 0);
  assert.equal(events, acked, 'what is in the log was acknowledged, and nothing else');
  for (const witness of [stays, ...comers])
    for (const log of logs) assert.equal(witness.seq(log.room), log.length, witness.name);
  assert.equal(stays.reloads, 0);
  assert.ok(recoveries > comers.length);
  for (const log of logs) {
    for (const speaker of speakers) speaker.verify(log);
    if (!options.journal) await log.matches(speakers[0]); /* memory does not keep all of it */
  }
  isProven = true;
  for (const one of [stays, ...comers, ...speakers]) one.drop('close');
  const cuts = (await Promise.all(staying)).reduce((sum, n) => sum + n);
  t.diagnostic(`${cuts} cuts`);
  if (!options.ring_frames) assert.equal(cuts, 0);
}

test('readers that come back at random moments under load end with exactly the log', (t) => hammer(t, {}, seconds(8)));

test('the same with the journal in memory, as far as it reaches', (t) =>
  hammer(t, { journal: 'memory' }, Math.min(seconds(3), 10)));

test('the same with frozen readers that are too slow for small rings', (t) =>
  hammer(t, { ring_frames: 512, ring_bytes: '64k', max_frame: '32k', send_buffer: '16k' }, Math.min(seconds(3), 15)));
