// Thousands join as fast as they can: each sees everybody who comes after, and those who were there before go on
// talking and miss nothing.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { join } from '../support/chat.mjs';
import { within } from '../support/daemon.mjs';
import { upgradeRequest } from '../support/rawws.mjs';
import { serveFor } from '../support/serve.mjs';

// Where instrumentation makes everything slow a part of the storm has to do.
const scale = Number(process.env.HUBBUB_TEST_SCALE ?? (process.env.HUBBUB_WRAPPER ? 0.05 : 1));
// This process needs a descriptor for each client, the server one more.
const descriptors = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1e6);
const crowd = (wanted) => Math.min(Math.floor(wanted * scale), descriptors - 300);
const DEADLINE = 150_000;
const AT_ONCE = 400; // connections that are being opened

const scratch = Buffer.alloc(256 * 1024);
const [J, M, U] = ['j', 'm', 'u'].map((letter) => letter.charCodeAt(0));
const AFTER_TYPE = '{"type":"'.length;

// A client that counts. It is no more than it must be, for there are thousands of it.
class Counter {
  joins = 0;
  snapshots = 0;
  firstSaid = null;
  said = null; // the number of the last message
  #rest = null;
  #upgraded = false;

  constructor(daemon, room, name, { onJoined, onFrame, onFault }) {
    Object.assign(this, { room, name, onJoined, onFrame, onFault });
    this.socket = net.connect({
      port: daemon.port, host: '127.0.0.1', noDelay: true,
      onread: { buffer: scratch, callback: (length, bytes) => this.#arrived(bytes.subarray(0, length)) },
    });
    this.socket.once('connect', () =>
      this.socket.write(upgradeRequest(daemon, `/ws?username=${name}&room=${room.name}`)));
    this.socket.once('error', onFault);
    this.socket.once('close', () => onFault(new Error(`${name} was disconnected`)));
  }

  #arrived(bytes) {
    try {
      const all = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes;
      const used = this.#upgraded ? this.#frames(all, 0) : this.#handshake(all);
      this.#rest = used < all.length ? Buffer.from(all.subarray(used)) : null;
    } catch (error) {
      this.onFault(error);
    }
    return true;
  }

  #handshake(bytes) {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return 0;
    assert.match(bytes.toString('latin1', 0, end), /^HTTP\/1\.1 101 /);
    this.#upgraded = true;
    return this.#frames(bytes, end + 4);
  }

  #frames(bytes, at) {
    for (;;) {
      if (bytes.length < at + 2) return at;
      const form = bytes[at + 1];
      const head = form < 126 ? 2 : form === 126 ? 4 : 10;
      if (bytes.length < at + head) return at;
      const length = form < 126 ? form : form === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      const end = at + head + length;
      if (bytes.length < end) return at;
      assert.equal(bytes[at], 0x81, 'only text frames come');
      this.#event(bytes, at + head, end);
      at = end;
    }
  }

  #event(bytes, start, end) {
    const kind = bytes[start + AFTER_TYPE];
    if (kind === J) {
      if (this.joins++ === 0) this.#firstJoin(JSON.parse(bytes.toString('utf8', start, end)));
    } else if (kind === M) {
      const number = Number(JSON.parse(bytes.toString('utf8', start, end)).body);
      if (this.said !== null) assert.equal(number, this.said + 1, `what ${this.name} heard`);
      this.firstSaid ??= number;
      this.said = number;
    } else {
      assert.equal(kind, U, `${this.name} got ${bytes.toString('utf8', start, end)}`);
      this.snapshots++;
    }
    this.onFrame(this);
  }

  #firstJoin(event) {
    assert.deepEqual(event, { type: 'join', username: this.name }, 'the first event is the own join');
    this.onJoined();
  }
}

// Two who sit in a room and talk, each in turn, until talk.until messages were heard by both.
function talkers(daemon, room, name) {
  const talk = { joins: [0, 0], count: 0, until: Infinity };
  talk.run = (async () => {
    const both = await Promise.all([`${name}1`, `${name}2`].map((n) => join(daemon, n, { room })));
    talk.started?.();
    for (; talk.count < talk.until; talk.count++) {
      const body = String(talk.count);
      both[talk.count % 2].say(body);
      for (const [i, person] of both.entries()) {
        for (;;) {
          const event = await person.next();
          if (event.type === 'join' && !event.username.startsWith(name)) talk.joins[i]++;
          assert.notEqual(event.type, 'leave');
          if (event.type !== 'message') continue;
          assert.equal(event.body, body, `${person.name} hears everything in order`);
          break;
        }
      }
    }
  })();
  return talk;
}

