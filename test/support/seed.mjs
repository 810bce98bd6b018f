// A history for a daemon that is started afterwards: messages that were said long ago.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { launch, temporaryFolder } from './daemon.mjs';

const MINUTE_MS = 60_000;

// messages: [{room, username, body}], a minute apart, the last of them now. Returns the state_dir.
export async function seed(messages) {
  const folder = temporaryFolder('state');
  const file = `${temporaryFolder('seed')}/history.ndjson`;
  const first = Date.now() - messages.length * MINUTE_MS;
  const lines = messages.map((message, i) => JSON.stringify({ id: `s${i}`, ts: first + i * MINUTE_MS, ...message }));
  writeFileSync(file, `${lines.join('\n')}\n`);
  const run = launch(['import', file, '--state-dir', folder]);
  assert.equal((await run.exit).code, 0, run.stderr());
  return folder;
}
