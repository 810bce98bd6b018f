// Daemons that are stopped when the tests that need them are over, and are looked at once more then: they
// must end as they should and have had no trouble. With sanitizers built in this is where leaks show.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { start } from './daemon.mjs';
import { soon } from './inbox.mjs';

async function stopCleanly(daemon) {
  /* A second SIGTERM would end it at once: a test may have sent the first. */
  const { code, signal } = await (daemon.child.killed ? soon(daemon.exit, 'the daemon to stop') : daemon.stop());
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, daemon.stderr());
  assert.doesNotMatch(daemon.stderr(), /Sanitizer|runtime error:|Assertion|^\S+ error /m);
}

// One for all tests of a file. What it returns is filled in before the first of them.
export function serve(options) {
  const daemon = {};
  before(async () => Object.assign(daemon, await start(options)));
  after(() => stopCleanly(daemon));
  return daemon;
}

// One for a single test, whose clients need not be gone at its end.
export async function serveFor(t, options = {}, launching = {}) {
  const daemon = await start({ drain_time: '100ms', ...options }, launching);
  t.after(() => stopCleanly(daemon));
  return daemon;
}
