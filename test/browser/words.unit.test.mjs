import assert from 'node:assert/strict';
import { test } from 'node:test';
import { client } from './client.mjs';

const { dayName, hue, initials, linkify, nextMidnight, startOfDay, strings } = await client('words.js');

test('initials: two words two letters, one word one, whole characters', () => {
  const cases = {
    ana: 'A',
    'Ada Lovelace': 'AL',
    'ada king lovelace': 'AL',
    x_y: 'XY',
    木村: '木',
    '👩‍🚀 zoe': '👩‍🚀Z',
    '...': '.',
  };
  for (const [name, letters] of Object.entries(cases)) assert.equal(initials(name), letters, name);
});

test('a hue is a whole number of degrees and the same for every spelling of a name', () => {
  for (const name of ['', 'ana', 'bob', '木村', 'x'.repeat(128)]) {
    assert.ok(Number.isInteger(hue(name)) && hue(name) >= 0 && hue(name) < 360, name);
  }
  assert.equal(hue('Alice'), hue('ａｌｉｃｅ'));
  assert.notEqual(hue('ana'), hue('bob'));
  assert.equal(hue(''), 0x811c9dc5 % 360);
});

test('one is oneself, however the name is spelled', () => {
  assert.equal(strings.reaction('👍', ['bob', 'ana'], 'Ana'), '👍 2, bob and you');
  const joined = (n) =>
    strings.joined(Array.from({ length: n }, (_, i) => `p${i}`)).map((part) => part.name ?? part).join('');
  assert.equal(joined(2), 'p0, p1 joined');
  assert.equal(joined(40), 'p0, p1, p2, p3, p4, p5, p6, p7, 32 others joined');
});

test('days are those of the calendar here', () => {
  const now = new Date(2026, 2, 1, 0, 10).getTime();
  assert.equal(dayName(now, now), 'Today');
  assert.equal(dayName(now - 20 * 60_000, now), 'Yesterday');
  assert.equal(dayName(new Date(2026, 1, 28, 0, 0).getTime(), now), 'Yesterday');
  assert.doesNotMatch(dayName(new Date(2026, 1, 27, 23, 59).getTime(), now), /Yesterday|2026/);
  assert.match(dayName(new Date(2024, 1, 27).getTime(), now), /2024/);
  assert.equal(nextMidnight(now), new Date(2026, 2, 2).getTime());
  assert.equal(startOfDay(now), new Date(2026, 2, 1).getTime());
});

const links = (body) =>
  linkify(body)
    .filter((part) => part.href)
    .map((part) => part.text);

test('links: found, and without the punctuation of the sentence', () => {
  const cases = [
    ['https://example.org', ['https://example.org']],
    ['http://example.org/a?b=c#d', ['http://example.org/a?b=c#d']],
    ['see https://example.org.', ['https://example.org']],
    ['see https://example.org/a.b, then', ['https://example.org/a.b']],
    ['is it https://example.org/?', ['https://example.org/']],
    ['(https://example.org/a)', ['https://example.org/a']],
    ['https://example.org/wiki/A_(b)', ['https://example.org/wiki/A_(b)']],
    ['(see https://example.org/wiki/A_(b))', ['https://example.org/wiki/A_(b)']],
    ['[https://example.org/a]', ['https://example.org/a']],
    ['"https://example.org"', ['https://example.org']],
    ['<https://example.org/a>', ['https://example.org/a']],
    ['“https://example.org/a”', ['https://example.org/a']],
    ['*https://example.org/a*', ['https://example.org/a']],
    ['https://example.org/a\nhttps://example.org/b', ['https://example.org/a', 'https://example.org/b']],
    ['https://example.org/é/木', ['https://example.org/é/木']],
    ['HTTPS://EXAMPLE.ORG/A', ['HTTPS://EXAMPLE.ORG/A']],
    ['http://[::1]:8080/x', ['http://[::1]:8080/x']],
    ['http://localhost:8080/', ['http://localhost:8080/']],
    ['mailto:ana@example.org', ['mailto:ana@example.org']],
    ['mailto:nobody', []],
    ['xhttps://example.org', []],
    ['https://', []],
    ['https:// example.org', []],
    ['example.org', []],
    ['javascript:alert(1)', []],
    ['JaVaScRiPt://example.org/%0aalert(1)', []],
    ['data:text/html,<script>alert(1)</script>', []],
    ['vbscript:x file:///etc/passwd blob:https ftp://example.org', []],
  ];
  for (const [body, found] of cases) assert.deepEqual(links(body), found, body);
});

test('links: the parts put together are the text, and every address is one that may be followed', () => {
  for (const body of [
    '',
    'a',
    ' https://a.example/x, (https://b.example/y_(z)). ',
    'https://a.exampleвhttps://b.example',
    'x\n\nhttps://c.example\n',
  ]) {
    const parts = linkify(body);
    assert.equal(parts.map((part) => part.text).join(''), body);
    for (const { href } of parts) if (href) assert.match(href, /^(https?|mailto):/);
  }
});
