// The conversations of docs/protocol.md, run as they stand there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { connect } from '../support/chat.mjs';
import { repository } from '../support/daemon.mjs';
import { serveFor } from '../support/serve.mjs';

const text = readFileSync(`${repository}/docs/protocol.md`, 'utf8');
const conversations = [...text.matchAll(/^```(chat|chat\.v2)\n([^]*?)^```$/gm)].map((match) => ({
  protocol: match[1],
  line: text.slice(0, match.index).split('\n').length,
  steps: match[2].trimEnd().split('\n').map((step) => {
    const [, who, direction, json] = step.match(/^(\w+)([<>]) (.*)$/);
    return { who, isSent: direction === '>', frame: JSON.parse(json) };
  }),
}));

// What was sent as the document has it: "…x" stands for some text, the same one everywhere, and times differ.
function fit(wanted, actual, names, field) {
  if (typeof wanted === 'string' && wanted.startsWith('…')) {
    assert.equal(typeof actual, 'string', field);
    if (wanted !== '…') names.set(wanted, names.get(wanted) ?? actual);
    assert.equal(actual, wanted === '…' ? actual : names.get(wanted), field);
  } else if (typeof wanted === 'object' && wanted !== null) {
    assert.deepEqual(Object.keys(actual).sort(), Object.keys(wanted).sort(), field);
    for (const key of Object.keys(wanted)) fit(wanted[key], actual[key], names, `${field}.${key}`);
  } else if (/\.(ts|edited)$/.test(field)) {
    assert.ok(Number.isSafeInteger(actual) && actual > 1_600_000_000_000, field);
  } else {
    assert.equal(actual, wanted, field);
  }
}

const fill = (frame, names) =>
  JSON.parse(JSON.stringify(frame), (_, value) => (names.has(value) ? names.get(value) : value));

test('there are conversations of both versions', () => {
  assert.deepEqual([...new Set(conversations.map(({ protocol }) => protocol))], ['chat', 'chat.v2']);
});

for (const { protocol, line, steps } of conversations)
  test(`the conversation at line ${line} goes as it stands there`, async (t) => {
    const daemon = await serveFor(t);
    const people = new Map();
    const names = new Map();
    for (const { who, isSent, frame } of steps) {
      if (!people.has(who)) people.set(who, await connect(daemon, { protocols: [protocol] }));
      const person = people.get(who);
      if (isSent) person.send(fill(frame, names));
      else fit(frame, await person.next(`${who}'s ${frame.type}`), names, `${who} ${frame.type}`);
    }
    for (const person of people.values()) person.destroy();
  });
