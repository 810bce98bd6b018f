// One person's connections by chat.v2, one after the other: what is said on the present one is for take(), a fault
// that is found anywhere ends the test at its next check(). For tests in which thousands of frames a second arrive
// and connections, or the daemon, may end at any moment (support/member.mjs is the friend of all other tests).
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { eventually, soon } from './inbox.mjs';

export class Link {
  key = null;
  fault = null;
  socket = null;
  #whenJoined = null;
  #whenChanged = new Set();

  constructor(name, rooms) {
    this.name = name;
    this.rooms = rooms;
    this.away = new Set(rooms);
  }

  get isJoined() {
    return this.away.size === 0;
  }

  // Fields of the join of a room, and what to do with a frame: for those who extend it.
  wish() {
    return {};
  }

  take() {}

  // Connects and joins all rooms, in the order of rooms; an earlier connection is not listened to any more. Rejects
  // if the connection ends before that, which is no fault.
  connect(port) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ['chat.v2'], { perMessageDeflate: false });
    this.away = new Set(this.rooms);
    this.socket = socket;
    const joined = new Promise((resolve, reject) => (this.#whenJoined = { resolve, reject }));
    joined.catch(() => {});
    const { reject } = this.#whenJoined;
    socket.on('error', () => {});
    socket.on('open', () => {
      for (const room of this.rooms)
        this.send({ type: 'join', room, username: this.name, key: this.key ?? undefined, ...this.wish(room) });
    });
    socket.on('close', (code) => {
      reject(new Error(`${this.name} was closed with ${code}`));
      if (this.socket === socket) this.away = new Set(this.rooms);
      this.changed();
    });
    socket.closed = new Promise((resolve) => socket.on('close', (code) => resolve(code)));
    socket.on('message', (data) => {
      if (this.socket === socket && !this.fault) this.#heard(data);
    });
    return joined;
  }

  // Connects again and again until it is in.
  insist(port) {
    return eventually(async () => {
      this.check();
      return this.connect(port).then(() => true, () => false);
    }, `${this.name} comes back`);
  }

  #heard(data) {
    try {
      const frame = JSON.parse(data.toString());
      if (frame.type === 'joined') {
        this.key = frame.key;
        this.away.delete(frame.room);
      }
      if (frame.type === 'bye') this.socket.bye = frame;
      this.take(frame);
      if (frame.type === 'joined' && this.isJoined) this.#whenJoined.resolve();
    } catch (error) {
      this.fail(error, data.toString());
    }
    if (this.#whenChanged.size) this.changed();
  }

  fail(error, text = '') {
    this.fault ??= new Error(`${this.name}: ${error.message}\n${text.slice(0, 300)}`);
    this.#whenJoined?.reject(this.fault);
    this.socket?.terminate();
    this.changed();
  }

  check() {
    if (this.fault) throw this.fault;
  }

  changed() {
    for (const look of this.#whenChanged) look();
  }

  // Once is() is true. Checked with each frame that arrives.
  async until(is, what, patience = soon) {
    let look;
    const true_ = new Promise((resolve, reject) => {
      look = () => {
        if (this.fault) reject(this.fault);
        else if (is()) resolve();
      };
      this.#whenChanged.add(look);
      look();
    });
    await patience(true_, () => `${this.name}: ${typeof what === 'function' ? what() : what}`).finally(() =>
      this.#whenChanged.delete(look),
    );
  }

  send(request) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(request));
  }

  // Ends the present connection in one of the ways in which connections end.
  drop(how) {
    const { socket } = this;
    this.socket = null;
    this.away = new Set(this.rooms);
    if (socket === null) return;
    if (how === 'close' && socket.readyState === WebSocket.OPEN) socket.close(1000);
    else if (how === 'reset' && socket._socket) socket._socket.resetAndDestroy();
    else if (how === 'freeze' && socket.readyState === WebSocket.OPEN) this.#freeze(socket);
    else socket.terminate();
  }

  // A connection that is dead though neither side knows: it does not read any more. Whoever takes the name over
  // with the key ends it, unless it was too slow before.
  #freeze(socket) {
    socket.pause();
    this.frozen = { socket, closed: socket.closed };
  }

  async thaw() {
    const { frozen } = this;
    if (!frozen) return;
    this.frozen = null;
    frozen.socket.resume();
    const code = await soon(frozen.closed, `the end of the frozen connection of ${this.name}`);
    assert.ok([4410, 1013, 1006].includes(code), `${this.name}'s frozen connection was closed with ${code}`);
  }
}
