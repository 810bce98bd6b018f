// The system's clock is set back: in a room ts never decreases, whatever happens in it, also over a restart.
import assert from 'node:assert/strict';
import { openSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { start, repository, temporaryFolder } from '../support/daemon.mjs';
import { soon } from '../support/inbox.mjs';
import { Link } from '../support/link.mjs';
import { Speaker } from '../support/speaker.mjs';
import { Log, Witness } from '../support/witness.mjs';

const HOUR = 3_600_000;
const library = process.env.HUBBUB_TEST_CLOCK || `${repository}/build/test/support/libtest_clock.so`;

// A wall clock for the daemon that is so many ms off.
class Clock {
  #folder = temporaryFolder('clock');
  #path = `${this.#folder}/shift`;
  #library = `${this.#folder}/clock.so`; // LD_PRELOAD is a list: no blank may be in the path

  constructor() {
    symlinkSync(library, this.#library);
    writeFileSync(this.#path, Buffer.alloc(8));
    this.fd = openSync(this.#path, 'r+');
  }

  set(ms) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(ms));
    writeSync(this.fd, bytes, 0, 8, 0);
  }

  get env() {
    return {
      LD_PRELOAD: this.#library, CLOCK_SHIFT: this.#path,
      ASAN_OPTIONS: [process.env.ASAN_OPTIONS, 'verify_asan_link_order=0'].filter(Boolean).join(':'),
    };
  }
}

// Sees all that has a ts.
class Watcher extends Link {
  stamps = [];

  take(frame) {
    if (frame.room && frame.ts !== undefined && frame.type !== 'ack') this.stamps.push({ type: frame.type, ts: frame.ts });
  }
}

for (const journal of ['sqlite', 'memory'])
  test(`ts never decreases in a room, in whatever direction the clock jumps (${journal})`, async (t) => {
    const clock = new Clock();
    const state_dir = journal === 'sqlite' ? temporaryFolder('state') : null;
    const options = { workers: 2, message_rate: 0, journal, state_dir };
    let daemon = await start(options, { t, env: clock.env });
    const log = new Log('tea');
    const witness = new Witness('witness', [log]);
    const speaker = new Speaker('speaker', ['tea']);
    const watcher = new Watcher('watcher', ['tea']);
    for (const one of [witness, speaker, watcher]) await one.connect(daemon.port);

    let guests = 0;
    const talk = async () => {
      for (let i = 0; i < 20; i++) speaker.act();
      await speaker.answered();
      const guest = new Link(`guest${guests++}`, ['tea']);
      await guest.connect(daemon.port);
      guest.drop('close');
      const { length } = watcher.stamps;
      await watcher.until(() => watcher.stamps.slice(length).some(({ type }) => type === 'leave'), 'the guest leaves');
      speaker.act();
      await speaker.answered();
      await witness.catchUp([speaker]);
    };
    for (const shift of [0, 5 * HOUR, -5 * HOUR, HOUR, 0]) {
      clock.set(shift);
      await talk();
    }
    const jumps = watcher.stamps.filter(({ ts }, i) => i > 0 && ts < watcher.stamps[i - 1].ts);
    assert.deepEqual(jumps, []);
    assert.ok(log.at(log.length).ts >= log.at(1).ts + 5 * HOUR - 60_000, 'the clock did jump');

    const newest = log.at(log.length).ts;
    if (journal === 'sqlite') {
      assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
      clock.set(-24 * HOUR);
      daemon = await start(options, { t, env: clock.env });
      for (const one of [witness, speaker, watcher]) await one.insist(daemon.port);
      const before = log.length;
      await talk();
      assert.ok(log.at(before + 1).ts >= newest);
      await log.matches(speaker);
    }
    for (const one of [witness, speaker, watcher]) one.drop('close');
    assert.deepEqual(await soon(daemon.stop(), 'the stop'), { code: 0, signal: null });
  });
