// What `make bench` measures. A scenario compares a subject with a reference, both a server and a
// load; without a reference its figures stand by themselves. A figure is a key of the result line of the
// tool that loads the server, and where hubbub wants the ratio (or, without a reference or with absolute, the
// value) to be: at most `reach`, or at least `floor`.
const hubbub = { kind: 'hubbub' };
const floor = { kind: 'floor' };

function againstFloor(name, text, load, figures) {
  return { name, text, figures, subject: { ...hubbub, load }, reference: { ...floor, load } };
}

function idle(count) {
  const pair = { clients: 2, senders: 2, 'ping-pong': 1 };
  return {
    name: `idle-${count}`,
    text: `ping-pong beside ${count} idle connections; reference: beside 100`,
    subject: { ...hubbub, load: { ...pair, idle: count, 'idle-room': 50 } },
    reference: { ...hubbub, load: { ...pair, idle: 100, 'idle-room': 50 } },
    figures: [{ key: 'cpu_us', reach: 1.2 }],
  };
}

// Each worker has its own turns, and what the other one's senders say comes at any time of them: with ten senders what
// counts is how much of it still gets into the same writes; one sender's show what a second worker costs by itself.
function twoWorkers(name, text, load) {
  return {
    name,
    text: `${text}; 2 workers on 2 cores; reference: 1 worker`,
    subject: { ...hubbub, workers: 2, load },
    reference: { ...hubbub, workers: 1, load },
    figures: [{ key: 'cpu_us', reach: 1.25 }],
  };
}

// History in a file, one worker; what it costs beside history in memory.
function inFile(name, text, load) {
  return {
    name,
    text: `${text}; history in a file; reference: in memory`,
    subject: { ...hubbub, options: { journal: 'sqlite' }, load },
    reference: { ...hubbub, load },
    figures: [{ key: 'deliveries_per_s', floor: 0.9 }, { key: 'cpu_us' }],
  };
}

function recall(name, text, load, figures, options = {}) {
  return { name, text, figures, subject: { ...hubbub, tool: 'recall', options: { journal: 'sqlite', ...options }, load } };
}

const returnFigures = ['return_s', 'return_cpu_us', 'calm_p99_us', 'p99_us', 'max_us'].map((key) => ({ key }));

// The ring is small, so that who does not read is shed and closed while others are measured.
const beside = { clients: 501, senders: 1, rate: 200, seconds: 3 };
const smallRing = { 'ring-frames': 64, 'send-buffer': '4k' };

