// The load generator notices one wrong frame among thousands, and says what is wrong with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runLoad, startServer } from './servers.mjs';

const faults = {
  drop: /lost or is out of order/,
  double: /doubled or out of order/,
  swap: /lost or is out of order|doubled or out of order/,
};

for (const [fault, explanation] of Object.entries(faults)) {
  for (const senders of [1, 5]) {
    test(`a ${fault} is noticed with ${senders} sending`, async () => {
      const server = await startServer({ kind: 'floor', options: { fault } });
      const options = { clients: 50, senders, 'under-way': 4, messages: 200, 'warm-up': 0 };
      const { code, text } = await runLoad({ server, options });
      await server.stop('SIGKILL');
      assert.equal(code, 1);
      assert.match(text, explanation);
    });
  }
}

test('a server that goes away is noticed', async () => {
  const server = await startServer({ kind: 'floor' });
  const running = runLoad({ server, options: { clients: 50, seconds: 60, pid: 0 } });
  await server.stop('SIGKILL');
  const { code, text } = await running;
  assert.equal(code, 1);
  assert.match(text, /MISTAKE/);
});
