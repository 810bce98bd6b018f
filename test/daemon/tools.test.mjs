// The tools, on the history of the real daemon: while it runs and after.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, existsSync, openSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { launch, start, temporaryFolder } from '../support/daemon.mjs';
import { eventually } from '../support/inbox.mjs';
import { comeBack, member } from '../support/member.mjs';
import { nobody, noNobody, openFolder } from '../support/root.mjs';
import { sqlOnce } from '../support/sql.mjs';
import { busy, lines, must, tool, toolWith } from '../support/tool.mjs';

// Without what an import changes.
function comparable(messages) {
  const places = new Map(messages.map(({ id }, i) => [id, i]));
  return messages.map(({ id, reply_to: reply, ...rest }) => ({ ...rest, reply: reply && places.get(reply) }));
}

test('export tells the messages as they are, in the order in which they came', async (t) => {
  const { folder } = await busy(t);
  const all = lines(await must(folder, 'export'));
  assert.deepEqual(
    all.map(({ room, username, body }) => [room, username, body]),
    [
      ['tea', 'ann', 'good evening'],
      ['tea', 'bob', 'you too'],
      ['tea', 'ann', ''],
      ['tea', 'bob', 'what?'],
      ['milk', 'bob', 'two\nlines \u001b]0;title\u0007'],
    ],
  );
  assert.ok(all[0].edited >= all[0].ts);
  assert.deepEqual(all[0].reactions, { '👍': ['bob', 'ann'], '🍵': ['ann'] });
  assert.equal(all[1].reply_to, all[0].id);
  assert.equal(all[2].deleted, true);
  assert.ok(!JSON.stringify(all).includes('secret'));
});

test('export takes a part: a room, a person, a time', async (t) => {
  const { folder } = await busy(t);
  const [first] = lines(await must(folder, 'export'));
  const count = async (...args) => lines(await must(folder, 'export', ...args)).length;
  assert.equal(await count('--room', 'MILK'), 1);
  assert.equal(await count('--user', 'Ann'), 2);
  assert.equal(await count('--user=bob', '--room=tea'), 2);
  assert.equal(await count('--since', '1h'), 5);
  assert.equal(await count('--until', '1h'), 0);
  assert.equal(await count('--since', '2020-01-01', '--until', new Date(first.ts + 86_400_000).toISOString().slice(0, 10)), 5);
  assert.equal(await count('--since', '2990-01-01T00:00'), 0);
  for (const when of ['yesterday', '2026-02-30', '2026-02-29T12:00', '2026-13-01', '2026-04-31T23:59:59Z', '1d2h']) {
    const { code, err } = await tool(folder, 'export', '--since', when);
    assert.deepEqual([code, err], [2, `hubbub export: this is no time: ${when}; see hubbub export --help\n`]);
  }
  assert.equal(await count('--since', '2024-02-29', '--until', '2990-12-31T23:59:59Z'), 5);
});

test('a room and a person that are not in the history are not taken for silent ones', async (t) => {
  const { folder, daemon, ann } = await busy(t);
  const out = `${temporaryFolder('out')}/file`;
  for (const [args, said] of [
    [['export', '--room', 'nope'], 'there is no room "nope"'],
    [['export', '--room', 'nope', out], 'there is no room "nope"'],
    [['export', '--user', 'Eve'], 'there is no person "eve"'],
    [['history', '--room', 'nope'], 'there is no room "nope"'],
  ]) {
    const run = await tool(folder, ...args);
    assert.deepEqual([run.code, run.out, run.err], [1, '', `hubbub ${args[0]}: ${said} in the history\n`]);
  }
  assert.equal(existsSync(out), false);
  // Who is there but has said nothing of what is asked for is another matter.
  assert.equal(await must(folder, 'export', '--room', 'milk', '--user', 'ann'), '');

  const follower = launch(['history', '--room', 'nope', '--follow', '--state-dir', folder], { t });
  await eventually(() => follower.stderr().includes('there is no room "nope"'), 'it says so');
  await ann.join('nope');
  await ann.say('nope', 'now there is');
  await eventually(() => follower.stdout().includes('now there is'), 'it follows');
  follower.child.kill('SIGTERM');
  await follower.exit;
  await daemon.stop();
});

