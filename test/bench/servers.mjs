// Starts the servers that are measured, and the load generator against them.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const build = fileURLToPath(new URL('../../build/', import.meta.url));

// Where the programs are: from CMake, or the usual build folder.
export const programs = {
  hubbub: process.env.HUBBUB_BIN ?? `${build}hubbub`,
  floor: process.env.HUBBUB_BENCH_FLOOR ?? `${build}test/bench/bench_floor`,
  loadgen: process.env.HUBBUB_BENCH_LOADGEN ?? `${build}test/bench/bench_loadgen`,
  recall: process.env.HUBBUB_BENCH_RECALL ?? `${build}test/bench/bench_recall`,
};

// Limits and pings off, and nothing on disk: hubbub shall do what the floor does and nothing else.
const unlimited = {
  journal: 'memory',
  'max-connections': 0,
  'max-connections-per-address': 0,
  'message-rate': 0,
  'ping-interval': 0,
  'log-level': 'warn',
};

// The cores that this process may use: "0-3,8" -> [0, 1, 2, 3, 8].
function allowedCores() {
  const status = readFileSync('/proc/self/status', 'utf8');
  return /^Cpus_allowed_list:\s*(.*)$/m.exec(status)[1].split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

const taskset = spawnSync('taskset', ['--version']).status === 0;
const [first, second] = allowedCores();
export const pinning = taskset && second !== undefined;

// The server has one core to itself and the generator another; a second worker has to share.
export const cores = { server: `${first}`, generator: `${second}`, both: `${first},${second}` };

function flags(options) {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

function launch(program, args, on, stdio) {
  const pinned = pinning && on !== undefined;
  return pinned
    ? spawn('taskset', ['-c', on, program, ...args], { stdio })
    : spawn(program, args, { stdio });
}

// Collects what a stream says; the end is enough where a program has much to say.
function listen(stream) {
  const heard = { text: '' };
  stream.setEncoding('utf8');
  stream.on('data', (text) => {
    heard.text = (heard.text + text).slice(-8192);
  });
  return heard;
}

// kind: 'hubbub' or 'floor'. Resolves when the server is ready.
export async function startServer({ kind, options = {}, on }) {
  const folder = options.journal === 'sqlite' ? mkdtempSync(join(tmpdir(), 'hubbub-bench-')) : undefined;
  const args = flags({
    ...(folder === undefined ? {} : { 'state-dir': folder }),
    port: 0,
    'ready-fd': 3,
    ...(kind === 'hubbub' ? { address: '127.0.0.1', workers: 1, ...unlimited } : {}),
    ...options,
  });
  const stdio = ['ignore', 'ignore', 'pipe', 'pipe'];
  const child = launch(programs[kind], args, on, stdio);
  const log = listen(child.stderr);
  const ready = listen(child.stdio[3]);
  const exited = new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => resolve({ code: error.message }));
  });

  await Promise.race([exited, once(child.stdio[3], 'end')]);
  if (!/^\d+\n$/.test(ready.text)) {
    child.kill('SIGKILL');
    throw new Error(`${kind} did not start: ${(await exited).code}\n${log.text}`);
  }
  return {
    pid: child.pid,
    port: Number(ready.text),
    log,
    async stop(signal) {
      child.kill(signal);
      const end = await exited;
      if (folder !== undefined) rmSync(folder, { recursive: true });
      return end;
    },
  };
}

// Resolves to { code, figures, text }: figures from the result line, text from stderr. tool: 'loadgen' or 'recall'.
export async function runLoad({ server, tool = 'loadgen', options, on }) {
  const args = flags({ port: server.port, pid: server.pid, ...options });
  const child = launch(programs[tool], args, on, ['ignore', 'pipe', 'pipe']);
  const out = listen(child.stdout);
  const err = listen(child.stderr);
  const [code] = await once(child, 'close');
  const line = /^result (.*)$/m.exec(out.text);
  const figures = Object.fromEntries(
    (line?.[1] ?? '').split(' ').filter(Boolean).map((pair) => {
      const [key, value] = pair.split('=');
      return [key, Number(value)];
    }),
  );
  return { code, figures, text: err.text };
}
