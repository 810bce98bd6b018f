// Witnesses and speakers together, over the lives of several daemons on one state_dir.
import assert from 'node:assert/strict';
import { start } from './daemon.mjs';
import { Speaker } from './speaker.mjs';
import { Log, Witness } from './witness.mjs';

export const options = { message_rate: 0, workers: 2, max_connections_per_address: 0 };

export class Crowd {
  logs = [new Log('busy'), new Log('calm')];
  witnesses = Array.from({ length: 3 }, (_, i) => new Witness(`witness${i}`, this.logs));
  speakers = Array.from({ length: 4 }, (_, i) => new Speaker(`speaker${i}`, ['busy', 'calm']));

  get all() {
    return [...this.witnesses, ...this.speakers];
  }

  get acked() {
    return this.speakers.reduce((sum, { acked }) => sum + acked.size, 0);
  }

  get events() {
    return this.logs.reduce((sum, { length }) => sum + length, 0);
  }

  get recoveries() {
    return this.witnesses.reduce((sum, { recoveries }) => sum + recoveries, 0);
  }

  get repeats() {
    return this.speakers.reduce((sum, { repeats }) => sum + repeats, 0);
  }

  // Until so many more are acknowledged.
  async hear(more, patience) {
    const enough = this.acked + more;
    const looks = this.speakers.map((one) => one.until(() => this.acked >= enough, `${more} acks`, patience));
    await Promise.any(looks);
    for (const look of looks) look.catch(() => {});
  }

  async settle(patience) {
    for (const speaker of this.speakers) await speaker.answered(patience);
    for (const witness of this.witnesses) await witness.catchUp(this.speakers, patience);
  }

  drop(how) {
    for (const one of this.all) one.drop(how);
    for (const one of this.all) one.check();
  }

  // What is in the log was acknowledged, and the other way round.
  #compare() {
    const acks = new Map(this.logs.map(({ room }) => [room, new Map()]));
    for (const { acked } of this.speakers)
      for (const [cid, { ack, request }] of acked) {
        const seqs = acks.get(request.room);
        assert.ok(!seqs.has(ack.seq), `${cid} and ${seqs.get(ack.seq)} are both acknowledged as ${ack.seq}`);
        seqs.set(ack.seq, cid);
      }
    for (const log of this.logs)
      for (let seq = 1; seq <= log.length; seq++)
        assert.ok(acks.get(log.room).has(seq), `not acknowledged: ${JSON.stringify(log.at(seq))}`);
    assert.equal(this.events, this.acked);
  }

  // Everything that was said is in the log, once, in order; everybody has seen it; and history says the same.
  async verify() {
    await this.settle();
    this.#compare();
    for (const witness of this.witnesses) {
      assert.equal(witness.reloads, 0);
      for (const log of this.logs) assert.equal(witness.seq(log.room), log.length, witness.name);
    }
    for (const log of this.logs) {
      for (const speaker of this.speakers) speaker.verify(log);
      await log.matches(this.speakers[0]);
    }
  }
}

// Another daemon on the folder, and everybody in it.
export async function gather(t, crowd, state_dir, more = {}, launching = {}) {
  const daemon = await start({ ...options, state_dir, ...more }, { t, ...launching });
  /* Witnesses have to be there before anything is said. */
  for (const some of [crowd.witnesses, crowd.speakers]) await Promise.all(some.map((one) => one.insist(daemon.port)));
  return daemon;
}
