// Reading what was said before: history and search with chat.v2 (docs/protocol.md, "v2").
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journal, meet, member } from '../support/member.mjs';
import { serve, serveFor } from '../support/serve.mjs';

const daemon = serve({ ...journal, message_rate: 0, workers: 2 });

const bodies = (messages) => messages.map(({ body }) => body);
const seqs = (messages) => messages.map(({ seq }) => seq);

async function talk(room, count, name = 'ann') {
  const ann = await member(daemon, name, room);
  const acks = [];
  for (let i = 1; i <= count; i++) acks.push(ann.say(room, `m${i}`));
  return { ann, acks: await Promise.all(acks) };
}

test('history gives the newest messages, oldest first, as they were sent', async () => {
  const room = 'newest';
  const { ann, acks } = await talk(room, 60);
  const bob = await member(daemon, 'bob', room);
  const page = await bob.ask({ type: 'history', room });
  assert.deepEqual(page, {
    type: 'history', cid: page.cid, room, epoch: bob.joined.epoch, more: true,
    messages: acks.slice(-50).map(({ id, seq, ts }) => ({
      type: 'message', room, id, seq, username: 'ann', body: `m${seq}`, ts,
    })),
  });
  for (const one of [ann, bob]) await one.leave();
});

test('an empty room has an empty history', async () => {
  const ann = await member(daemon, 'ann', 'empty');
  for (const where of [{}, { before: 5 }, { after: 0 }, { around: 1 }]) {
    const page = await ann.ask({ type: 'history', room: 'empty', ...where });
    assert.deepEqual(page.messages, []);
    assert.equal(page.more, false);
    assert.equal(page.epoch, ann.joined.epoch);
  }
  await ann.leave();
});

test('a page around a message, by its id; of another room or log, or none, is refused', async () => {
  const { ann, acks } = await talk('by-id', 30);
  const { ann: other, acks: others } = await talk('by-id-too', 1, 'tom');
  const page = await ann.ask({ type: 'history', room: 'by-id', id: acks[9].id, limit: 5 });
  assert.deepEqual(seqs(page.messages), [8, 9, 10, 11, 12]);
  for (const id of [others[0].id, acks[0].id.replace(/^[^-]+/, '1'), 'nothing', ''])
    await ann.refused({ type: 'history', room: 'by-id', id }, 'unknown_message');
  await ann.refused({ type: 'history', room: 'by-id', id: acks[9].id, before: 3 }, 'bad_request');
  for (const one of [ann, other]) await one.leave();
});

test('pages before, after and around any place, of any size, at every border', async () => {
  const room = 'pages';
  const { ann } = await talk(room, 12);
  const page = async (where, limit) => {
    const { messages, more } = await ann.ask({ type: 'history', room, ...where, limit });
    return [seqs(messages).join(' '), more];
  };
  const range = (from, to) => {
    const [first, last] = [Math.max(from, 1), Math.min(to, 12)];
    return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => first + i).join(' ');
  };
  for (let limit = 1; limit <= 13; limit++) {
    assert.deepEqual(await page({}, limit), [range(13 - limit, 12), limit < 12]);
    for (let seq = 0; seq <= 14; seq++) {
      const end = Math.min(seq, 13);
      assert.deepEqual(await page({ before: seq }, limit), [range(end - limit, end - 1), end - limit > 1]);
      assert.deepEqual(await page({ after: seq }, limit), [range(seq + 1, seq + limit), seq + limit < 12]);
      const up = Math.ceil(limit / 2);
      const middle = Math.min(seq, 12);
      assert.deepEqual((await page({ around: seq }, limit))[0], range(middle - up + 1, middle + limit - up));
    }
  }
  await ann.leave();
});

test('turning pages back from the end finds every message once', async () => {
  const room = 'walk';
  const { ann, acks } = await talk(room, 450);
  await ann.until({ type: 'message', id: acks.at(-1).id }); /* which comes behind its ack */
  const found = [];
  let before = ann.rooms.get(room).seq + 1;
  let more = true;
  while (more) {
    const page = await ann.ask({ type: 'history', room, before, limit: 200 });
    found.unshift(...page.messages);
    ({ more } = page);
    before = page.messages[0].seq;
  }
  assert.deepEqual(found.map(({ id }) => id), acks.map(({ id }) => id));
  await ann.leave();
});

