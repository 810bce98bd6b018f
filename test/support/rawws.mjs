// A connection of which the test decides every byte: HTTP/1.1 and RFC 6455 by hand.
//
//   const wire = await dial(daemon)             TCP only
//   wire.write('GET / HTTP/1.1\r\n...')
//   await wire.sent()                           all that was written has left this process
//   await wire.response()                       {status, headers, body, bytes, raw}
//   const wire = await upgrade(daemon, '/ws?username=ann')
//   const wire = await dialWith(daemon, 'GET /')   the first bytes come with the connection
//   wire.send({ opcode: TEXT, payload: '{}', fin: false })
//   await wire.frame()                          {fin, rsv, opcode, payload, text, json, code, reason}
//   await wire.untilClose()                     all frames up to the CLOSE, which must be the last thing sent
//   wire.stopReading(), wire.readOn()
//   await wire.ended                            'end' or 'reset', once the peer is gone
//
// The parser throws if the server's own frames break the RFC: masked, reserved bits, long lengths.
import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';
import { Inbox, soon } from './inbox.mjs';

export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY = 'aHViYnViIHRlc3Qga2V5IQ==';

// A client's frame. lengthForm 7, 16 or 64 forces that encoding; claim lies about the length.
export function encode({ opcode = TEXT, payload = '', fin = true, rsv = 0, masked = true, lengthForm, claim }) {
  const body = Buffer.from(payload);
  const length = BigInt(claim ?? body.length);
  const form = lengthForm ?? (length < 126n ? 7 : length < 65536n ? 16 : 64);
  const extended = Buffer.alloc({ 7: 0, 16: 2, 64: 8 }[form]);
  if (form === 16) extended.writeUInt16BE(Number(length));
  if (form === 64) extended.writeBigUInt64BE(length);
  const head = Buffer.from([
    (fin ? 0x80 : 0) | (rsv << 4) | opcode,
    (masked ? 0x80 : 0) | { 7: Number(length & 0x7fn), 16: 126, 64: 127 }[form],
  ]);
  if (!masked) return Buffer.concat([head, extended, body]);
  const key = randomBytes(4);
  return Buffer.concat([head, extended, key, body.map((byte, i) => byte ^ key[i & 3])]);
}

export function closePayload(code, reason = '') {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return Buffer.concat([payload, Buffer.from(reason)]);
}

// {frame, size} of the first frame in bytes, null if it is not there yet.
function decode(bytes) {
  if (bytes.length < 2) return null;
  const short = bytes[1] & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (bytes.length < 2 + extended) return null;
  const length =
    extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const size = 2 + extended + length;
  if (bytes[1] & 0x80) throw new Error('the server masked a frame');
  if (bytes[0] & 0x70) throw new Error('the server set a reserved bit');
  if ((extended === 2 && length < 126) || (extended === 8 && length < 65536))
    throw new Error('the server wrote a length in more bytes than it needs');
  if (bytes.length < size) return null;
  const frame = { fin: (bytes[0] & 0x80) !== 0, opcode: bytes[0] & 0xf, payload: bytes.subarray(2 + extended, size) };
  if (frame.opcode === TEXT) {
    frame.text = new TextDecoder('utf-8', { fatal: true }).decode(frame.payload);
    frame.json = JSON.parse(frame.text);
  }
  if (frame.opcode === CLOSE && length >= 2) {
    frame.code = frame.payload.readUInt16BE(0);
    frame.reason = new TextDecoder('utf-8', { fatal: true }).decode(frame.payload.subarray(2));
  }
  return { frame, size };
}

