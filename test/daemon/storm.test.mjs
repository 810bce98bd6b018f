// Bytes without sense, in great numbers: nothing breaks, nobody else is disturbed, nothing is left behind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../support/chat.mjs';
import { soon } from '../support/inbox.mjs';
import { dial, encode, request, tryUpgrade, upgrade, upgradeRequest } from '../support/rawws.mjs';
import { serve } from '../support/serve.mjs';

const daemon = serve({ workers: 2, message_rate: 0, max_connections_per_address: 0, header_timeout: '5s', join_timeout: '5s' });

// The same numbers in each run (Park and Miller's generator).
let state = 20240601;
const dice = (sides) => {
  state = (state * 48271) % 2147483647;
  return state % sides;
};
const pick = (list) => list[dice(list.length)];
const randomBytes = (length) => Buffer.from(Array.from({ length }, () => dice(256)));

// One byte changed, some cut out, or some doubled.
function mangle(bytes) {
  const at = dice(bytes.length);
  const changed = Buffer.from(bytes);
  changed[at] = dice(256);
  return pick([
    changed,
    Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + dice(20))]),
    Buffer.concat([bytes.subarray(0, at), bytes.subarray(dice(bytes.length))]),
    Buffer.concat([bytes, randomBytes(dice(100))]),
  ]);
}

// Writes in pieces of random length and ends in one of the ways in which connections end.
async function pour(wire, bytes) {
  for (let at = 0; at < bytes.length; ) {
    const next = at + 1 + dice(pick([3, 50, 5000]));
    wire.write(bytes.subarray(at, next));
    at = next;
    if (dice(4) === 0) await new Promise(setImmediate);
  }
  pick([() => wire.destroy(), () => wire.reset(), () => wire.socket.end()])();
  await soon(wire.ended, 'the end');
  wire.destroy();
}

async function staysCalm(people) {
  for (const person of people) {
    person.say(`calm, says ${person.name}`);
    for (const other of people) await other.until({ type: 'message', body: `calm, says ${person.name}` });
  }
  assert.equal((await request(daemon, 'GET /healthz HTTP/1.1')).status, 200);
}

const witnesses = () => Promise.all(['ann', 'bob'].map((name) => join(daemon, name, { room: 'calm' })));

test('mangled and random requests', async () => {
  const people = await witnesses();
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const good = pick([
          upgradeRequest(daemon, '/ws?username=eve&room=storm'),
          'GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: "x"\r\n\r\nHEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n',
          'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789',
        ]);
        await pour(await dial(daemon), dice(5) === 0 ? randomBytes(1 + dice(3000)) : mangle(Buffer.from(good)));
      }),
    );
  }
  await staysCalm(people);
  for (const person of people) await person.leave();
});

test('mangled and random frames', async () => {
  const people = await witnesses();
  let eves = 0;
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const wire = await upgrade(daemon, `/ws?username=eve${eves++}&room=storm`);
        const frames = Array.from({ length: 1 + dice(5) }, () =>
          encode({
            opcode: pick([0, 1, 1, 1, 2, 3, 8, 9, 10, 15]),
            fin: dice(4) !== 0,
            rsv: dice(10) === 0 ? 1 + dice(7) : 0,
            payload: pick([
              '{"type":"message","body":"x"}',
              '{"type":"join","username":"y"}',
              '{',
              randomBytes(dice(300)),
              'x'.repeat(70000),
            ]),
            claim: dice(10) === 0 ? BigInt(dice(100000)) : undefined,
          }),
        );
        await pour(wire, dice(3) === 0 ? mangle(Buffer.concat(frames)) : Buffer.concat(frames));
      }),
    );
  }
  await staysCalm(people);
  for (const person of people) await person.leave();
});

test('connections that come and go without a word', async () => {
  const people = await witnesses();
  for (let round = 0; round < 10; round++)
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const wire = dice(2) ? await dial(daemon) : (await tryUpgrade(daemon, '/ws')).wire;
        pick([() => wire.destroy(), () => wire.reset(), () => wire.socket.end()])();
      }),
    );
  await staysCalm(people);
  for (const person of people) await person.leave();
});
