// One daemon for all tests of a file. At the end it must stop as it should and have had no trouble.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { start } from './daemon.mjs';

export async function stopsCleanly(daemon) {
  const { code, signal } = await daemon.stop();
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, daemon.stderr());
  assert.doesNotMatch(daemon.stderr(), /Sanitizer|runtime error:|Assertion|^\S+ error /m);
}

export function serve(options) {
  const daemon = {};
  before(async () => Object.assign(daemon, await start(options)));
  after(() => stopsCleanly(daemon));
  return daemon;
}