// {response, size} of the first HTTP response in text, null if it is not all there. hasBody is
// false for the answer to HEAD.
function parseResponse(bytes, hasBody, isOver) {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const raw = bytes.toString('latin1', 0, headEnd);
  const [statusLine, ...lines] = raw.split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})( |$)/.exec(statusLine)?.[1]);
  if (!status) throw new Error(`not a status line: ${statusLine}`);
  const headers = {};
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (!name) throw new Error(`not a header: ${JSON.stringify(line)}`);
    if (name.toLowerCase() in headers) throw new Error(`header twice: ${line}`);
    headers[name.toLowerCase()] = value;
  }
  const isEmpty = !hasBody || status === 304 || status === 204 || status < 200;
  const length = isEmpty ? 0 : headers['content-length'] === undefined ? null : Number(headers['content-length']);
  if (length === null && !isOver) return null;
  const size = length === null ? bytes.length : headEnd + 4 + length;
  if (bytes.length < size) return null;
  const body = bytes.subarray(headEnd + 4, size);
  return { response: { status, headers, raw, body: body.toString('utf8'), bytes: Buffer.from(body) }, size };
}

class Wire {
  #bytes = Buffer.alloc(0);
  #frames = null;
  #check = () => {};
  #isOver = false;
  #broken = null;

