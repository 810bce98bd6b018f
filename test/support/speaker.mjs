// Somebody who talks all the time, over any number of connections, and holds the server to every ack.
//
//   const bob = new Speaker('bob', ['tea'])
//   await bob.connect(port)
//   bob.act()                 says something new, or changes what it has said
//   bob.pending               what is not answered yet: said again with the same cid after each connect
//   await bob.answered()      until nothing is pending
//   bob.verify(log)           every ack is in the log, and nothing of its is there twice
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Link } from './link.mjs';

const EMOJI = ['👍', '🎉', '☕', '❤️', '🤔', '👀', '🚀', '🙈'];

export class Speaker extends Link {
  pending = new Map(); /* cid -> request, in the order of saying */
  acked = new Map(); /* cid -> {ack, request} */
  refusals = new Map(); /* code -> how often */
  repeats = 0;
  #asked = new Map();
  #unsaid = [];
  #newest = new Map();
  #run = randomUUID().slice(0, 8);
  #count = 0;
  #own = []; /* acknowledged messages that are still there: {room, id} */

  constructor(name, rooms, { mix = true, filler = '' } = {}) {
    super(name, rooms);
    Object.assign(this, { mix, filler });
  }

  act(chance = Math.random()) {
    const room = this.rooms[this.#count % 8 === 7 ? this.rooms.length - 1 : 0];
    if (!this.mix || chance < 0.8 || this.#own.length === 0) return this.#request({ type: 'message', room });
    const at = Math.floor(Math.random() * this.#own.length);
    const { room: there, id, used } = this.#own[at];
    if (chance < 0.9) {
      /* each emoji once for each message, so that none is without effect */
      if (used < EMOJI.length)
        return this.#request({ type: 'react', room: there, id, emoji: EMOJI[this.#own[at].used++], on: true });
      return this.#request({ type: 'message', room });
    }
    if (chance < 0.96) return this.#request({ type: 'edit', room: there, id, body: `edited ${this.#count}` });
    this.#own.splice(at, 1);
    return this.#request({ type: 'delete', room: there, id });
  }

  #request(request) {
    const cid = `${this.name}-${this.#run}-${++this.#count}`;
    if (request.type === 'message') request.body = `${cid} ${this.filler}`;
    request.cid = cid;
    this.pending.set(cid, request);
    if (this.isJoined) this.send(request);
    return cid;
  }

  // A question of its own, as that of history; not repeated.
  async ask(request) {
    const cid = `ask-${++this.#count}`;
    let answer;
    this.#asked.set(cid, (frame) => (answer = frame));
    this.send({ ...request, cid });
    await this.until(() => answer, `an answer to ${JSON.stringify(request)}`);
    return answer;
  }

  take(frame) {
    if (frame.cid && this.#asked.has(frame.cid)) {
      this.#asked.get(frame.cid)(frame);
      this.#asked.delete(frame.cid);
    } else if (frame.type === 'ack') this.#acknowledged(frame);
    else if (frame.type === 'error') this.#refused(frame);
    else if (frame.type === 'joined' && this.isJoined) this.#sayAll();
  }

  #sayAll() {
    this.#unsaid = [];
    for (const request of this.pending.values()) this.send(request);
  }

  #acknowledged(ack) {
    const known = this.acked.get(ack.cid);
    const request = this.pending.get(ack.cid);
    assert.ok(known || request, 'an ack for what it did not say');
    if (ack.dup) this.repeats++;
    if (known) {
      assert.equal(ack.dup, true, 'stored a second time');
      for (const field of ['id', 'seq', 'ts']) assert.equal(ack[field], known.ack[field], `another ${field}`);
      return;
    }
    this.pending.delete(ack.cid);
    this.acked.set(ack.cid, { ack, request });
    this.#newest.set(request.room, Math.max(this.newest(request.room), ack.seq));
    if (request.type === 'message' && this.mix) {
      this.#own.push({ room: request.room, id: ack.id, used: 0 });
      if (this.#own.length > 100) this.#own.shift();
    }
  }

  #refused(error) {
    const request = this.pending.get(error.cid);
    assert.ok(request, 'an error that answers nothing');
    this.refusals.set(error.code, (this.refusals.get(error.code) ?? 0) + 1);
    if (error.code === 'unavailable') {
      assert.ok(error.retry_after > 0, 'no word of when to try again');
      this.#unsaid.push(request);
      return;
    }
    /* A change of a message that this very speaker has deleted since. */
    assert.equal(error.code, 'unknown_message');
    assert.notEqual(request.type, 'message');
    this.pending.delete(error.cid);
  }

  // Says again what was refused for now, in the order in which it was said first.
  resend() {
    for (const request of this.#unsaid.splice(0)) this.send(request);
  }

  answered(patience) {
    return this.until(() => this.pending.size === 0, () => `${this.pending.size} requests without an answer`, patience);
  }

  // The newest event of the room that it was acknowledged.
  newest(room) {
    return this.#newest.get(room) ?? 0;
  }

  verify(log) {
    const said = new Map();
    for (let seq = 1; seq <= log.length; seq++) {
      const event = log.at(seq);
      if (event.username !== this.name || event.type !== 'message') continue;
      const cid = event.body.split(' ')[0];
      if (cid === '' || cid === 'edited') continue; /* seen after it was changed */
      assert.ok(!said.has(cid), `${cid} is in the log twice`);
      said.set(cid, seq);
    }
    let last = 0;
    for (const [cid, { ack, request }] of this.acked) {
      if (request.room !== log.room) continue;
      const event = log.at(ack.seq);
      assert.ok(event, `${cid} was acknowledged as ${ack.seq} and is not in the log`);
      assert.deepEqual([event.type, event.id, event.username], [request.type, ack.id, this.name]);
      if (request.type === 'message' && said.has(cid)) assert.equal(said.get(cid), ack.seq);
      /* what was refused for a while, others may have overtaken */
      if (this.refusals.size === 0) assert.ok(ack.seq > last, `${cid} is before what was said before it`);
      last = ack.seq;
    }
  }
}

// Lets the speakers act about so many times a second in all, as long as each has fewer than so many unanswered
// requests, until stop() is called or the test is over.
export function talk(t, speakers, rate, { pending = 200 } = {}) {
  const started = Date.now();
  const elapsed = () => (Date.now() - started) / 1000;
  let turn = 0;
  let done = 0;
  const timer = setInterval(() => {
    const due = Math.floor(elapsed() * rate) - done;
    done += due;
    for (let i = 0; i < Math.min(due, rate / 5); i++) {
      const speaker = speakers[turn++ % speakers.length];
      if (speaker.pending.size < pending) speaker.act();
    }
  }, 4);
  t.after(() => clearInterval(timer));
  return {
    stop() {
      clearInterval(timer);
      return elapsed();
    },
  };
}