async function storm(daemon, { people, rooms, talkIn }) {
  const places = Array.from({ length: rooms }, (_, i) => ({ name: `room${i}`, clients: [] }));
  const talks = new Map();
  for (const place of places.slice(0, talkIn)) {
    const talk = talkers(daemon, place.name, 'witness');
    await Promise.race([new Promise((resolve) => (talk.started = resolve)), talk.run]);
    talks.set(place, talk);
  }

  const clients = [];
  let joined = 0;
  let opened = 0;
  const everybody = new Promise((resolve, reject) => {
    const isOver = { told: false };
    const open = () => {
      while (opened < people && opened - joined < AT_ONCE) {
        const place = places[opened % rooms];
        const client = new Counter(daemon, place, `p${opened++}`, {
          onJoined: () => {
            if (++joined === people) resolve();
            else open();
          },
          onFrame: () => isOver.check?.(),
          onFault: reject,
        });
        place.clients.push(client);
        clients.push(client);
      }
    };
    for (const talk of talks.values()) talk.run.catch(reject);
    open();
  });
  await within(DEADLINE, everybody, () => `${joined} of ${people} have joined`);

  // Everybody is in: of two more messages the second is one that all must get. Then all that is under way arrives.
  const during = [...talks.values()].map((talk) => talk.count);
  for (const talk of talks.values()) talk.until = talk.count + 2;
  await Promise.all([...talks.values()].map((talk) => talk.run));
  const isComplete = (place) =>
    sum(place.clients.map((client) => client.joins)) >= joinsOf(place.clients.length) &&
    place.clients.every((client) => client.snapshots > 0) && // each was told who is here
    (!talks.has(place) || place.clients.every((client) => client.said === talks.get(place).count - 1));
  await within(DEADLINE, settled(places, isComplete), () => places.filter((place) => !isComplete(place))
    .map(({ name, clients: here }) => `${name}: ${sum(here.map((client) => client.joins))} of ${joinsOf(here.length)} joins`).join());
  for (const client of clients) {
    client.socket.removeAllListeners('close');
    client.socket.resetAndDestroy();
  }
  return { places, clients, talks, during };
}

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
// Whoever comes first sees all n join, the next one all but the first.
const joinsOf = (n) => (n * (n + 1)) / 2;

// Resolves when all rooms are complete; looks at those only that were not at the last look.
function settled(places, isComplete) {
  return new Promise((resolve) => {
    let left = places;
    const look = () => {
      left = left.filter((place) => !isComplete(place));
      if (left.length === 0) resolve();
      else setTimeout(look, 10);
    };
    look();
  });
}

function verify({ places, clients, talks, during }, people) {
  assert.equal(clients.length, people);
  for (const place of places) {
    const n = place.clients.length;
    const seen = place.clients.map((client) => client.joins).sort((a, b) => b - a);
    assert.deepEqual(seen, Array.from({ length: n }, (_, i) => n - i), `how many each in ${place.name} saw join`);
  }
  for (const [place, talk] of talks)
    assert.deepEqual(talk.joins, [place.clients.length, place.clients.length], 'those who were there saw all come');
  assert.ok(during.every((count) => count > 0), 'the talk went on during the storm');
}

const options = {
  workers: 2, message_rate: 0, max_connections: 0, max_connections_per_address: 0, header_timeout: '2m', ping_interval: '10m',
};

test('a crowd joins one room', { timeout: 170_000 }, async (t) => {
  const daemon = await serveFor(t, options);
  const people = crowd(2_000);
  verify(await storm(daemon, { people, rooms: 1, talkIn: 1 }), people);
});

test('a larger crowd joins a hundred rooms', { timeout: 170_000 }, async (t) => {
  const daemon = await serveFor(t, options);
  const people = crowd(10_000);
  verify(await storm(daemon, { people, rooms: 100, talkIn: 3 }), people);
});
