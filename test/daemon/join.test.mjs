// Who gets in, under which name, and what everybody is told about it (docs/protocol.md, "v1").
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, join } from '../support/chat.mjs';
import { promptUpgrade, tryUpgrade, upgrade } from '../support/rawws.mjs';
import { serve, serveFor } from '../support/serve.mjs';

const daemon = serve({ message_rate: 0 });

const joined = (username) => ({ type: 'join', username });

test('a name in the query joins; the joiner gets its own join, then the people', async () => {
  const ann = await connect(daemon, { name: 'ann', room: 'query' });
  assert.deepEqual(await ann.next(), joined('ann'));
  assert.deepEqual(await ann.next(), { type: 'users', users: ['ann'] });
  await ann.leave();
});

test('without a name in the query the first frame joins, and nothing is sent before it', async () => {
  const ann = await connect(daemon, { room: 'frame' });
  ann.send(joined('ann'));
  assert.deepEqual(await ann.next(), joined('ann'));
  assert.deepEqual(await ann.next(), { type: 'users', users: ['ann'] });
  await ann.leave();
});

test('all members are told of a join and of a leave, with exactly these fields', async () => {
  const ann = await join(daemon, 'ann', { room: 'told' });
  const bob = await join(daemon, 'bob', { room: 'told' });
  assert.deepEqual(await ann.nextBut('users'), joined('bob'));
  await bob.leave();
  assert.deepEqual(await ann.nextBut('users'), { type: 'leave', username: 'bob' });
  assert.deepEqual(await ann.until({ type: 'users', users: ['ann'] }), { type: 'users', users: ['ann'] });
  await ann.leave();
});

test('a connection that breaks without a word leaves as well', async () => {
  const ann = await join(daemon, 'ann', { room: 'broken' });
  const bob = await join(daemon, 'bob', { room: 'broken' });
  bob.destroy();
  await ann.until({ type: 'leave', username: 'bob' });
  await ann.leave();
});

for (const [how, taken] of [
  ['the same name', 'ann'],
  ['a name that differs in case only', 'ANN'],
  ['a name that differs in width only', '\uff41\uff4e\uff4e'],
  ['a name that differs in blanks around it only', ' ann '],
]) {
  test(`${how} gets an error and close 4409, by query and by frame; the holder notices nothing`, async () => {
    const room = 'taken';
    const ann = await join(daemon, 'ann', { room });
    const byQuery = await connect(daemon, { name: taken, room });
    const byFrame = await connect(daemon, { room });
    byFrame.send(joined(taken));
    for (const second of [byQuery, byFrame]) {
      assert.match((await second.next()).error, /name/i);
      const { code, reason } = await second.end();
      assert.equal(code, 4409);
      assert.match(reason, /name/i);
    }
    assert.deepEqual(await ann.settle(), []);
    await ann.leave();
  });
}

test('of many who ask for one name at the same moment exactly one gets it', async () => {
  const room = 'race';
  const people = await Promise.all(Array.from({ length: 20 }, () => connect(daemon, { room })));
  for (const person of people) person.send(joined('dora'));
  const first = await Promise.all(people.map((person) => person.next()));
  assert.equal(first.filter((event) => event.type === 'join').length, 1);
  assert.equal(first.filter((event) => event.type === 'error').length, 19);
  const dora = people[first.findIndex((event) => event.type === 'join')];
  assert.deepEqual(await dora.settle(), [{ type: 'users', users: ['dora'] }]);
  await dora.leave();
});

test('a name is free again at once when its holder has left', async () => {
  const room = 'free';
  const bob = await join(daemon, 'bob', { room });
  for (let i = 0; i < 5; i++) {
    const ann = await join(daemon, 'ann', { room });
    await ann.leave();
    await bob.until({ type: 'leave', username: 'ann' });
  }
  await bob.leave();
});

const invalid = {
  'an empty name': '',
  'only blanks': ' \u00a0\u3000 ',
  '33 characters': 'x'.repeat(33),
  'more than 128 bytes': '\u{1f600}'.repeat(33),
  'a bidi override': 'ann\u202egro',
  'a bidi isolate': 'ann\u2066x',
  'a zero-width space': 'an\u200bn',
  'a private-use character': 'ann\ue000',
  'an unassigned code point': 'ann\u0378',
  'a byte order mark': '\ufeffann',
};

for (const [what, username] of Object.entries(invalid)) {
  test(`invalid name: ${what}: error and close 4400, in the query and in a frame`, async () => {
    const room = `invalid${Object.keys(invalid).indexOf(what)}`;
    const ann = await join(daemon, 'ann', { room });
    const byQuery = await connect(daemon, { name: username, room });
    const byFrame = await connect(daemon, { room });
    byFrame.send(joined(username));
    for (const person of [byQuery, byFrame]) {
      assert.ok((await person.error()).length > 10, 'a sentence for a person');
      assert.equal((await person.end()).code, 4400);
    }
    assert.deepEqual(await ann.settle(), []);
    await ann.leave();
  });
}

