// node test/chroot/dockerfile.mjs TREE
//
// Carries out the Dockerfile in chroots, for machines without a container engine: each stage starts as a
// copy of TREE (a bare Debian 13, as "debootstrap --variant=minbase trixie TREE" makes it), RUN and COPY
// are done for real, then the entry point is started as the image's user, asked by the image's own health
// check, and stopped. Needs root and git. KEEP=1 leaves the stages behind.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const tree = process.argv[2];
const scratch = mkdtempSync(join(tmpdir(), 'hubbub-image.'));
const mounts = [];

const run = (command, ...args) => execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });

function mount(...args) {
  run('mount', ...args);
  mounts.unshift(args.at(-1));
}

function newStage(name) {
  const folder = join(scratch, name);
  console.log(`== stage ${name}`);
  run('cp', '-a', tree, folder);
  run('cp', '-L', '/etc/resolv.conf', join(folder, 'etc/resolv.conf'));
  mount('-t', 'proc', 'proc', join(folder, 'proc'));
  mount('-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', join(folder, 'dev'));
  for (const device of ['null', 'zero', 'random', 'urandom']) run('cp', '-a', `/dev/${device}`, join(folder, 'dev'));
  run('ln', '-s', '/proc/self/fd', join(folder, 'dev/fd'));
  return { folder, workdir: '/', user: '0:0', env: {} };
}

// The words for spawn: a command inside the stage, with nothing of this environment.
function inStage(stage, env, command) {
  const settings = Object.entries({ PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...stage.env, ...env });
  return [
    'env', ['-i', ...settings.map(([name, value]) => `${name}=${value}`), 'chroot', `--userspec=${stage.user}`,
      stage.folder, '/bin/sh', '-c', 'cd "$0" && exec "$@"', stage.workdir, ...command],
  ];
}

// What the Dockerfile sees as ".": .dockerignore here is "*", then the exceptions.
function copyContext(target) {
  const kept = readFileSync(join(repository, '.dockerignore'), 'utf8').split('\n')
    .filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  const files = execFileSync('git', ['-C', repository, 'ls-files', '-z', '-co', '--exclude-standard', '--', ...kept], { encoding: 'utf8' })
    .split('\0').filter((file) => file && existsSync(join(repository, file)));
  const tar = execFileSync('tar', ['-C', repository, '-cf', '-', ...files], { maxBuffer: 2 ** 28 });
  execFileSync('tar', ['-C', target, '--no-same-owner', '-xf', '-'], { input: tar });
}

function copy(stage, stages, words) {
  const from = words[0].startsWith('--from=') ? words.shift().slice('--from='.length) : null;
  const [source, target] = words;
  const place = join(stage.folder, resolve(stage.workdir, target));
  if (!from) {
    assert.equal(source, '.');
    return copyContext(place);
  }
  const original = join(stages[from].folder, source);
  mkdirSync(dirname(place), { recursive: true });
  return run('cp', '-a', statSync(original).isDirectory() ? `${original}/.` : original, place);
}

function build() {
  const lines = readFileSync(join(repository, 'Dockerfile'), 'utf8')
    .replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n/g, ' ').split('\n').filter(Boolean);
  const stages = {};
  let stage;
  for (const line of lines) {
    const [, instruction, rest] = /^(\w+) +(.*)$/.exec(line);
    const words = rest.split(/ +/);
    switch (instruction) {
      case 'FROM':
        assert.equal(words[0], 'debian:trixie-slim');
        stage = newStage(words[2] ?? 'final');
        stages[words[2] ?? 'final'] = stage;
        break;
      case 'WORKDIR':
        stage.workdir = rest;
        mkdirSync(join(stage.folder, rest), { recursive: true });
        break;
      case 'RUN': {
        console.log(`== RUN ${rest.replaceAll(/ +/g, ' ')}`);
        const { status } = spawnSync(...inStage(stage, { DEBIAN_FRONTEND: 'noninteractive' }, ['/bin/sh', '-c', rest]), { stdio: ['ignore', 'inherit', 'inherit'] });
        assert.equal(status, 0, `RUN ${rest}`);
        break;
      }
      case 'COPY': copy(stage, stages, words); break;
      case 'USER': stage.user = rest; break;
      case 'ENV': stage.env = { ...stage.env, ...Object.fromEntries(words.map((word) => word.split('='))) }; break;
      case 'ENTRYPOINT': stage.entrypoint = JSON.parse(rest); break;
      case 'HEALTHCHECK': stage.healthcheck = JSON.parse(/CMD (.*)$/.exec(rest)[1]); break;
      case 'EXPOSE': case 'VOLUME': case 'STOPSIGNAL': break;
      default: assert.fail(`this script does not know ${instruction}`);
    }
  }
  return stage;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

async function tryImage(image) {
  const port = await freePort();
  const env = { HUBBUB_PORT: port, HUBBUB_ADDRESS: '127.0.0.1' };
  const healthy = () => spawnSync(...inStage(image, env, image.healthcheck), { timeout: 5000 }).status === 0;
  assert.ok(!healthy(), 'the health check must fail while nothing serves');

  const daemon = spawn(...inStage(image, env, image.entrypoint), { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise((done) => daemon.once('exit', (code, signal) => done({ code, signal })));
  const deadline = Date.now() + 15_000;
  while (!healthy()) {
    assert.ok(daemon.exitCode === null && Date.now() < deadline, 'never became healthy');
    await pause(50);
  }
  const user = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))[1];
  assert.equal(user, image.user.split(':')[0]);
  const page = await fetch(`http://127.0.0.1:${port}/`);
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-type'), /^text\/html/);
  assert.ok(existsSync(join(image.folder, 'var/lib/hubbub/hubbub.db')), 'the history is in the volume');
  daemon.kill('SIGTERM');
  assert.deepEqual(await ended, { code: 0, signal: null });
  assert.ok(!healthy(), 'the health check must fail once the server is stopped');
  console.log(`== ${basename(tree)}: built, healthy as user ${user}, served its page, stopped with 0`);
}

try {
  assert.ok(tree, 'which tree?');
  await tryImage(build());
} finally {
  for (const folder of mounts) run('umount', folder);
  if (process.env.KEEP) console.log(`kept: ${scratch}`);
  else rmSync(scratch, { recursive: true });
}
