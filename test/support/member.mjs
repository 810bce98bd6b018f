// A member of the chat who speaks chat.v2, on npm's ws.
//
//   const ann = await meet(daemon)                             connected; hello has come
//   const joined = await ann.join('tea', { username: 'ann' })  the answer; { since }, { last } and { key } go there too
//   const ann = await member(daemon, 'ann', 'tea')             both at once
//   await ann.say('tea', 'hello')                              the ack
//   await ann.ask({ type: 'history', room: 'tea' })            the answer with its cid, which must not be an error
//   await ann.refused({ type: 'edit', ... }, 'not_author')     the error
//   await ann.next(), ann.until({ type: 'message' })           frames that are no answers, in their order
//   ann.frames                                                 all of them, as they came
//   ann.rooms.get('tea')                                       {epoch, seq}: the position for since
//   ann.drop(), await ann.leave(), await ann.end()
//
// It holds every frame against the tables of docs/protocol.md, and in each room every live event must follow the
// one before: what is missing, twice or out of order fails the wait of whoever waits next, and end().
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import WebSocket from 'ws';
import { Inbox, soon } from './inbox.mjs';

const message = { must: ['type', 'room', 'id', 'seq', 'username', 'body', 'ts'], may: ['reply_to'] };
const stored = { ...message, may: ['reply_to', 'edited', 'deleted', 'reactions'] };
const shapes = {
  hello: { must: ['type', 'version', 'server', 'build', 'auth', 'limits', 'ping'], may: [] },
  joined: {
    must: ['type', 'room', 'username', 'key', 'epoch', 'seq', 'recovered', 'events', 'users', 'count'],
    may: ['cid'],
  },
  left: { must: ['type', 'room'], may: ['cid'] },
  ack: { must: ['type', 'room', 'id', 'seq', 'ts'], may: ['cid', 'dup'] },
  message,
  edit: { must: ['type', 'room', 'id', 'seq', 'username', 'ts', 'body'], may: [] },
  delete: { must: ['type', 'room', 'id', 'seq', 'username', 'ts'], may: [] },
  react: { must: ['type', 'room', 'id', 'seq', 'username', 'emoji', 'on', 'ts'], may: [] },
  join: { must: ['type', 'room', 'username', 'ts', 'count'], may: [] },
  leave: { must: ['type', 'room', 'username', 'ts', 'count', 'reason'], may: [] },
  typing: { must: ['type', 'room', 'username'], may: [] },
  history: { must: ['type', 'room', 'epoch', 'messages', 'more'], may: ['cid'] },
  search: { must: ['type', 'messages', 'more'], may: ['cid'] },
  users: { must: ['type', 'room', 'users', 'count'], may: ['cid'] },
  rooms: { must: ['type', 'rooms'], may: ['cid'] },
  error: { must: ['type', 'error', 'code'], may: ['cid', 'room', 'retry_after'] },
  bye: { must: ['type', 'code', 'reason', 'reconnect', 'retry_after'], may: [] },
  pong: { must: ['type', 'ts'], may: ['cid'] },
};
const codes =
  'bad_request too_long not_joined unknown_room unknown_message not_author username_invalid username_taken ' +
  'unauthorized forbidden muted rate_limited room_limit server_full unavailable unsupported';
const durable = ['message', 'edit', 'delete', 'react'];
const text = (value) => typeof value === 'string' && value !== '';
const count = (value) => Number.isSafeInteger(value) && value >= 0;
const kinds = {
  version: count, server: text, build: text, room: text, username: text, key: text, epoch: text, id: text, seq: count,
  ts: (value) => count(value) && value > 1.6e12, recovered: (value) => typeof value === 'boolean', cid: text,
  dup: (value) => value === true, body: (value) => typeof value === 'string', reply_to: text, emoji: text,
  on: (value) => typeof value === 'boolean', count, more: (value) => typeof value === 'boolean', error: text,
  reason: text, retry_after: count, reconnect: (value) => typeof value === 'boolean', edited: count,
  deleted: (value) => value === true,
};