test('a page of the longest messages is cut to what can be sent, and says that there is more', async () => {
  const room = 'long';
  const ann = await member(daemon, 'ann', room);
  for (let i = 0; i < 100; i++) await ann.say(room, `${i} ${'x'.repeat(16000)}`);
  const found = [];
  let where = {};
  for (let more = true; more; ) {
    const page = await ann.ask({ type: 'history', room, ...where, limit: 200 });
    assert.ok(page.messages.length > 0);
    found.unshift(...page.messages);
    ({ more } = page);
    where = { before: page.messages[0].seq };
  }
  assert.deepEqual(seqs(found), Array.from({ length: 100 }, (_, i) => i + 1));
  const first = await ann.ask({ type: 'history', room, after: 0, limit: 200 });
  assert.equal(first.messages[0].seq, 1);
  assert.equal(first.more, true);
  const around = seqs((await ann.ask({ type: 'history', room, around: 50, limit: 200 })).messages);
  assert.ok(around.includes(50) && around.includes(45) && around.includes(55), `${around} is not around 50`);
  await ann.leave();
});

test('history tells what became of each message', async () => {
  const room = 'state';
  const ann = await member(daemon, 'ann', room);
  const bob = await member(daemon, 'Bob', room);
  const a = await ann.say(room, 'a');
  const b = await bob.say(room, 'b', { reply_to: a.id });
  const c = await ann.say(room, 'c');
  const edited = await ann.ask({ type: 'edit', room, id: a.id, body: 'A' });
  for (const [who, emoji] of [[bob, '\u2764\ufe0f'], [ann, '\u{1f44d}'], [bob, '\u{1f44d}']])
    await who.ask({ type: 'react', room, id: b.id, emoji, on: true });
  await ann.ask({ type: 'react', room, id: b.id, emoji: 'x', on: true });
  await ann.ask({ type: 'react', room, id: b.id, emoji: 'x', on: false });
  await ann.ask({ type: 'delete', room, id: c.id });
  const { messages } = await bob.ask({ type: 'history', room });
  const [ofA, ofB, ofC] = messages;
  assert.deepEqual(ofA, {
    type: 'message', room, id: a.id, seq: 1, username: 'ann', body: 'A', ts: a.ts, edited: edited.ts,
  });
  assert.deepEqual(ofB, {
    type: 'message', room, id: b.id, seq: 2, username: 'Bob', body: 'b', ts: b.ts, reply_to: a.id,
    reactions: { '\u2764\ufe0f': ['Bob'], '\u{1f44d}': ['ann', 'Bob'] },
  });
  assert.deepEqual(Object.keys(ofB.reactions), ['\u2764\ufe0f', '\u{1f44d}'], 'in the order of their first use');
  assert.equal(ofC.deleted, true);
  assert.equal(ofC.body, '');
  assert.equal(messages.length, 3);
  const cleo = await member(daemon, 'cleo', room, { last: 2 });
  assert.deepEqual(cleo.joined.events, [ofB, ofC], 'so does last');
  for (const one of [ann, bob, cleo]) await one.leave();
});

test('last gives the newest messages with joined, and live events follow them', async () => {
  const room = 'last';
  const { ann } = await talk(room, 30);
  await ann.ask({ type: 'react', room, id: (await ann.say(room, 'm31')).id, emoji: 'x', on: true });
  for (const [last, expected] of [[5, 5], [31, 31], [200, 31], [1000, 31], [0, 0]]) {
    const bob = await member(daemon, 'bob', room, { last });
    assert.equal(bob.joined.recovered, false);
    assert.equal(bob.joined.seq, 32);
    assert.deepEqual(bodies(bob.joined.events), Array.from({ length: expected }, (_, i) => `m${32 - expected + i}`));
    await bob.leave();
  }
  const bob = await member(daemon, 'bob', room, { last: 1 });
  assert.deepEqual(bob.joined.events[0].reactions, { x: ['ann'] });
  await ann.say(room, 'live');
  assert.equal((await bob.until({ body: 'live' })).seq, 33);
  for (const one of [ann, bob]) await one.leave();
});

test('history is for members only', async () => {
  const room = 'closed';
  const { ann } = await talk(room, 3);
  const eve = await member(daemon, 'eve', 'elsewhere');
  await eve.refused({ type: 'history', room }, 'not_joined');
  await eve.join(room);
  assert.equal((await eve.ask({ type: 'history', room })).messages.length, 3);
  await eve.ask({ type: 'leave', room });
  await eve.refused({ type: 'history', room }, 'not_joined');
  for (const one of [ann, eve]) await one.leave();
});

test('many questions at once are all answered, each under its cid', async () => {
  const room = 'questions';
  const { ann } = await talk(room, 20);
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => ann.ask({ type: 'history', room, before: (i % 20) + 2, limit: 1 })),
  );
  assert.deepEqual(answers.map(({ messages }) => messages[0].seq), answers.map((_, i) => (i % 20) + 1));
  await ann.leave();
});

/* ---- search ---- */

const search = async (who, q, fields = {}) => {
  const answer = await who.ask({ type: 'search', q, ...fields });
  assert.equal(answer.type, 'search');
  return answer;
};

