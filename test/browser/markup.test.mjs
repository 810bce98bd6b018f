import assert from 'node:assert/strict';
import { eventually, eventuallyTexts, scene, texts } from './harness.mjs';

const payloads = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<a href="javascript:alert(1)">x</a>',
  '<body onload=alert(1)>',
  '<input autofocus onfocus=alert(1)>',
  '<details open ontoggle=alert(1)>',
  '<math><mtext><script>alert(1)</script></mtext></math>',
  '<style>*{display:none}</style>',
  '<link rel=stylesheet href=//evil.example/x.css>',
  '<base href="//evil.example/">',
  '<meta http-equiv=refresh content="0;url=//evil.example">',
  '<form action=//evil.example><button>x</button></form>',
  '<object data="data:text/html,<script>alert(1)</script>"></object>',
  '<template><script>alert(1)</script></template>',
  '"><script>alert(1)</script>',
  "'><img src=x onerror=alert(1)>",
  '</textarea><script>alert(1)</script>',
  '</title><script>alert(1)</script>',
  '<!--><script>alert(1)</script>-->',
  '<![CDATA[<script>alert(1)</script>]]>',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&#60;img src=x onerror=alert(1)&#62;',
  '{{constructor.constructor("alert(1)")()}}',
  '${alert(1)}',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'https://example.org/"onmouseover="alert(1)',
  'https://example.org/<script>alert(1)</script>',
  '\u202e<script>alert(1)</script>',
  '__proto__',
];

scene('markup stays text: in messages', async ({ person, peer }) => {
  const ana = await person('ana');
  const eve = await peer('eve');
  const tags = () =>
    ana.evaluate(() =>
      [...new Set([...document.querySelectorAll('#rows *')].map((element) => element.localName))].sort(),
    );
  eve.say('plain https://example.org/ text');
  await eventuallyTexts(ana, ['plain https://example.org/ text']);
  const before = await tags();
  for (const text of payloads) eve.say(text);
  await eventuallyTexts(ana, ['plain https://example.org/ text', ...payloads]);
  assert.deepEqual(await tags(), before, 'no new kind of element');
  const addresses = await ana.$$eval('#rows a', (links) => links.map((one) => one.href));
  assert.deepEqual(addresses, ['https://example.org/', 'https://example.org/', 'https://example.org/']);
});

scene('markup stays text: in names, and in the rooms of others', async ({ person, peer }) => {
  const ana = await person('ana');
  const names = [
    '<img src=x onerror=alert(1)>',
    '<script>alert(1)</script>',
    '"><svg onload=alert(1)>',
    '__proto__',
  ];
  for (const [i, name] of names.entries()) {
    (await peer(name)).say(`I am ${name}`);
    await eventually(async () => (await texts(ana)).length, i + 1); // those of different people have no order of their own
  }
  await eventuallyTexts(
    ana,
    names.map((name) => `I am ${name}`),
  );
  assert.deepEqual(await ana.$$eval('.person-name', (all) => all.map((one) => one.textContent)), [
    'ana',
    ...names,
  ]);
  assert.equal(await ana.locator('img:not(.logo), script:not([src]), #rows svg[onload]').count(), 0);
});

scene('markup stays text: in the address', async ({ visitor }) => {
  const page = await visitor({ path: `#/r/${encodeURIComponent('<img src=x onerror=alert(1)>')}` });
  assert.equal(await page.inputValue('#room'), '<img src=x onerror=alert(1)>');
  await page.goto(
    `${page.url().split('#')[0]}?room=${encodeURIComponent('"><script>alert(1)</script>')}#/r/%`,
  );
  assert.equal(await page.locator('img:not(.logo)').count(), 0);
});

scene('links can be followed, and take nothing along', async ({ person, peer }) => {
  const ana = await person('ana');
  const eve = await peer('eve');
  eve.say('(see https://example.org/wiki/A_(b)), or mailto:eve@example.org.');
  await ana.waitForSelector('.bubble a');
  const links = await ana.$$eval('.bubble a', (all) =>
    all.map((one) => [one.textContent, one.href, one.rel, one.target, one.dir]),
  );
  const rel = 'noopener noreferrer nofollow';
  assert.deepEqual(links, [
    ['https://example.org/wiki/A_(b)', 'https://example.org/wiki/A_(b)', rel, '_blank', 'ltr'],
    ['mailto:eve@example.org', 'mailto:eve@example.org', rel, '_blank', 'ltr'],
  ]);
});