export const scenarios = [
  againstFloor('one', '1 sender, 500 readers, 1 message under way',
    { clients: 501, senders: 1 }, [{ key: 'cpu_us', reach: 1.1 }]),
  againstFloor('ten', '10 senders, 500 readers, 1 message under way each',
    { clients: 510, senders: 10 }, [{ key: 'cpu_us', reach: 1.15 }]),
  againstFloor('ten-by-eight', '10 senders, 500 readers, 8 messages under way each',
    { clients: 510, senders: 10, 'under-way': 8 }, [{ key: 'cpu_us', reach: 3 }]),
  againstFloor('rate-100', '100 messages/s to 500 readers',
    { clients: 501, senders: 1, rate: 100, seconds: 3 },
    [{ key: 'cpu_us', reach: 1.1 }, { key: 'p99_us', reach: 1.2 }]),
  againstFloor('rate-200', '200 messages/s to 500 readers',
    { clients: 501, senders: 1, rate: 200, seconds: 3 },
    [{ key: 'cpu_us', reach: 1.1 }, { key: 'p99_us', reach: 1.2 }]),
  againstFloor('large', '5 messages/s to 5,000 readers',
    { clients: 5001, senders: 1, rate: 5, seconds: 4 },
    [{ key: 'cpu_us', reach: 1.15 }, { key: 'p99_us', reach: 1.3 }]),
  againstFloor('ping-pong', 'two clients answer each other',
    { clients: 2, senders: 2, 'ping-pong': 1 },
    [{ key: 'cpu_us', reach: 1.25 }, { key: 'p99_us', reach: 1.2 }]),
  againstFloor('storm-2000', '2,000 join one room as fast as they can, until all is quiet',
    { clients: 2000, storm: 1 }, [{ key: 'join_s', reach: 3 }, { key: 'join_cpu_s' }]),
  againstFloor('storm-10000', '10,000 join one room as fast as they can, until all is quiet',
    { clients: 10000, storm: 1 }, [{ key: 'join_s', reach: 3 }, { key: 'join_cpu_s' }]),
  againstFloor('memory', '10,000 idle connections in rooms of 100',
    { clients: 0, senders: 0, idle: 10000, parallel: 100, quiet: 1000 },
    [{ key: 'connection_kib', reach: 2.5, absolute: true },
      { key: 'empty_rss_kib', reach: 8192, absolute: true }]),
  idle(1000),
  idle(10000),
  idle(18000),
  twoWorkers('workers-one', '1 sender, 500 readers', { clients: 501, senders: 1 }),
  twoWorkers('workers-ten', '10 senders, 500 readers', { clients: 510, senders: 10 }),
  {
    name: 'stuck',
    text: '200 messages/s to 500 readers beside 20 who stop reading; reference: beside none',
    subject: { ...hubbub, options: smallRing, load: { ...beside, stuck: 20 } },
    reference: { ...hubbub, options: smallRing, load: beside },
    figures: [{ key: 'p99_us', reach: 1.2 }],
  },
  inFile('file-one', '1 sender, 500 readers', { clients: 501, senders: 1 }),
  inFile('file-ten', '10 senders, 500 readers, 1 message under way each', { clients: 510, senders: 10 }),
  inFile('file-ten-by-eight', '10 senders, 500 readers, 8 messages under way each',
    { clients: 510, senders: 10, 'under-way': 8, 'warm-up': 12 }),
  recall('store', '4 senders store messages in rooms of their own', { messages: 200_000 },
    [{ key: 'stored_per_s', floor: 20_000 }, { key: 'stored_cpu_us' }]),
  recall('million', 'a million stored messages, then 5,000 pages of 50 of them', { messages: 1_000_000, pages: 5_000 },
    [{ key: 'page_p50_us', reach: 1000 }, { key: 'page_p99_us' }, { key: 'page_cpu_us', reach: 1000 },
      { key: 'rss_kib' }, { key: 'rss_growth_kib' }]),
  recall('return', '1,000 clients come back at once, 1,000 events missed by each, beside 50 messages/s to 50 readers',
    { messages: 1_000, crowd: 1_000, missed: 1_000 }, returnFigures),
  recall('return-restart', '2,000 clients come back at once, no name held, 5 events missed by each, beside 20 messages/s to 50 readers',
    { messages: 1_000, crowd: 2_000, missed: 5, rate: 20 }, returnFigures, { 'hold-time': '0' }),
];

export const units = {
  cpu_us: 'CPU us per delivery',
  p99_us: 'p99 latency, us',
  join_s: 'seconds',
  join_cpu_s: 'CPU seconds',
  connection_kib: 'KiB per connection',
  empty_rss_kib: 'KiB, empty server',
  deliveries_per_s: 'deliveries a second',
  stored_per_s: 'messages stored a second',
  stored_cpu_us: 'CPU us per message',
  page_p50_us: 'us for a page, median',
  page_p99_us: 'us for a page, 99 %',
  page_cpu_us: 'CPU us per page',
  rss_kib: 'KiB, whole server',
  rss_growth_kib: 'KiB more than after a tenth of them',
  return_s: 'seconds until all are back',
  return_cpu_us: 'CPU us for each',
  calm_p99_us: "readers' p99 latency before, us",
  max_us: 'the longest, us',
};