test('a search finds messages with all its words, newest first, whatever their case', async () => {
  const room = 'search';
  const ann = await member(daemon, 'ann', room);
  for (const body of ['Green tea, please!', 'black tea or coffee?', 'COFFEE', '\u0427\u0410\u0419 CAF\u00c9', 'channel'])
    await ann.say(room, body);
  for (const [q, expected] of [
    ['tea', [2, 1]], ['TEA', [2, 1]], ['coffee', [3, 2]], ['tea green', [1]], ['green coffee', []], ['gre', [1]],
    ['\u0447\u0430\u0439', [4]], ['caf\u00e9', [4]], ['ann', []], ['offee', []], ['"tea', [2, 1]], ['tea" OR "x', []],
    ['tea OR coffee', [2]], ['-coffee', [3, 2]], ['*', []], ['%', []], ['NEAR(', []], ["'; --", []], ['body:tea', []],
    ['\u{1f600}', []], ['(tea)', [2, 1]], ['\u200d', []], ['x '.repeat(128), []],
  ]) {
    const { messages, more } = await search(ann, q, { room });
    assert.deepEqual(seqs(messages), expected, q);
    assert.equal(more, false, q);
  }
  const [found] = (await search(ann, 'please', { room })).messages;
  assert.equal(found.room, room);
  assert.deepEqual(found, (await ann.ask({ type: 'history', room })).messages[0]);
  await ann.leave();
});

test('a search sees messages as they are now, and never those that are deleted', async () => {
  const room = 'search-state';
  const ann = await member(daemon, 'ann', room);
  const { id } = await ann.say(room, 'green tea');
  await ann.say(room, 'green apple');
  await ann.ask({ type: 'edit', room, id, body: 'black tea' });
  assert.deepEqual(seqs((await search(ann, 'green')).messages), [2]);
  const [found] = (await search(ann, 'black')).messages;
  assert.equal(found.body, 'black tea');
  assert.ok(found.edited > 0);
  await ann.ask({ type: 'delete', room, id });
  assert.deepEqual((await search(ann, 'tea')).messages, []);
  await ann.leave();
});

test('a search goes through the rooms one is in and no others, page by page', async () => {
  const ann = await member(daemon, 'ann', 'search-a');
  await ann.join('search-b');
  const eve = await member(daemon, 'eve', 'search-c');
  for (let i = 0; i < 5; i++) {
    await ann.say('search-a', `needle ${i}`);
    await ann.say('search-b', `needle ${i}`);
    await eve.say('search-c', `needle ${i}`);
  }
  const all = (await search(ann, 'needle')).messages;
  assert.equal(all.length, 10);
  assert.deepEqual([...new Set(all.map(({ room }) => room))].sort(), ['search-a', 'search-b']);
  for (let i = 1; i < all.length; i++) assert.ok(all[i].ts <= all[i - 1].ts, 'newest first');
  for (const limit of [1, 3, 10]) {
    const found = [];
    for (let page = { more: true, messages: [] }; page.more; ) {
      page = await search(ann, 'needle', { limit, before: page.messages.at(-1)?.id });
      assert.ok(page.messages.length <= limit);
      found.push(...page.messages);
    }
    assert.deepEqual(found, all);
  }
  assert.equal((await search(ann, 'needle', { room: 'search-b' })).messages.length, 5);
  assert.equal((await search(ann, 'needle', { room: 'SEARCH-B' })).messages.length, 5, 'in any spelling');
  await ann.refused({ type: 'search', q: 'needle', room: 'search-c' }, 'not_joined');
  await ann.refused({ type: 'search', q: 'needle', before: 'x' }, 'unknown_message');
  for (const one of [ann, eve]) await one.leave();
});

test('who is nowhere finds nothing', async () => {
  const eve = await meet(daemon);
  await eve.refused({ type: 'search', q: 'needle' }, 'not_joined');
  await eve.leave();
});

test('history_max_messages bounds what a room keeps', async (t) => {
  const own = await serveFor(t, { journal: 'memory', history_max_messages: 10, message_rate: 0 });
  const ann = await member(own, 'ann', 'bounded');
  const { id } = await ann.say('bounded', 'm1');
  for (let i = 2; i <= 25; i++) await ann.say('bounded', `m${i}`);
  const { messages, more } = await ann.ask({ type: 'history', room: 'bounded' });
  assert.deepEqual(seqs(messages), Array.from({ length: 10 }, (_, i) => 16 + i));
  assert.equal(more, false);
  await ann.refused({ type: 'edit', room: 'bounded', id, body: 'x' }, 'unknown_message');
  await ann.refused({ type: 'message', room: 'bounded', body: 'x', reply_to: id }, 'unknown_message');
});