test('what was exported and imported is the same, and importing again changes nothing', async (t) => {
  const { folder } = await busy(t);
  const file = `${temporaryFolder('out')}/history.ndjson`;
  const other = `${temporaryFolder('other')}/new`;
  await must(folder, 'export', file);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.notEqual((await tool(folder, 'export', file)).code, 0, 'it was overwritten');
  assert.match(await must(other, 'import', file), /imported 5, already there 0/);
  assert.match(await must(other, 'import', file), /imported 0, already there 5/);
  const before = lines(readFileSync(file, 'utf8'));
  const after = lines(await must(other, 'export'));
  assert.deepEqual(comparable(after), comparable(before));
  assert.notEqual(after[0].id, before[0].id);
  assert.match(await must(other, 'verify'), /^whole: 5 messages/);

  const daemon = await start({ state_dir: other }, { t });
  const eve = await member(daemon, 'eve', 'tea', { last: 10 });
  assert.deepEqual(eve.joined.events.map(({ body }) => body), ['good evening', 'you too', '', 'what?']);
  const { messages } = await eve.ask({ type: 'search', q: 'evening' });
  assert.equal(messages.length, 1);
});

test('what is imported into the log that it came from, or into a backup of that, is there already', async (t) => {
  const { folder, daemon, ann } = await busy(t);
  const other = temporaryFolder('other');
  await must(folder, 'backup', `${other}/hubbub.db`);
  const { id } = await ann.say('tea', 'after the backup');
  await ann.ask({ type: 'message', room: 'tea', body: 'an answer', reply_to: id });
  const file = `${temporaryFolder('out')}/history.ndjson`;
  await must(folder, 'export', file);
  assert.match(await must(folder, 'import', file), /imported 0, already there 7, .* 0$/m);
  assert.match(await must(other, 'import', file), /imported 2, already there 5, .* 0$/m);
  assert.match(await must(other, 'import', file), /imported 0, already there 7, .* 0$/m);
  const after = lines(await must(other, 'export'));
  assert.deepEqual(comparable(after), comparable(lines(readFileSync(file, 'utf8'))));
  // Of one place, but not the same message.
  const [first] = after;
  for (const change of [{ ts: first.ts - 1 }, { username: 'eve' }, { room: 'cellar' }]) {
    writeFileSync(file, JSON.stringify({ ...first, reactions: {}, ...change, id: first.id }));
    assert.match(await must(other, 'import', file), /imported 1, already there 0/);
  }
  await daemon.stop();
});

// Lines of another log: all of one person and one moment, half of them with the same text.
const foreign = (count, ts = 1_600_000_000_000) => Array.from({ length: count }, (_, i) => ({
  room: 'tea', id: `abc-1-${(i + 1).toString(16)}`, ts, username: 'ann', body: i % 2 ? 'ok' : `text ${i}`,
  ...(i % 10 === 9 && { reply_to: `abc-1-${i.toString(16)}` }),
}));

