// A member of the chat, on npm's ws: a WebSocket client that shares nothing with the server's library.
//
//   const ann = await join(daemon, 'ann', { room: 'tea' })   joined, and its first snapshot has come
//   ann.say('hello'), ann.send({ type: 'x' }), ann.send('not json')
//   await ann.next()                       the next event
//   await ann.until({ type: 'message' })   the next event with these fields, passing over others
//   await ann.closed                       {code, reason}
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { Inbox, soon } from './inbox.mjs';

function fits(event, wanted) {
  return Object.entries(wanted).every(([name, value]) => JSON.stringify(event[name]) === JSON.stringify(value));
}

export class Person {
  #inbox = new Inbox();

  constructor(socket, name) {
    this.socket = socket;
    this.name = name;
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
      socket.once('close', (code) => reject(new Error(`closed with ${code} before it was open`)));
    });
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.closed.then(({ code, reason }) => this.#inbox.end(`${name} was closed with ${code} ${reason}`));
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => {
      assert.equal(isBinary, false, 'the server sends text only');
      this.#inbox.put(JSON.parse(data.toString()));
    });
  }

  send(request) {
    this.socket.send(typeof request === 'string' ? request : JSON.stringify(request));
  }

  say(body) {
    this.send({ type: 'message', body });
  }

  next(what = `an event for ${this.name}`) {
    return this.#inbox.next(what);
  }

  until(wanted, what = `${this.name} to get ${typeof wanted === 'function' ? 'a certain event' : JSON.stringify(wanted)}`) {
    return this.#inbox.until(typeof wanted === 'function' ? wanted : (event) => fits(event, wanted), what);
  }

  // The next event that is not a users snapshot, whose moments are the server's to choose.
  nextBut(type = 'users') {
    return this.#inbox.until((event) => event.type !== type, `an event for ${this.name}`);
  }

  // Everything before the answer to a message of its own: proof that the server has dealt with all
  // that was sent before, without waiting for time to pass.
  async settle() {
    const body = `settle ${Math.random()}`;
    const seen = [];
    this.say(body);
    for (;;) {
      const event = await this.next();
      if (event.body === body) return seen;
      seen.push(event);
    }
  }

  async error() {
    const event = await this.until({ type: 'error' });
    assert.deepEqual(Object.keys(event).sort(), ['error', 'type']);
    assert.match(event.error, /\S/);
    return event.error;
  }

  end() {
    return soon(this.closed, `the end of ${this.name}`);
  }

  async leave() {
    this.socket.close(1000);
    await this.end();
  }

  destroy() {
    this.socket.terminate();
  }
}

export function address(daemon, query = {}) {
  const fields = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = fields.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return `ws://127.0.0.1:${daemon.port}/ws${text ? `?${text}` : ''}`;
}

// Connected, with or without a name in the query; what comes of it is for the test to see.
export async function connect(daemon, { name, room, protocols = [], ...options } = {}) {
  const person = new Person(
    new WebSocket(address(daemon, { username: name, room }), protocols, options),
    name ?? 'somebody',
  );
  await soon(person.opened, `${person.name} to connect`);
  return person;
}

export async function join(daemon, name, { room, ...options } = {}) {
  const person = await connect(daemon, { name, room, ...options });
  await person.until({ type: 'join', username: name });
  await person.until((event) => event.type === 'users' && event.users.includes(name), `${name}'s first snapshot`);
  return person;
}