  constructor(socket) {
    this.socket = socket;
    socket.on('data', (chunk) => this.#arrived(chunk));
    this.ended = new Promise((resolve) => {
      socket.on('end', () => resolve('end'));
      socket.on('error', () => resolve('reset'));
      socket.on('close', () => resolve('end'));
    });
    this.ended.then((how) => {
      this.#isOver = true;
      this.#check();
      this.#frames?.end(`the connection ended (${how}), ${this.#bytes.length} bytes of a frame left,`);
    });
  }

  #arrived(chunk) {
    this.#bytes = this.#bytes.length ? Buffer.concat([this.#bytes, chunk]) : chunk;
    if (this.#frames) this.#parseFrames();
    this.#check();
  }

  #parseFrames() {
    try {
      let offset = 0;
      for (let found; (found = decode(this.#bytes.subarray(offset))); offset += found.size) this.#frames.put(found.frame);
      this.#bytes = this.#bytes.subarray(offset);
    } catch (error) {
      this.#broken = error;
      this.#frames.end(String(error));
      this.socket.destroy();
    }
  }

  write(data) {
    if (!this.socket.destroyed) this.socket.write(data);
  }

  sent() {
    return soon(new Promise((resolve) => this.socket.write('', resolve)), 'the peer to take what was written');
  }

  send(frame) {
    this.write(encode(frame));
  }

  say(body) {
    this.send({ payload: JSON.stringify({ type: 'message', body }) });
  }

  // The next HTTP response; null if the connection ends without one.
  async response({ hasBody = true } = {}) {
    const parsed = new Promise((resolve, reject) => {
      this.#check = () => {
        try {
          const found = parseResponse(this.#bytes, hasBody, this.#isOver);
          if (found) this.#bytes = this.#bytes.subarray(found.size);
          if (found || this.#isOver) resolve(found ? found.response : null);
        } catch (error) {
          reject(error);
        }
      };
      this.#check();
    });
    return soon(parsed, () => `an HTTP response, have ${JSON.stringify(this.#bytes.toString('latin1').slice(0, 500))}`).finally(
      () => (this.#check = () => {}),
    );
  }

  // The bytes that have arrived and are no whole response or frame yet.
  get left() {
    return this.#bytes;
  }

  speakFrames() {
    this.#frames = new Inbox();
    this.#parseFrames();
  }

  frame(what = 'a frame') {
    return this.#frames.next(what);
  }

  untilFrame(fits, what) {
    return this.#frames.until(fits, what);
  }

  // The next event of the chat that fits; pings and pongs are passed over, a CLOSE is a failure.
  async event(fits = () => true, what = 'an event') {
    const frame = await this.untilFrame((f) => f.opcode === CLOSE || (f.opcode === TEXT && fits(f.json)), what);
    if (frame.opcode === CLOSE) {
      this.destroy();
      throw new Error(`close ${frame.code} ${frame.reason} instead of ${what}`);
    }
    return frame.json;
  }

  // All frames from now on; the last one is the CLOSE, and nothing but the end may follow it.
  async untilClose() {
    const frames = [];
    do frames.push(await this.frame('a CLOSE frame'));
    while (frames.at(-1).opcode !== CLOSE);
    return frames;
  }

  // After the server's CLOSE: answers it and says good-bye (unless told not to, for what the test has
  // said already); then the server must end the connection and send nothing more.
  async endsCleanly({ answer = true } = {}) {
    if (answer) this.socket.end(encode({ opcode: CLOSE, payload: closePayload(1000) }));
    await soon(this.ended, 'the end of the connection');
    if (this.#broken) throw this.#broken;
    if (this.#frames?.waiting || this.#bytes.length)
      throw new Error(`${this.#frames?.waiting ?? 0} frames and ${this.#bytes.length} bytes after the CLOSE frame`);
  }

  stopReading() {
    this.socket.pause();
  }

  readOn() {
    this.socket.resume();
  }

  destroy() {
    this.socket.destroy();
  }

  // Ends abruptly: the peer gets a reset.
  reset() {
    this.socket.resetAndDestroy();
  }
}

export async function dial(daemon, { host = '127.0.0.1', localAddress, allowHalfOpen = true } = {}) {
  const socket = net.connect({ port: daemon.port, host, localAddress, allowHalfOpen, noDelay: true });
  await soon(
    new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject)),
    'a TCP connection',
  );
  return new Wire(socket);
}

// The daemon is stopped meanwhile, so that it meets all that run does in one moment.
export async function atOnce(daemon, run) {
  process.kill(daemon.pid, 'SIGSTOP');
  try {
    return await run();
  } finally {
    process.kill(daemon.pid, 'SIGCONT');
  }
}

// For a daemon that has little patience: this process cannot be too slow with the first bytes.
export function dialWith(daemon, bytes) {
  return atOnce(daemon, async () => {
    const wire = await dial(daemon);
    wire.write(bytes);
    await wire.sent();
    return wire;
  });
}

export function upgradeRequest(daemon, path = '/ws', headers = {}) {
  const all = {
    Host: `127.0.0.1:${daemon.port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== null);
  return `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

// The answer to an upgrade that is to be refused, or not: {wire, response}.
export async function tryUpgrade(daemon, path, headers, dialing) {
  const wire = await dial(daemon, dialing);
  wire.write(upgradeRequest(daemon, path, headers));
  return { wire, response: await wire.response() };
}

function speakAfter(wire, response) {
  const accept = createHash('sha1').update(KEY + GUID).digest('base64');
  if (response?.status !== 101 || response.headers['sec-websocket-accept'] !== accept)
    throw new Error(`no upgrade: ${response?.raw}\n${response?.body}`);
  wire.handshake = response;
  wire.speakFrames();
  return wire;
}

export async function upgrade(daemon, path, headers, dialing) {
  const { wire, response } = await tryUpgrade(daemon, path, headers, dialing);
  return speakAfter(wire, response);
}

// The same with dialWith; frames are sent in one piece with the request.
export async function promptUpgrade(daemon, path, ...frames) {
  const wire = await dialWith(daemon, Buffer.concat([Buffer.from(upgradeRequest(daemon, path)), ...frames.map(encode)]));
  return speakAfter(wire, await wire.response());
}

// A raw connection that has joined.
export async function rawJoin(daemon, name, room = 'lobby', dialing) {
  const path = `/ws?username=${encodeURIComponent(name)}&room=${encodeURIComponent(room)}`;
  const wire = await upgrade(daemon, path, {}, dialing);
  await wire.event((e) => e.type === 'join' && e.username === name, `${name} to join`);
  return wire;
}

// A plain request on a connection of its own.
export async function request(daemon, line, headers = {}) {
  const wire = await dial(daemon);
  const all = { Host: `127.0.0.1:${daemon.port}`, Connection: 'close', ...headers };
  const lines = Object.entries(all).filter(([, value]) => value !== null);
  wire.write(`${line}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  const response = await wire.response({ hasBody: !line.startsWith('HEAD ') });
  wire.destroy();
  return response;
}
