// Frames as RFC 6455 has them, and as it does not: every bit by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../support/chat.mjs';
import {
  BINARY, CLOSE, closePayload, CONTINUATION, dial, encode, PING, PONG, rawJoin, TEXT, upgrade, upgradeRequest,
} from '../support/rawws.mjs';
import { serve } from '../support/serve.mjs';

const daemon = serve({ message_rate: 0, max_frame: '64k' });
let counter = 0;

// Somebody alone in a room, past its join and snapshot.
async function alone() {
  const wire = await rawJoin(daemon, 'ann', `alone${counter++}`);
  await wire.event((e) => e.type === 'users');
  return wire;
}

const message = (body) => Buffer.from(JSON.stringify({ type: 'message', body }));

async function isClosedWith(wire, code) {
  const frames = await wire.untilClose();
  assert.equal(frames.at(-1).code, code, frames.at(-1).reason);
  assert.deepEqual(frames.slice(0, -1).filter((f) => f.json?.type === 'message'), []);
  await wire.endsCleanly();
}

async function says(wire, body) {
  assert.equal((await wire.event((e) => e.type === 'message')).body, body);
}

test('server frames are whole text frames, unmasked, with no reserved bit', async () => {
  const wire = await alone();
  for (const size of [1, 60, 125, 126, 1000, 16384]) {
    wire.say('x'.repeat(size));
    const frame = await wire.frame();
    assert.equal(frame.opcode, TEXT);
    assert.equal(frame.fin, true);
    assert.equal(frame.json.body.length, size);
  }
  wire.destroy();
});

test('a text in two fragments, in one fragment a byte, and with empty fragments is put together', async () => {
  const wire = await alone();
  const text = message('in pieces \u20ac \u{1f600}');
  const ways = {
    two: [text.subarray(0, 9), text.subarray(9)],
    bytes: [...text].map((byte) => Buffer.from([byte])),
    empty: [Buffer.alloc(0), Buffer.alloc(0), text.subarray(0, 20), Buffer.alloc(0), text.subarray(20), Buffer.alloc(0)],
  };
  for (const pieces of Object.values(ways)) {
    pieces.forEach((payload, i) =>
      wire.send({ opcode: i === 0 ? TEXT : CONTINUATION, payload, fin: i === pieces.length - 1 }),
    );
    await says(wire, 'in pieces \u20ac \u{1f600}');
  }
  wire.destroy();
});

test('control frames between fragments are dealt with at once and do not disturb the text', async () => {
  const wire = await alone();
  const text = message('interrupted');
  wire.send({ payload: text.subarray(0, 5), fin: false });
  wire.send({ opcode: PING, payload: 'between' });
  const pong = await wire.frame();
  assert.deepEqual([pong.opcode, pong.payload.toString()], [PONG, 'between']);
  wire.send({ opcode: CONTINUATION, payload: text.subarray(5, 9), fin: false });
  wire.send({ opcode: PONG, payload: 'unasked' });
  wire.send({ opcode: CONTINUATION, payload: text.subarray(9) });
  await says(wire, 'interrupted');
  wire.destroy();
});

test('frames arrive however TCP cuts them: one byte at a time, or many in one segment', async () => {
  const wire = await alone();
  for (const byte of encode({ payload: message('slowly') })) wire.write(Buffer.from([byte]));
  await says(wire, 'slowly');
  wire.write(Buffer.concat(Array.from({ length: 100 }, (_, i) => encode({ payload: message(`${i}`) }))));
  for (let i = 0; i < 100; i++) await says(wire, `${i}`);
  wire.destroy();
});

test('a frame that comes in one segment with the request to upgrade is not lost', async () => {
  const wire = await dial(daemon);
  wire.write(
    Buffer.concat([
      Buffer.from(upgradeRequest(daemon, '/ws?room=eager')),
      encode({ payload: '{"type":"join","username":"ann"}' }),
      encode({ payload: message('eager') }),
    ]),
  );
  assert.equal((await wire.response()).status, 101);
  wire.speakFrames();
  await says(wire, 'eager');
  wire.destroy();
});

test('a message of exactly max_frame bytes is taken, in one frame or in fragments', async () => {
  const wire = await alone();
  const text = message('x').toString().padEnd(65536);
  wire.send({ payload: text });
  await says(wire, 'x');
  wire.send({ payload: text.slice(0, 65535), fin: false });
  wire.send({ opcode: CONTINUATION, payload: text.slice(65535) });
  await says(wire, 'x');
  wire.destroy();
});

const tooLong = {
  'one frame a byte over': (wire) => wire.send({ payload: ' '.repeat(65537) }),
  'a frame that claims 1 TB': (wire) => wire.send({ payload: 'x'.repeat(100), claim: 2n ** 40n }),
  'a frame that claims the most there is': (wire) => wire.send({ payload: 'x', claim: 2n ** 63n - 1n }),
  'fragments that add up': (wire) => {
    wire.send({ payload: ' '.repeat(40000), fin: false });
    wire.send({ opcode: CONTINUATION, payload: ' '.repeat(25537), fin: false });
  },
  'many small fragments': (wire) => {
    wire.send({ payload: ' ', fin: false });
    wire.write(Buffer.concat(Array.from({ length: 700 }, () => encode({ opcode: CONTINUATION, payload: ' '.repeat(100), fin: false }))));
  },
  'a fragment that claims 1 TB after a small one': (wire) => {
    wire.send({ payload: ' ', fin: false });
    wire.send({ opcode: CONTINUATION, payload: 'x', claim: 2n ** 40n });
  },
};