function checkObject(frame, shape) {
  const names = Object.keys(frame);
  for (const name of shape.must) assert.ok(names.includes(name), `${name} is missing`);
  for (const name of names) {
    assert.ok(shape.must.includes(name) || shape.may.includes(name), `${name} does not belong there`);
    if (kinds[name] && !(name === 'code')) assert.ok(kinds[name](frame[name]), `${name} cannot be ${frame[name]}`);
  }
}

function checkFrame(frame) {
  assert.ok(shapes[frame.type], 'its type is unknown');
  checkObject(frame, shapes[frame.type]);
  if (frame.type === 'error') assert.ok(codes.split(' ').includes(frame.code), `${frame.code} is no code`);
  for (const event of frame.events ?? []) {
    assert.ok(durable.includes(event.type), 'an event of the moment among the stored ones');
    checkObject(event, event.type === 'message' ? stored : shapes[event.type]);
  }
  for (const each of frame.messages ?? []) checkObject(each, stored);
  for (const { reactions } of [...(frame.events ?? []), ...(frame.messages ?? [])])
    for (const names of Object.values(reactions ?? {})) assert.ok(names.length > 0 && names.every(text));
}

function fits(event, wanted) {
  return Object.entries(wanted).every(([name, value]) => JSON.stringify(event[name]) === JSON.stringify(value));
}

export class Member {
  frames = [];
  rooms = new Map();
  key = null;
  username = null;
  #inbox = new Inbox();
  #asked = new Map(); /* the since of the last join, by room */
  #answers = new Map();
  /* never two alike: a message under a cid that the same name used before is a repeat */
  #cids = randomUUID();
  #lastCid = 0;
  #fault = null;

