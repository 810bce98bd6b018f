// node lint.mjs CHECK: applies one check of checks.mjs, or clang-format, to this tree. Exit code 0: all fine,
// 1: complaints, 77: could not be checked here.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkHeaders, checkLayers, checkLength, checkReadme, checkRegistered } from './checks.mjs';

const skipped = 77;
const root = fileURLToPath(new URL('../..', import.meta.url));
const { HUBBUB_BIN: hubbub, HUBBUB_BUILD: build, CTEST_PROGRAM: ctest = 'ctest' } = process.env;

function readTree() {
  const files = new Map([['README.md', readFileSync(join(root, 'README.md'), 'utf8')]]);
  const walk = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isFile()) {
        files.set(path, readFileSync(join(root, path), 'utf8'));
      } else if (entry.isDirectory() && entry.name !== 'node_modules') {
        walk(path);
      }
    }
  };
  walk('src');
  walk('test');
  return files;
}

function output(program, ...args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) {
    throw new Error(`${program} ${args.join(' ')}: ${error ?? `exit code ${status}\n${stderr}`}`);
  }
  return stdout;
}

// ctest writes its log even when it only lists, over that of the ctest which runs this: so it is asked from a
// folder of its own.
function ctestWords() {
  const folder = mkdtempSync(join(tmpdir(), 'hubbub-lint-'));
  try {
    writeFileSync(join(folder, 'CTestTestfile.cmake'), `subdirs([==[${build}]==])\n`);
    const { tests } = JSON.parse(output(ctest, '--test-dir', folder, '--show-only=json-v1'));
    return tests.flatMap(({ name, command = [] }) => [name, ...command]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function checkFormat(files) {
  const sources = [...files.keys()].filter((path) => /\.[ch]$/.test(path));
  const { error, status, stderr } = spawnSync('clang-format', ['--dry-run', '-Werror', ...sources],
    { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (error?.code === 'ENOENT') {
    console.log('SKIP: clang-format is not installed');
    process.exit(skipped);
  }
  return status === 0 ? [] : stderr.split('\n').filter((line) => line.includes(': error: '));
}

const checks = {
  layers: checkLayers,
  headers: checkHeaders,
  length: checkLength,
  registered: (files) => checkRegistered(files, ctestWords()),
  readme: (files) => checkReadme(files, output(hubbub, '--print-options-markdown')),
  format: checkFormat,
};

const check = checks[process.argv[2]];
if (check === undefined) {
  console.error(`usage: node lint.mjs ${Object.keys(checks).join('|')}`);
  process.exit(2);
}
const complaints = check(readTree());
for (const complaint of complaints) {
  console.error(complaint);
}
process.exit(complaints.length === 0 ? 0 : 1);