for (const [what, send] of Object.entries(tooLong))
  test(`over max_frame: ${what}: close 1009`, async () => {
    const wire = await alone();
    send(wire);
    await isClosedWith(wire, 1009);
  });

for (const [what, frames] of Object.entries({
  'one frame': [{ opcode: BINARY, payload: message('x') }],
  'an empty frame': [{ opcode: BINARY, payload: '' }],
  fragments: [
    { opcode: BINARY, payload: 'x', fin: false },
    { opcode: CONTINUATION, payload: 'y' },
  ],
}))
  test(`binary: ${what}: close 1003`, async () => {
    const wire = await alone();
    for (const frame of frames) wire.send(frame);
    await isClosedWith(wire, 1003);
  });

const hex = (text) => Buffer.from(text, 'hex');
const wrap = (bytes) => Buffer.concat([Buffer.from('{"type":"message","body":"'), bytes, Buffer.from('"}')]);
const invalidUtf8 = {
  'a continuation byte alone': '80',
  'a start byte alone': 'c3',
  'an overlong form': 'c0af',
  'an overlong NUL': 'c080',
  'an overlong three-byte form': 'e08080',
  'a surrogate': 'eda080',
  'past U+10FFFF': 'f4908080',
  'a byte that never occurs': 'ff',
  'three bytes of four': 'f09f98',
};

for (const [what, bytes] of Object.entries(invalidUtf8))
  test(`not UTF-8: ${what}: close 1007, in one frame and split over fragments`, async () => {
    const text = wrap(hex(bytes));
    const whole = await alone();
    whole.send({ payload: text });
    await isClosedWith(whole, 1007);
    const split = await alone();
    split.send({ payload: text.subarray(0, 27), fin: false });
    split.send({ opcode: CONTINUATION, payload: text.subarray(27) });
    await isClosedWith(split, 1007);
  });

test('not UTF-8: a text that ends in the middle of a character: close 1007', async () => {
  for (const pieces of [[hex('e282')], [hex('7bf09f'), hex('98')]]) {
    const wire = await alone();
    pieces.forEach((payload, i) =>
      wire.send({ opcode: i === 0 ? TEXT : CONTINUATION, payload, fin: i === pieces.length - 1 }),
    );
    await isClosedWith(wire, 1007);
  }
});

test('not UTF-8 counts before joining as well: close 1007', async () => {
  const wire = await upgrade(daemon, '/ws?room=early');
  wire.send({ payload: hex('ff') });
  await isClosedWith(wire, 1007);
});

test('characters that are split over fragments at every byte are UTF-8', async () => {
  const wire = await alone();
  const text = message('\u00e9\u20ac\u{1f600}\u{10ffff}');
  for (let cut = 1; cut < text.length; cut++) {
    wire.send({ payload: text.subarray(0, cut), fin: false });
    wire.send({ opcode: CONTINUATION, payload: text.subarray(cut) });
    await says(wire, '\u00e9\u20ac\u{1f600}\u{10ffff}');
  }
  wire.destroy();
});

// What breaks the protocol ends in 1002, or in a connection that just ends; it is never obeyed.
const violations = {
  'reserved bit 1': [{ payload: message('x'), rsv: 4 }],
  'reserved bit 2': [{ payload: message('x'), rsv: 2 }],
  'reserved bit 3': [{ payload: message('x'), rsv: 1 }],
  'a reserved data opcode': [{ opcode: 3, payload: message('x') }],
  'a reserved control opcode': [{ opcode: 0xb, payload: '' }],
  'a continuation of nothing': [{ opcode: CONTINUATION, payload: message('x') }],
  'a new text within fragments': [
    { payload: '{"type":', fin: false },
    { payload: message('x') },
  ],
  'a ping in fragments': [{ opcode: PING, payload: 'x', fin: false }],
  'a ping of 126 bytes': [{ opcode: PING, payload: 'x'.repeat(126) }],
  'a close of 126 bytes': [{ opcode: CLOSE, payload: closePayload(1000, 'x'.repeat(124)) }],
  'a length with its highest bit set': [{ payload: 'x', claim: 2n ** 63n + 1n }],
};

for (const [what, frames] of Object.entries(violations))
  test(`against the protocol: ${what}: the connection ends, with 1002 if it says why; nobody else notices`, async () => {
    const room = `violation${counter++}`;
    const ann = await join(daemon, 'ann', { room });
    const eve = await rawJoin(daemon, 'eve', room);
    await ann.until({ type: 'join', username: 'eve' });
    for (const frame of frames) eve.send(frame);
    eve.say('after it');
    const last = await eve.untilFrame((f) => f.opcode === CLOSE, 'a CLOSE').catch(() => null);
    if (last !== null) assert.equal(last.code, 1002, last.reason);
    eve.destroy();
    assert.deepEqual(await ann.nextBut('users'), { type: 'leave', username: 'eve' });
    await ann.leave();
  });
