import assert from 'node:assert/strict';
import { runLoad, startServer } from './servers.mjs';

// Runs a load and returns its figures. hubbub must then end well too, which is also how a
// sanitizer says that it has seen something.
export async function checked(start, options) {
  const server = await startServer(start);
  try {
    const { code, figures, text } = await runLoad({ server, options });
    assert.equal(code, 0, `${text}${server.log.text}`);
    if (start.kind === 'hubbub')
      assert.equal((await server.stop('SIGTERM')).code, 0, server.log.text);
    return figures;
  } finally {
    await server.stop('SIGKILL');
  }
}
