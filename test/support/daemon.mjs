// Starts the real daemon for a test and makes sure that it ends with it.
//
//   const daemon = await start({ message_rate: 5 }, { t });
//   daemon.port, daemon.url            where it serves
//   daemon.child, daemon.pid           the process (if HUBBUB_WRAPPER is set: the wrapper's)
//   daemon.stderr()                    what it has logged so far
//   await daemon.logged(/pattern/)     waits for a log line
//   await daemon.exit                  {code, signal}, once it has ended
//   await daemon.stop(), stop('SIGINT')  sends the signal, waits for the end
//
// Options are the daemon's own, spelled as in hubbub.conf; null leaves an option out.
// Environment: HUBBUB_BIN is the binary, HUBBUB_WRAPPER a command to run it under, which needs no standard streams
// of its own ("valgrind -q --error-exitcode=99 --log-file=/tmp/valgrind.%p").
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export const binary = process.env.HUBBUB_BIN || `${repository}/build/hubbub`;
const wrapper = (process.env.HUBBUB_WRAPPER || '').split(' ').filter(Boolean);

// The daemon takes HUBBUB_* for its options: those of the tests are not for it.
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('HUBBUB_')),
);

const READY_DEADLINE = wrapper.length ? 60_000 : 15_000;
const LOG_DEADLINE = wrapper.length ? 60_000 : 15_000;
const STOP_DEADLINE = wrapper.length ? 90_000 : 30_000;

const alive = new Set();
let folder;
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
  if (folder) rmSync(folder, { recursive: true, force: true });
});

// A folder of this process's own, which is gone at its end.
export function temporaryFolder(name = '') {
  folder ??= mkdtempSync(`${tmpdir()}/hubbub-test-`);
  return name ? mkdtempSync(`${folder}/${name}-`) : folder;
}

// Rejects with the text that why() gives at that moment if promise takes longer than ms.
export function within(ms, promise, why) {
  let timer;
  const deadline = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`after ${ms} ms: ${why()}`)), ms);
  });
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer));
}

export function optionArguments(options) {
  return Object.entries(options)
    .filter(([, value]) => value !== null && value !== undefined)
    .flatMap(([name, value]) => [`--${name.replaceAll('_', '-')}`, String(value)]);
}

// The process, not waiting for it to be ready: for tests of the command line itself.
// under is a command to run it under in this one test, such as one that sets limits.
export function launch(args, { env = {}, t, cwd, stdio = [], under = [] } = {}) {
  const [command, ...before] = [...under, ...wrapper, binary];
  const child = spawn(command, [...before, ...args], {
    cwd,
    env: { ...inherited, XDG_STATE_HOME: temporaryFolder(), ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...stdio],
  });
  const text = { stdout: '', stderr: '' };
  const waiting = new Set();

  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (chunk) => {
      text[name] += chunk;
      for (const check of waiting) check();
    });
  }
  const exit = new Promise((resolve, reject) => {
    child.once('error', (error) => {
      alive.delete(child);
      reject(new Error(`cannot run ${command}: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      alive.delete(child);
      for (const check of waiting) check();
      resolve({ code, signal });
    });
  });
  exit.catch(() => {});
  alive.add(child);
  t?.after(() => {
    if (alive.has(child)) child.kill('SIGKILL');
    return exit.catch(() => {});
  });

  const daemon = {
    child,
    pid: child.pid,
    exit,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    logged(pattern, ms = LOG_DEADLINE) {
      let check;
      const found = new Promise((resolve, reject) => {
        check = () => {
          const match = text.stderr.match(pattern);
          if (match) resolve(match);
          else if (!alive.has(child)) reject(new Error(`ended without logging ${pattern}:\n${text.stderr}`));
        };
        waiting.add(check);
        check();
      });
      return within(ms, found, () => `not logged: ${pattern}\n${text.stderr}`).finally(() =>
        waiting.delete(check),
      );
    },
    async stop(signal = 'SIGTERM') {
      if (alive.has(child)) child.kill(signal);
      try {
        return await within(STOP_DEADLINE, exit, () => `still running after ${signal}\n${text.stderr}`);
      } catch (error) {
        child.kill('SIGKILL');
        throw error;
      }
    },
  };
  return daemon;
}

// The daemon, ready to serve on the port it says it has. Its history is its own, unless a state_dir is given.
export async function start(options = {}, { args = [], env, t, cwd, under } = {}) {
  const all = {
    port: 0,
    address: '127.0.0.1',
    static_dir: `${repository}/static`,
    state_dir: options.state_dir === undefined && options.journal !== 'memory' ? temporaryFolder('state') : null,
    ready_fd: 3,
    ...options,
  };
  const daemon = launch([...optionArguments(all), ...args], { env, t, cwd, under, stdio: ['pipe'] });
  let line = '';
  const ready = new Promise((resolve, reject) => {
    daemon.child.stdio[3].setEncoding('utf8').on('data', (chunk) => {
      line += chunk;
      if (/^\d+\n/.test(line)) resolve(Number.parseInt(line, 10));
    });
    daemon.exit.then(
      ({ code, signal }) =>
        reject(new Error(`ended before it was ready (${signal ?? code}):\n${daemon.stderr()}`)),
      reject,
    );
  });
  try {
    daemon.port = await within(READY_DEADLINE, ready, () => `not ready\n${daemon.stderr()}`);
  } catch (error) {
    daemon.child.kill('SIGKILL');
    throw error;
  }
  daemon.url = `http://127.0.0.1:${daemon.port}/`;
  daemon.options = all; // to start it again with the same history
  return daemon;
}