function write(file, messages) {
  writeFileSync(file, messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
}

test('a folder is no file to import, and is said to be one', async () => {
  const { code, err } = await tool(temporaryFolder('import'), 'import', '/tmp');
  assert.equal(code, 1);
  assert.match(err, /^hubbub import: cannot read \/tmp: Is a directory\n$/);
});

test('an import behind what is there loses none of many messages of one person in one millisecond', async (t) => {
  const folder = temporaryFolder('other');
  const daemon = await start({ state_dir: folder, message_rate: 0 }, { t });
  const zoe = await member(daemon, 'zoe', 'tea');
  for (let i = 0; i < 30; i++) await zoe.say('tea', `old ${i}`);
  await daemon.stop();
  const other = temporaryFolder('other');
  const file = `${temporaryFolder('out')}/foreign.ndjson`;
  // Ahead of the clock, so that the time is kept, and then some that get the time of the room.
  for (const [target, ts] of [[other, 1_600_000_000_000], [folder, Date.now() + 60_000], [folder, 1_600_000_000_000]]) {
    const before = lines((await tool(target, 'export')).out).length;
    const all = foreign(150, ts).map((line) => ({ ...line, id: line.id.replace('abc', `abc${ts}`), ...(line.reply_to && { reply_to: line.reply_to.replace('abc', `abc${ts}`) }) }));
    write(file, all.slice(0, 70));
    assert.match(await must(target, 'import', file), /imported 70, already there 0, .* 0$/m);
    write(file, all);
    assert.match(await must(target, 'import', file), /imported 80, already there 70, .* 0$/m);
    assert.match(await must(target, 'import', file), /imported 0, already there 150, .* 0$/m);
    const stored = lines(await must(target, 'export')).slice(before);
    assert.deepEqual(stored.map(({ body }) => body), all.map(({ body }) => body));
    const { id } = stored[8];
    assert.equal(stored[9].reply_to, id);
  }
  assert.match(await must(folder, 'verify'), /^whole/);
});

test('two logs in one file that say the same are both imported', async () => {
  const other = `${temporaryFolder('other')}/new`;
  const file = `${temporaryFolder('out')}/foreign.ndjson`;
  const all = foreign(20).map(({ reply_to: reply, ...line }) => line);
  write(file, [...all, ...all.map((line) => ({ ...line, id: line.id.replace('abc', 'def') }))]);
  assert.match(await must(other, 'import', file), /imported 40, already there 0/);
  assert.match(await must(other, 'import', file), /imported 0, already there 40/);
});

test('what was edited or deleted on one side since an export is not imported again', async (t) => {
  const { folder, daemon, ann } = await busy(t);
  const other = temporaryFolder('other');
  const third = `${temporaryFolder('other')}/new`;
  const [before, after] = ['before', 'after'].map((name) => `${temporaryFolder('out')}/${name}.ndjson`);
  const [edited, deleted, both] = [await ann.say('tea', 'one'), await ann.say('tea', 'two'), await ann.say('tea', 'three')];
  await ann.ask({ type: 'edit', room: 'tea', id: both.id, body: 'three again' });
  await must(folder, 'backup', `${other}/hubbub.db`);
  await must(folder, 'export', before);
  await must(third, 'import', before);
  await ann.ask({ type: 'edit', room: 'tea', id: edited.id, body: 'one again' });
  await ann.ask({ type: 'delete', room: 'tea', id: deleted.id });
  await ann.ask({ type: 'edit', room: 'tea', id: both.id, body: 'three once more' });
  await must(folder, 'export', after);
  for (const [place, file] of [[folder, before], [folder, after], [other, before], [other, after], [third, after], [third, before]]) {
    assert.match(await must(place, 'import', file), /imported 0, already there 8, .* 0$/m, `${place} ${file}`);
  }
  const now = lines(await must(folder, 'export'));
  assert.deepEqual(now.slice(-3).map(({ body }) => body), ['one again', '', 'three once more']);
  // The place, the person and the time are the same, the text is another, and nobody changed it.
  write(before, [{ ...now[1], body: 'something else', reactions: {} }]);
  for (const place of [folder, other]) assert.match(await must(place, 'import', before), /imported 1, already there 0/);
  await daemon.stop();
});

test('an id that two messages have is refused, and nothing before it is lost', async () => {
  const other = `${temporaryFolder('other')}/new`;
  const file = `${temporaryFolder('out')}/foreign.ndjson`;
  const [first, second] = foreign(2);
  const faults = [{ ...second, id: first.id }, { ...first, ts: first.ts + 1 }];
  for (const wrong of faults) {
    writeFileSync(file, `\n${JSON.stringify(first)}\n\n${JSON.stringify(wrong)}\n${JSON.stringify(second)}\n`);
    const { code, err } = await tool(other, 'import', file);
    assert.equal(code, 1);
    assert.ok(err.includes(`${file}:4: "id" is that of another message`), err);
  }
  assert.equal(lines(await must(other, 'export')).length, 1);
  write(file, [first, first, second, { ...second, body: 'no', edited: second.ts + 5 }]);
  assert.match(await must(other, 'import', file), /imported 1, already there 3/);
});

test('an import beside the running daemon', async (t) => {
  const { folder } = await busy(t);
  const file = `${temporaryFolder('out')}/history.ndjson`;
  await must(folder, 'export', '--room', 'tea', file);
  const other = temporaryFolder('other');
  const daemon = await start({ state_dir: other }, { t });
  const eve = await member(daemon, 'eve', 'cellar');
  await eve.join('tea');
  assert.equal((await eve.say('tea', 'mine')).seq, 1);
  assert.match(await must(other, 'import', file), /imported 4/);
  const { messages } = await eve.ask({ type: 'history', room: 'tea', limit: 50 });
  assert.deepEqual(messages.map(({ body }) => body), ['mine', 'good evening', 'you too', '', 'what?']);
  assert.ok(messages.every(({ ts }, i) => i === 0 || ts >= messages[i - 1].ts));
  const zoe = await member(daemon, 'zoe', 'milk');
  assert.equal((await zoe.say('milk', 'still here')).seq, 1);
  await daemon.stop();
  assert.match(await must(other, 'verify'), /^whole/);
});

test('who comes into an occupied room after an import into it is told of what was imported', async (t) => {
  const folder = temporaryFolder('state');
  const file = `${temporaryFolder('out')}/history.ndjson`;
  const daemon = await start({ state_dir: folder, message_rate: 0 }, { t });
  const room = 'tea';
  const ann = await member(daemon, 'ann', room);
  for (let i = 1; i <= 10; i++) await ann.say(room, `old ${i}`);
  const { epoch } = ann.joined;
  const imported = Array.from({ length: 200 }, (_, i) => ({
    room, id: `foreign${i}`, ts: 1690000000000 + i, username: 'bob', body: `imported ${i + 11}`,
  }));
  writeFileSync(file, imported.map((line) => `${JSON.stringify(line)}\n`).join(''));
  assert.match(await must(folder, 'import', file), /imported 200/);

  /* who has seen it in the history has missed nothing, although it was never said here */
  const reader = await member(daemon, 'reader', room, { since: { epoch, seq: 210 } });
  assert.equal(reader.joined.recovered, true);
  assert.deepEqual([reader.joined.seq, reader.joined.events.length], [210, 0]);
  const newcomer = await member(daemon, 'newcomer', room, { last: 50 });
  assert.equal(newcomer.joined.seq, 210);
  assert.deepEqual(newcomer.joined.events.map(({ seq }) => seq), Array.from({ length: 50 }, (_, i) => 161 + i));
  const returning = await member(daemon, 'returning', room, { since: { epoch, seq: 8 } });
  assert.equal(returning.joined.recovered, true);
  assert.deepEqual(returning.joined.events.map(({ seq }) => seq), Array.from({ length: 202 }, (_, i) => 9 + i));
  const stranger = await member(daemon, 'stranger', room, { since: { epoch, seq: 211 } });
  assert.equal(stranger.joined.recovered, false);

  /* who was there sees a hole, and fills it */
  const { epoch: same, seq } = ann.rooms.get(room);
  ann.rooms.get(room).seq = 210;
  await newcomer.say(room, 'next');
  for (const one of [ann, reader, newcomer, returning]) await one.until({ body: 'next', seq: 211 });
  const healed = await ann.join(room, { since: { epoch: same, seq } });
  assert.equal(healed.recovered, true);
  assert.deepEqual(healed.events.map((event) => event.seq), Array.from({ length: 201 }, (_, i) => 11 + i));
  await daemon.stop();
  assert.match(await must(folder, 'verify'), /^whole/);
});

test('an import stops at a line that is not one, and goes on when it is repaired', async (t) => {
  const { folder } = await busy(t);
  const file = `${temporaryFolder('out')}/history.ndjson`;
  const other = `${temporaryFolder('other')}/new`;
  const good = (await must(folder, 'export')).split('\n');
  const faults = [
    ['not json', /no JSON object/],
    ['{"room":"tea"}', /"username" is missing/],
    [good[1].replace('"tea"', '"no such room!"'), /room's name has/],
    [good[1].replace('"bob"', '" "'), /choose a name/],
    [good[1].replace(/"ts":\d+/, '"ts":"now"'), /"ts"/],
    [good[1].replace('"you too"', '""'), /body is empty/],
    [good[0].replace(/"reactions":\{/, '"reactions":{"":["x"],'), /"reactions"/],
    [good[0].replace(/"reactions":\{/, '"reactions":{"x":"ann",'), /"reactions" is not of the form/],
    [good[0].replace(/"reactions":\{/, '"reactions":{"x":[7],'), /"reactions" is not of the form/],
    [good[0].replace(/"reactions":\{/, '"reactions":{"\u202e":["ann"],'), /in "reactions" an emoji is no visible text/],
    [good[0].replace(/"reactions":\{/, `"reactions":{"${'x'.repeat(65)}":["ann"],`), /in "reactions" an emoji is no visible text/],
    [good[0].replace(/"reactions":\{/, '"reactions":{"x":["a\u202eb"],'), /name cannot hold/],
    [good[1].replace(/"ts":\d+/, `"ts":${Date.now() + 90_000_000}`), /"ts" is more than a day ahead/],
    [good[0].replace(/"edited":\d+/, `"edited":${Date.now() + 90_000_000}`), /"edited" is more than a day ahead/],
  ];
  for (const [line, reason] of faults) {
    writeFileSync(file, [good[0], line, ...good.slice(2)].join('\n'));
    const { code, err } = await tool(other, 'import', file);
    assert.equal(code, 1);
    assert.match(err, reason);
    assert.ok(err.includes(`${file}:2:`), err);
  }
  assert.equal(lines(await must(other, 'export')).length, 1);
  writeFileSync(file, good.join('\n'));
  assert.match(await must(other, 'import', file), /imported 4, already there 1/);
});

test('what a clock that was ahead has stored can be imported as of now, once', async (t) => {
  const { folder, daemon } = await busy(t);
  const file = `${temporaryFolder('out')}/history.ndjson`;
  const other = `${temporaryFolder('other')}/new`;
  const [first, ...rest] = lines(await must(folder, 'export'));
  const far = Date.now() + 90_000_000;
  const near = Date.now() + 3_600_000;
  const before = Date.now();
  write(file, [{ ...rest[0], reply_to: undefined, ts: 5 }, { ...first, ts: far, edited: far + 1, room: 'clock' }, { ...rest[3], ts: near }]);
  const refused = await tool(other, 'import', file);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /:2: "ts" is more than a day ahead of now; with --ahead-as-now it is taken as now$/m);
  assert.match(await must(other, 'import', '--ahead-as-now', file), /imported 2, already there 1/);
  const stored = lines(await must(other, 'export'));
  assert.deepEqual(stored.map(({ ts }) => ts).filter((_, i) => i !== 1), [5, near]);
  for (const time of [stored[1].ts, stored[1].edited]) assert.ok(time >= before && time <= Date.now());
  for (const place of [file, `${file}.2`]) {
    if (place !== file) write(place, stored);
    assert.match(await must(other, 'import', '--ahead-as-now', place), /imported 0, already there 3/);
  }

  // The log of that server itself knows its messages by the times that it has.
  await daemon.stop();
  await sqlOnce(`${folder}/hubbub.db`, t, `UPDATE events SET ts = ts + 90000000`, `UPDATE rooms SET ts = ts + 90000000`);
  await must(folder, 'export', `${file}.3`);
  assert.match(await must(folder, 'import', '--ahead-as-now', `${file}.3`), /imported 0, already there 5/);
});

test('nothing comes with a message that was deleted', async () => {
  const file = `${temporaryFolder('out')}/history.ndjson`;
  const other = `${temporaryFolder('other')}/new`;
  const line = { room: 'tea', id: 'x-1-5', ts: 1, username: 'ann', body: 'a secret', deleted: true, reactions: { x: ['bob'] } };
  writeFileSync(file, JSON.stringify(line));
  assert.match(await must(other, 'import', file), /imported 1/);
  assert.deepEqual(lines(await must(other, 'export')).map(({ body, reactions }) => [body, reactions]), [['', undefined]]);
  assert.match(await must(other, 'verify'), /^whole/);
});

test('an import whose input is long in coming holds nobody up', async (t) => {
  const other = temporaryFolder('other');
  const daemon = await start({ state_dir: other, message_rate: 0 }, { t });
  const eve = await member(daemon, 'eve', 'cellar');
  const pipe = `${temporaryFolder('out')}/pipe`;
  execFileSync('mkfifo', [pipe]);
  const input = openSync(pipe, 'r+');
  const run = launch(['import', pipe, '--state-dir', other], { t });
  // More than it takes in one transaction: when the first are there, the others are read or about to be.
  for (let i = 1; i <= 250; i++) {
    writeSync(input, `${JSON.stringify({ room: 'tea', id: `1-1-${i.toString(16)}`, ts: i, username: 'bob', body: `${i}` })}\n`);
  }
  await eventually(async () => lines(await must(other, 'export')).length > 0, 'the first are imported');
  for (let i = 0; i < 100; i++) await eve.say('cellar', 'meanwhile');
  closeSync(input);
  assert.equal((await run.exit).code, 0, run.stderr());
  assert.match(run.stdout(), /^imported 250,/);
});

test('export gets past damaged pages, says which events it had to leave out, and the rest can be imported', async (t) => {
  const folder = temporaryFolder('state');
  const daemon = await start({ state_dir: folder, message_rate: 0 }, { t });
  const ann = await member(daemon, 'ann', 'tea');
  for (let i = 1; i <= 300; i++) await ann.say('tea', `this is number ${i} of them`);
  await daemon.stop();
  const file = readFileSync(`${folder}/hubbub.db`);
  const at = file.indexOf('this is number 150 of them');
  file.fill(0, at - (at % 4096), at - (at % 4096) + 4096);
  writeFileSync(`${folder}/hubbub.db`, file);

  const out = `${temporaryFolder('out')}/rest.ndjson`;
  const { code, err } = await tool(folder, 'export', out);
  assert.equal(code, 1);
  const [, first, last] = err.match(/^hubbub export: events (\d+) to (\d+) cannot be read; the message before is of 20\S+ \S+ UTC$/m).map(Number);
  assert.ok(first <= 150 && last >= 150 && last - first < 100, err);
  assert.match(err, /the file is damaged; all else is written/);
  const numbers = lines(readFileSync(out, 'utf8')).map(({ body }) => Number(body.match(/\d+/)[0]));
  assert.deepEqual(numbers, Array.from({ length: 300 }, (_, i) => i + 1).filter((i) => i < first || i > last));
  const other = `${temporaryFolder('other')}/new`;
  assert.match(await must(other, 'import', out), new RegExp(`^imported ${numbers.length},`));
  assert.match(await must(other, 'verify'), /^whole/);
});

test('history prints the end of it, readable, and follows', async (t) => {
  const { folder, daemon, ann } = await busy(t);
  const all = (await must(folder, 'history')).trimEnd().split('\n');
  const when = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`;
  const expected = [
    String.raw`tea 1 ann: good evening \(edited\)  👍 2  🍵 1`,
    'tea 6 bob: you too',
    String.raw`tea 7 ann: \(deleted\)`,
    String.raw`tea 8 bob: what\?`,
    'milk 1 bob: two',
  ];
  expected.forEach((line, i) => assert.match(all[i], new RegExp(`^${when} ${line}$`)));
  assert.equal(all[5], '    lines \\x1b]0;title\\x07');
  assert.equal(all.length, 6);
  assert.match(await must(folder, 'history', '--room', 'tea', '-n', '1'), /^\S+ \S+ tea 8 bob: what\?\n$/);
  assert.equal(await must(folder, 'history', '-n', '99999999999'), await must(folder, 'history'));
  assert.equal(await must(folder, 'history', '-n', '9'.repeat(30)), await must(folder, 'history'));

  const follower = launch(['history', '--room', 'tea', '-n', '1', '--follow', '--state-dir', folder], { t });
  await eventually(() => follower.stdout().includes('what?'), 'the follower begins');
  const { id } = await ann.say('tea', 'one more');
  await ann.ask({ type: 'edit', room: 'tea', id, body: 'one less' });
  await ann.ask({ type: 'react', room: 'tea', id, emoji: '🍵', on: true });
  await eventually(() => follower.stdout().includes('reacted with 🍵 on message 10'), 'it follows');
  assert.match(follower.stdout(), /tea 10 ann: one (more|less)/);
  assert.match(follower.stdout(), /tea 11 ann edited message 10: one less/);
  assert.ok(!follower.stdout().includes('milk'));
  follower.child.kill('SIGTERM');
  await follower.exit;
  await daemon.stop();
});

test('a backup that is made under load is whole, and a daemon goes on with it', async (t) => {
  const { folder, daemon, ann } = await busy(t);
  const other = temporaryFolder('other');
  let isOver = false;
  let sent = 0;
  const load = (async () => {
    for (; !isOver; sent++) await ann.say('tea', `load ${sent}`);
  })();
  await eventually(() => sent > 100, 'the load begins');
  await must(folder, 'backup', `${other}/hubbub.db`);
  isOver = true;
  await load;
  assert.match(await must(folder, 'verify'), /^whole/);
  assert.match(await must(other, 'verify'), /^whole/);
  const again = await tool(folder, 'backup', `${other}/hubbub.db`);
  assert.equal(again.code, 1);
  assert.match(again.err, /there is such a file/);
  assert.notEqual((await tool(folder, 'backup', `${other}/no/folder/x`)).code, 0);
  await daemon.stop();

  const restored = await start({ state_dir: other }, { t });
  const eve = await member(restored, 'eve', 'tea', { last: 50 });
  assert.notEqual(eve.joined.epoch, ann.rooms.get('tea').epoch);
  assert.ok(eve.joined.seq > 100 && eve.joined.seq <= ann.rooms.get('tea').seq);
  assert.equal((await eve.say('tea', 'on we go')).seq, eve.joined.seq + 1);
  assert.doesNotMatch(restored.stderr(), /journal_check/);
});

test('who saw what a restored backup has not is told to load the history anew', async (t) => {
  const { folder, daemon, ann, bob } = await busy(t);
  const other = temporaryFolder('other');
  await must(folder, 'backup', `${other}/hubbub.db`);
  const { seq: last } = await ann.say('tea', 'lost');
  await bob.until({ type: 'message', seq: last });
  await daemon.stop();

  const restored = await start({ state_dir: other }, { t });
  const eve = await member(restored, 'eve', 'tea');
  for (let i = 0; i < 5; i++) await eve.say('tea', 'new');
  assert.ok(eve.rooms.get('tea').seq > last);
  const { joined } = await comeBack(restored, bob, 'tea', { key: undefined });
  assert.equal(joined.recovered, false);
  assert.equal(joined.epoch, eve.joined.epoch);
});

test('a message of before the backup that is sent again after it was restored is a repeat', async (t) => {
  const { folder, daemon, ann } = await busy(t);
  const other = temporaryFolder('other');
  const { seq } = await ann.say('tea', 'once', { cid: 'once' });
  await must(folder, 'backup', `${other}/hubbub.db`);
  await daemon.stop();
  const restored = await start({ state_dir: other }, { t });
  const again = await (await member(restored, 'ann', 'tea')).say('tea', 'once', { cid: 'once' });
  assert.deepEqual([again.seq, again.dup], [seq, true]);
});

// A whole history, or one that tells of an event too many, for a user who may read it but not write.
async function readOnly(t, { isDamaged, folderMode }) {
  const { folder, daemon } = await busy(t);
  await daemon.stop();
  if (isDamaged) await sqlOnce(`${folder}/hubbub.db`, t, "UPDATE rooms SET seq = seq + 1 WHERE name = 'tea'");
  openFolder(folder);
  chmodSync(`${folder}/hubbub.db`, 0o444);
  chmodSync(folder, folderMode);
  t.after(() => chmodSync(folder, 0o755));
  return folder;
}

test('verify reads what it may not write, and says what it could not look at', { skip: noNobody }, async (t) => {
  for (const isDamaged of [false, true]) {
    const folder = await readOnly(t, { isDamaged, folderMode: 0o777 });
    const before = readFileSync(`${folder}/hubbub.db`);
    const { code, out, err } = await toolWith({ under: nobody, t }, folder, 'verify');
    assert.equal(code, isDamaged ? 1 : 0, err);
    assert.match(out, /^the index of words: not looked at, because the file may not be written$/m);
    assert.match(out, isDamaged ? /^room tea: .*\n(.*\n)*damaged: 5 messages/ : /^whole: 5 messages/m);
    assert.deepEqual(readFileSync(`${folder}/hubbub.db`), before);
  }
});

test('verify says so if it may not write the folder, without which the file cannot be read', { skip: noNobody }, async (t) => {
  const folder = await readOnly(t, { folderMode: 0o555 });
  const { code, out, err } = await toolWith({ under: nobody, t }, folder, 'verify');
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, / error journal_refused .*hint="give the user that hubbub runs as the right to write the file and its folder"/);
  assert.deepEqual(readdirSync(folder).sort(), ['hubbub.db', 'hubbub.db.lock']);
});

test('each tool tells what it is for, and what is wrong', async (t) => {
  const folder = temporaryFolder('empty');
  for (const name of ['export', 'import', 'history', 'backup', 'verify']) {
    assert.match(await must(folder, name, '--help'), new RegExp(`^Usage: hubbub ${name}`));
    const wrong = await tool(folder, name, '--roam', 'tea');
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /--roam|a file has to be named/);
    const file = name === 'import' || name === 'backup';
    if (file) assert.match((await tool(folder, name, '')).err, /a file has to be named/);
    if (name === 'import') continue;
    const { code, err } = await tool(folder, name, ...(file ? [`${folder}/copy`] : []));
    assert.equal(code, 1);
    assert.match(err, /there is no such file/);
  }
  assert.equal(existsSync(`${folder}/hubbub.db`), false);
  assert.equal((await tool(folder, 'import')).code, 2);
  assert.equal((await tool(folder, 'verify', 'x')).code, 2);
  assert.equal((await tool(folder, 'history', '-n', 'many')).code, 2);
  assert.equal((await tool(`${folder}/missing`, 'verify')).code, 1);
  // What is wrong with the call is wrong wherever the history is.
  for (const args of [['export', '--since', 'yesterday'], ['history', '-n', '-1'], ['history', '--room', 'no such room!']]) {
    for (const run of [launch(args, { env: { XDG_STATE_HOME: `${folder}/missing`, HUBBUB_STATE_DIR: '' }, t }), launch([...args, '--state-dir', `${folder}/missing`], { t })]) {
      assert.equal((await run.exit).code, 2, args.join(' '));
      assert.match(run.stderr(), new RegExp(`^hubbub ${args[0]}: .*see hubbub ${args[0]} --help\n$`));
    }
  }
  assert.match(await must(folder, 'export', '--help'), /FILE, which must not exist/);
  const help = launch(['--help'], { t });
  await help.exit;
  assert.match(help.stdout(), /hubbub export/);
});

test('the journal is found as the daemon finds it', async (t) => {
  const { folder } = await busy(t);
  const home = temporaryFolder('home');
  const conf = `${home}/hubbub.conf`;
  writeFileSync(conf, `state_dir = ${folder}\n`);
  for (const [args, env] of [
    [['--config', conf], {}],
    [[], { HUBBUB_STATE_DIR: folder }],
    [[], { STATE_DIRECTORY: folder }],
  ]) {
    const run = launch(['verify', ...args], { env, t });
    assert.equal((await run.exit).code, 0, run.stderr());
    assert.match(run.stdout(), /^whole: 5 messages/);
  }
});
