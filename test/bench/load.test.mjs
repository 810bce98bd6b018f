// The loads of the benchmark, somewhat smaller, on workers that share rooms: every delivery is checked, and the
// daemon must end well, which is also how a sanitizer says that it has seen something.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checked } from './checked.mjs';

for (const workers of [1, 2, 4]) {
  const start = { kind: 'hubbub', options: { workers } };

  test(`ten senders of eight messages each to 510 readers, workers ${workers}`, async () => {
    const load = { clients: 510, senders: 10, 'under-way': 8, messages: 1000, 'warm-up': 0 };
    const { deliveries } = await checked(start, load);
    assert.equal(deliveries, 1000 * 510);
  });

  test(`five rooms at a time, workers ${workers}`, async () => {
    const load = { clients: 500, senders: 50, rooms: 5, 'under-way': 4, messages: 2000, 'warm-up': 0 };
    const { deliveries } = await checked(start, load);
    assert.equal(deliveries, 2000 * 100);
  });

  test(`1,000 join one room, workers ${workers}`, async () => {
    const { joins, joins_expected } = await checked(start, { clients: 1000, storm: 1 });
    assert.equal(joins, joins_expected);
  });
}