test('invalid name: control characters in the query never get in, nor a part of the name', async () => {
  const ann = await join(daemon, 'ann', { room: 'controls' });
  for (const control of ['%00', '%09', '%0a', '%0d', '%0d%0a', '%7f', '%c2%85']) {
    const { wire, response } = await tryUpgrade(daemon, `/ws?room=controls&username=eve${control}mallory`);
    if (response?.status === 101) {
      wire.speakFrames();
      assert.deepEqual(
        (await wire.untilClose()).map((f) => f.json?.type ?? f.code),
        ['error', 4400],
        control,
      );
    } else {
      assert.ok(response === null || response.status === 400, `${control}: ${response?.raw}`);
    }
    wire.destroy();
  }
  assert.deepEqual(await ann.settle(), []);
  await ann.leave();
});

test('invalid name: bytes in the query that are not UTF-8: error and close 4400', async () => {
  for (const bytes of ['%ff', 'an%c3', '%ed%a0%80', '%c0%80', '%f5%80%80%80']) {
    const wire = await upgrade(daemon, `/ws?username=${bytes}&room=invalid`);
    const frames = await wire.untilClose();
    assert.deepEqual(
      frames.map((f) => f.json?.type ?? f.code),
      ['error', 4400],
      bytes,
    );
    await wire.endsCleanly();
  }
});

const valid = {
  'one letter': ['x', 'x'],
  '32 letters': ['x'.repeat(32), 'x'.repeat(32)],
  'letters of any script': [
    '\u0410\u043d\u043d\u0430 \u5f20\u4e09 \u0639\u0644\u064a',
    '\u0410\u043d\u043d\u0430 \u5f20\u4e09 \u0639\u0644\u064a',
  ],
  'an emoji sequence with joiners': ['\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'],
  'blanks around are taken off': ['  ann b  ', 'ann b'],
  'decomposed letters are composed (NFC)': ['Zoe\u0308', 'Zo\u00eb'],
  'markup stays what it is': ['<b>&amp;</b>', '<b>&amp;</b>'],
  'quotes, backslash and percent': ['"\\%41/?#', '"\\%41/?#'],
  'reserved characters of a query': ['a&b=c+d;e', 'a&b=c+d;e'],
};

for (const [what, [asked, got]] of Object.entries(valid)) {
  test(`valid name: ${what}`, async () => {
    for (const byQuery of [true, false]) {
      const person = await connect(daemon, { name: byQuery ? asked : undefined, room: 'valid' });
      if (!byQuery) person.send(joined(asked));
      assert.deepEqual(await person.next(), joined(got));
      assert.deepEqual((await person.until({ type: 'users' })).users, [got]);
      await person.leave();
      person.destroy();
    }
  });
}

test('invalid name: control characters in a frame: error and close 4400', async () => {
  for (const username of ['an\tn', 'an\nn', 'an\rn', 'an\u007fn', 'an\u0085n', 'an\u2028n']) {
    const eve = await connect(daemon, { room: 'controls' });
    eve.send(joined(username));
    await eve.error();
    assert.equal((await eve.end()).code, 4400, JSON.stringify(username));
  }
});

test('a plus sign in the query stands for a blank, as forms send it', async () => {
  const wire = await upgrade(daemon, '/ws?username=ann+b&room=plus');
  assert.equal((await wire.event()).username, 'ann b');
  wire.destroy();
});

test('other fields of the query are ignored, in any order', async () => {
  const wire = await upgrade(daemon, '/ws?x=1&xusername=eve&room=fields&&username=ann&usernamex=eve&y');
  assert.equal((await wire.event()).username, 'ann');
  wire.destroy();
});

test('to join a second time is an error, and the first join stands', async () => {
  const ann = await join(daemon, 'ann', { room: 'twice' });
  ann.send(joined('bob'));
  await ann.error();
  assert.deepEqual(await ann.settle(), []);
  await ann.leave();
});

test('a join that is malformed is an error, and a good one after it joins', async () => {
  const ann = await connect(daemon, { room: 'retry' });
  for (const username of [undefined, null, 7, true, ['ann'], { name: 'ann' }]) {
    ann.send({ type: 'join', username });
    await ann.error();
  }
  ann.send(joined('ann'));
  assert.deepEqual(await ann.next(), joined('ann'));
  await ann.leave();
});

test('a message before joining is an error, and the connection stays', async () => {
  const ann = await connect(daemon, { room: 'early' });
  ann.say('too early');
  await ann.error();
  ann.send(joined('ann'));
  assert.deepEqual(await ann.next(), joined('ann'));
  assert.deepEqual(await ann.settle(), [{ type: 'users', users: ['ann'] }]);
  await ann.leave();
});

test('who does not join in time gets an error and close 4408; who joins in time stays', async (t) => {
  const own = await serveFor(t, { join_timeout: '300ms', message_rate: 0 });
  const ann = await join(own, 'ann');
  const idle = await connect(own);
  const early = { payload: '{"type":"message","body":"x"}' }; /* sending anything else does not help */
  const chatty = await promptUpgrade(own, '/ws', early);
  assert.match(await idle.error(), /in time/);
  assert.equal((await idle.end()).code, 4408);
  const [first, second, last] = await chatty.untilClose();
  assert.match(first.json.error, /Join first/);
  assert.match(second.json.error, /in time/);
  assert.equal(last.code, 4408);
  assert.deepEqual(await ann.settle(), []);
});
