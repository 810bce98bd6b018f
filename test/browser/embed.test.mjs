// The connection layer in other hands: in Node, and in the example page.
import assert from 'node:assert/strict';
import { eventually, eventuallySent, eventuallyTexts, link, scene, say } from './harness.mjs';

scene('Node and the client talk; a lost link loses and doubles nothing', async (stage) => {
  const line = await link(stage);
  const ana = await stage.person('ana');
  const robot = await stage.friend('robot', { url: line.url });
  const heard = [];
  robot.room.on('message', ({ body }) => heard.push(body));
  await say(ana, 'hello');
  await eventuallySent(ana, ['hello']);
  const { id, seq } = await robot.say('hello to you');
  assert.ok(id && seq === 2);
  line.cut();
  await say(ana, 'one', 'two');
  const waiting = [robot.say('three'), robot.say('four')];
  await eventuallySent(ana, ['hello', 'hello to you', 'one', 'two']);
  line.heal();
  robot.chat.retryNow();
  await Promise.all(waiting);
  await eventuallyTexts(ana, ['hello', 'hello to you', 'one', 'two', 'three', 'four']);
  await eventually(() => heard, ['hello', 'hello to you', 'one', 'two', 'three', 'four']);
  const page = await robot.room.history({ limit: 2 });
  assert.deepEqual(page.messages.map((m) => m.body), ['three', 'four']);
  assert.equal((await robot.chat.search('hello')).messages.length, 2);
});

scene('many messages at once: each once, in order', { daemon: { message_rate: 0 } }, async ({ friend }) => {
  const [ana, bob] = [await friend('ana'), await friend('bob')];
  const heard = [];
  bob.room.on('message', ({ body }) => heard.push(body));
  const all = Array.from({ length: 50 }, (_, i) => `m${i}`);
  await Promise.all(all.map((body) => ana.say(body)));
  await eventually(() => heard, all);
});

scene('a name in use rejects', async ({ friend }) => {
  await friend('ana');
  await assert.rejects(friend('ANA'), /already/);
});

scene('the example page talks with the client', async ({ visitor, person, daemon }) => {
  const ana = await person('ana');
  await say(ana, 'before');
  await eventuallyTexts(ana, ['before']);
  const page = await visitor({ url: new URL('example.html', daemon.url).href });
  await page.fill('#name', 'guest');
  await page.keyboard.press('Enter');
  const lines = () => page.$$eval('#messages li', (all) => all.map((one) => one.textContent));
  await eventually(lines, ['ana before']);
  await page.fill('#body', '<b>hi</b>');
  await page.keyboard.press('Enter');
  await eventuallyTexts(ana, ['before', '<b>hi</b>']);
  await eventually(lines, ['ana before', 'guest <b>hi</b>']);
});