  constructor(socket) {
    this.socket = socket;
    this.name = 'somebody';
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
      socket.once('close', (code) => reject(new Error(`closed with ${code} before it was open`)));
    });
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.closed.then(({ code, reason }) => this.#over(`${this.name} was closed with ${code} ${reason}`));
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => {
      try {
        assert.equal(isBinary, false, 'the server sends text only');
        this.#take(JSON.parse(data.toString()));
      } catch (error) {
        this.#fault ??= `${this.name} got ${data.toString().slice(0, 500)}: ${error.message}`;
        this.#over(this.#fault);
      }
    });
  }

  #over(why) {
    this.#inbox.end(why);
    for (const { reject, what } of this.#answers.values()) reject(new Error(`${why} instead of ${what}`));
    this.#answers.clear();
  }

  #take(frame) {
    checkFrame(frame);
    this.frames.push(frame);
    if (frame.type === 'joined') this.#takeJoined(frame);
    else if (frame.type === 'left') this.rooms.delete(frame.room);
    else if (durable.includes(frame.type)) this.#takeEvent(frame);
    const waiting = this.#answers.get(frame.cid);
    this.#answers.delete(frame.cid);
    if (waiting) waiting.resolve(frame);
    else this.#inbox.put(frame);
  }

  #takeJoined(frame) {
    const { room, epoch, seq, events, recovered, users, count: people } = frame;
    const since = this.#asked.get(room);
    let at = recovered ? since.seq : (events[0]?.seq ?? 1) - 1;
    for (const event of events) {
      assert.equal(event.room, room);
      if (recovered) assert.equal(event.seq, at + 1, 'a hole in what was missed');
      assert.ok(event.seq > at, 'events are not in order');
      at = event.seq;
    }
    if (recovered) assert.equal(epoch, since.epoch);
    if (recovered || events.length) assert.ok(at <= seq, 'events from behind seq');
    if (recovered) assert.equal(at, seq, 'not all that was missed');
    assert.equal(users.length, Math.min(people, 256));
    this.rooms.set(room, { epoch, seq });
    this.key = frame.key;
    this.username = this.name = frame.username;
  }

  #takeEvent({ type, room, seq }) {
    const position = this.rooms.get(room);
    assert.ok(position, `a ${type} of a room that it is not in`);
    assert.equal(seq, position.seq + 1, 'it does not follow the one before');
    position.seq = seq;
  }

  // The frame that answers it. Everything else that comes is for next() and until().
  request(fields) {
    const cid = fields.cid ?? `${this.#cids}-${++this.#lastCid}`;
    const what = `an answer to ${JSON.stringify({ ...fields, body: undefined })} of ${this.name}`;
    const waiting = { what };
    const answer = new Promise((resolve, reject) => Object.assign(waiting, { resolve, reject }));
    if (this.socket.readyState > 1) waiting.reject(new Error(`the connection is over: ${what}`));
    else this.#answers.set(cid, waiting);
    this.send({ ...fields, cid });
    return soon(answer, what);
  }

  async ask(fields) {
    const answer = await this.request(fields);
    assert.notEqual(answer.type, 'error', `${JSON.stringify(fields)} was refused: ${JSON.stringify(answer)}`);
    return answer;
  }

  async refused(fields, code) {
    const answer = await this.request(fields);
    assert.equal(answer.type, 'error', JSON.stringify(answer));
    assert.equal(answer.code, code, JSON.stringify(answer));
    return answer;
  }

  async join(room, { since, ...fields } = {}) {
    const joined = await this.ask({ type: 'join', room, since, ...fields });
    assert.equal(joined.type, 'joined');
    return joined;
  }

  async say(room, body, fields = {}) {
    const ack = await this.ask({ type: 'message', room, body, ...fields });
    assert.equal(ack.type, 'ack');
    assert.equal(ack.room, room);
    return ack;
  }

  send(request, done) {
    if (request.type === 'join') this.#asked.set(request.room, request.since);
    this.socket.send(typeof request === 'string' ? request : JSON.stringify(request), done);
  }

  // Resolves when the kernel has it.
  sent(request) {
    return new Promise((resolve) => this.send(request, resolve));
  }

  next(what = `a frame for ${this.name}`) {
    return this.#inbox.next(what);
  }

  until(wanted, what = `${this.name} to get ${typeof wanted === 'function' ? 'a certain frame' : JSON.stringify(wanted)}`) {
    return this.#inbox.until(typeof wanted === 'function' ? wanted : (frame) => fits(frame, wanted), what);
  }

  // Everything that came before the answer to a message of its own: proof that the server has dealt with all
  // that was sent before, without waiting for time to pass.
  async settle(room) {
    const { id } = await this.say(room, 'settle');
    const seen = [];
    for (;;) {
      const frame = await this.next();
      if (frame.type === 'message' && frame.id === id) return seen;
      seen.push(frame);
    }
  }

  // Live frames that came from the room, of the given types.
  seen(room, ...types) {
    return this.frames.filter((frame) => frame.room === room && types.includes(frame.type));
  }

  async end() {
    const closed = await soon(this.closed, `the end of ${this.name}`);
    assert.equal(this.#fault, null);
    return closed;
  }

  async leave() {
    this.socket.close(1000);
    return this.end();
  }

  // As if the cable was cut.
  drop() {
    this.socket.terminate();
    return this.end();
  }
}

// Which journal a run is about; the daemon's own choice if nothing is said.
export const journal = process.env.TEST_JOURNAL ? { journal: process.env.TEST_JOURNAL } : {};

export async function meet(daemon, options = {}) {
  const someone = new Member(new WebSocket(`ws://127.0.0.1:${daemon.port}/ws`, ['chat.v2'], options));
  await soon(someone.opened, 'somebody to connect');
  assert.equal(someone.socket.protocol, 'chat.v2');
  someone.hello = await someone.next('hello');
  assert.equal(someone.hello.type, 'hello');
  return someone;
}

export async function member(daemon, username, room, fields = {}) {
  const someone = await meet(daemon);
  someone.joined = await someone.join(room, { username, ...fields });
  return someone;
}

// The same person on a new connection, in a room where it was: with its key, from its position on.
export async function comeBack(daemon, gone, room, fields = {}) {
  const { epoch, seq } = gone.rooms.get(room);
  return member(daemon, gone.username, room, { key: gone.key, since: { epoch, seq }, ...fields });
}
