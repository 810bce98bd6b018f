// The tools work, and every delivery of both servers is right. Nothing here asserts a speed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checked } from './checked.mjs';

const loads = {
  'a closed loop': { clients: 50, senders: 5, 'under-way': 4, messages: 1000, 'warm-up': 0 },
  'rooms side by side': { clients: 60, senders: 6, rooms: 3, messages: 1000, 'warm-up': 0 },
  'messages by the clock': { clients: 20, senders: 2, rate: 500, messages: 100, 'warm-up': 0 },
  'large messages': { clients: 10, senders: 2, size: 8000, messages: 100, 'warm-up': 0 },
  'ping-pong beside idle clients': {
    clients: 2, senders: 2, 'ping-pong': 1, idle: 20, messages: 100, 'warm-up': 0,
  },
};

const servers = {
  'hubbub': { kind: 'hubbub' },
  'hubbub with 3 workers': { kind: 'hubbub', options: { workers: 3 } },
  'floor': { kind: 'floor' },
};

for (const [who, start] of Object.entries(servers)) {
  for (const [name, options] of Object.entries(loads)) {
    test(`${who}: ${name}: everybody gets every message once, in one order`, async () => {
      const figures = await checked(start, options);
      assert.equal(figures.deliveries, options.messages * options.clients / (options.rooms ?? 1));
      assert.ok(figures.cpu_us > 0 && figures.p99_us >= figures.p50_us);
    });
  }

  test(`${who}: everybody sees everybody else join`, async () => {
    const figures = await checked(start, { clients: 300, storm: 1 });
    assert.equal(figures.joins, figures.joins_expected);
  });
}
