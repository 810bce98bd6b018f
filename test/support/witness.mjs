// Readers that check a log while it grows, over any number of connections.
//
//   const log = new Log('tea')                  what the room's log is, as all witnesses together say
//   const ann = new Witness('ann', [log])       never misses an event, sees none twice, always the same as the others
//   await ann.connect(daemon.port)
//   ann.drop('reset'); await ann.connect(...)   comes back after the last event that it has
//   await log.matches(speaker)                  history says the same
import assert from 'node:assert/strict';
import { Link } from './link.mjs';

const durable = new Set(['message', 'edit', 'delete', 'react']);
const RECOVERABLE = 5000; /* so many missed events are always recovered */

const same = (event) => `${event.type} ${event.id} ${event.username} ${event.ts} ${event.emoji} ${event.on}`;

export class Log {
  #events = []; /* by seq - 1 */
  #present = new Map(); /* id -> message in its present state */
  #applied = 0;

  constructor(room) {
    this.room = room;
  }

  get length() {
    return this.#events.length;
  }

  at(seq) {
    return this.#events[seq - 1];
  }

  // Whoever is first writes it down; a changed message is the same event.
  note(event) {
    const { seq } = event;
    assert.equal(event.room, this.room);
    const known = this.#events[seq - 1];
    if (known) {
      assert.equal(same(event), known.same, `event ${seq} is not what others saw`);
      return;
    }
    const before = this.#events[seq - 2];
    if (before) assert.ok(event.ts >= before.ts, `ts goes back at ${seq}`);
    this.#events[seq - 1] = {
      same: same(event), type: event.type, id: event.id, seq, ts: event.ts, username: event.username, body: event.body,
      emoji: event.emoji, on: event.on, reply_to: event.reply_to,
    };
  }

  // The messages that the events add up to.
  #add() {
    for (; this.#applied < this.#events.length; this.#applied++) {
      const event = this.#events[this.#applied];
      assert.ok(event, `nobody saw event ${this.#applied + 1}`);
      const { type, id, seq, ts, username, body, emoji, reply_to } = event;
      if (type === 'message') {
        this.#present.set(id, { id, seq, ts, username, body, reply_to, reactions: {} });
        continue;
      }
      const message = this.#present.get(id);
      assert.ok(message && !message.deleted, `event ${seq} is about no message`);
      if (type === 'edit') Object.assign(message, { body, edited: ts });
      else if (type === 'delete') Object.assign(message, { body: '', deleted: true, reactions: {} });
      else {
        const names = new Set(message.reactions[emoji]);
        if (event.on) names.add(username);
        else names.delete(username);
        message.reactions[emoji] = [...names];
        if (names.size === 0) delete message.reactions[emoji];
      }
    }
  }

  messages() {
    this.#add();
    return [...this.#present.values()];
  }

  // All of the history, page by page, is what the events add up to.
  async matches(speaker) {
    const wanted = this.messages();
    const found = [];
    for (let more = true, after = 0; more; ) {
      const page = await speaker.ask({ type: 'history', room: this.room, after, limit: 200 });
      assert.equal(page.type, 'history', JSON.stringify(page));
      found.push(...page.messages);
      more = page.more;
      after = page.messages.at(-1)?.seq;
    }
    const plain = ({ id, seq, ts, username, body, reply_to, edited, deleted, reactions = {} }) =>
      JSON.stringify([id, seq, ts, username, body, reply_to, deleted ? 'deleted' : edited,
        Object.keys(reactions).sort().map((emoji) => [emoji, [...reactions[emoji]].sort()])]);
    for (let i = 0; i < Math.max(found.length, wanted.length); i++) {
      assert.ok(found[i], `history lacks ${JSON.stringify(wanted[i])}`);
      assert.ok(wanted[i], `history has ${JSON.stringify(found[i])} more`);
      assert.equal(plain(found[i]), plain(wanted[i]));
    }
  }
}

export class Witness extends Link {
  recoveries = 0;
  reloads = 0;

  constructor(name, logs, { recoverable = RECOVERABLE } = {}) {
    super(name, logs.map(({ room }) => room));
    this.recoverable = recoverable;
    this.places = new Map(logs.map((log) => [log.room, { log, seq: 0, epoch: null }]));
  }

  wish(room) {
    const { epoch, seq } = this.places.get(room);
    return epoch ? { since: { epoch, seq } } : {};
  }

  seq(room = this.rooms[0]) {
    return this.places.get(room).seq;
  }

  take(frame) {
    if (durable.has(frame.type)) this.#event(this.places.get(frame.room), frame);
    else if (frame.type === 'joined') this.#joined(this.places.get(frame.room), frame);
    else if (frame.type === 'error') assert.fail('an error');
  }

  #event(place, event) {
    assert.equal(event.seq, place.seq + 1, `follows ${place.seq}`);
    place.seq = event.seq;
    place.log.note(event);
  }

  #joined(place, { epoch, seq, recovered, events }) {
    if (place.epoch === null) {
      assert.equal(seq, 0, 'a witness has to be there from the beginning');
    } else {
      assert.equal(epoch, place.epoch, 'the epoch changed');
      if (!recovered) {
        assert.ok(seq - place.seq > this.recoverable, `not recovered from ${place.seq} to ${seq}`);
        this.reloads++;
        place.seq = seq; /* other witnesses know what was there, and history is compared at the end */
      } else {
        this.recoveries++;
      }
    }
    place.epoch = epoch;
    for (const event of events) this.#event(place, event);
    assert.equal(place.seq, seq, 'not all that was missed');
  }

  // Until it has all that anybody saw, and all that the speakers were told is stored.
  async catchUp(speakers, patience) {
    for (const [room, { log }] of this.places) {
      const end = Math.max(log.length, ...speakers.map((speaker) => speaker.newest(room)));
      await this.until(() => this.seq(room) >= end, () => `has ${this.seq(room)} of ${end} in ${room}`, patience);
    }
  }
}
