// The tools of hubbub, and a history to run them on.
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { launch, repository, start, temporaryFolder } from './daemon.mjs';
import { member } from './member.mjs';

// hubbub ARGUMENT..., to its end; how: as launch takes it.
export async function toolWith(how, folder, ...args) {
  const run = launch([...args, '--state-dir', folder], how);
  const { code, signal } = await run.exit;
  return { code, signal, out: run.stdout(), err: run.stderr() };
}

export const tool = (folder, ...args) => toolWith({}, folder, ...args);

export async function must(folder, ...args) {
  const { code, out, err } = await tool(folder, ...args);
  assert.equal(code, 0, `${args.join(' ')}: ${err}`);
  return out;
}

export const lines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

// A daemon in whose rooms something has happened.
export async function busy(t) {
  const folder = temporaryFolder('state');
  const daemon = await start({ state_dir: folder, message_rate: 0 }, { t });
  const ann = await member(daemon, 'ann', 'tea');
  const bob = await member(daemon, 'bob', 'tea');
  await bob.join('milk');
  const first = await ann.say('tea', 'good morning');
  await ann.ask({ type: 'edit', room: 'tea', id: first.id, body: 'good evening' });
  await bob.ask({ type: 'react', room: 'tea', id: first.id, emoji: '👍', on: true });
  await ann.ask({ type: 'react', room: 'tea', id: first.id, emoji: '👍', on: true });
  await ann.ask({ type: 'react', room: 'tea', id: first.id, emoji: '🍵', on: true });
  await bob.ask({ type: 'message', room: 'tea', body: 'you too', reply_to: first.id });
  const wrong = await ann.say('tea', 'a secret');
  await bob.ask({ type: 'message', room: 'tea', body: 'what?', reply_to: wrong.id });
  await ann.ask({ type: 'delete', room: 'tea', id: wrong.id });
  await bob.say('milk', 'two\nlines \u001b]0;title\u0007');
  return { folder, daemon, ann, bob };
}

// The environment of a program on a poor file system (support/poor_files.c).
export function poorFiles(more = {}) {
  const library = `${temporaryFolder('library')}/files.so`; // LD_PRELOAD is a list: no blank may be in the path
  symlinkSync(process.env.HUBBUB_TEST_FILES || `${repository}/build/test/support/libtest_files.so`, library);
  return {
    LD_PRELOAD: library,
    ASAN_OPTIONS: [process.env.ASAN_OPTIONS, 'verify_asan_link_order=0'].filter(Boolean).join(':'),
    ...more,
  };
}
