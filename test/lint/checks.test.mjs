// Each check must be able to fail: small trees that are fine, and the same with one thing wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkHeaders, checkLayers, checkLength, checkReadme, checkRegistered } from './checks.mjs';

const header = `/* ring - what waits.
 * Threads:    one.
 * Owns:       nothing.
 * Invariant:  none.
 * Fails:      never. */
#ifndef HUBBUB_CORE_RING_H
#endif
`;

const tree = (files) => new Map(Object.entries({
  'src/base/err.h': '', 'src/core/ring.h': '', 'src/net/conn.h': '', 'src/app/server.h': '', ...files,
}));

test('layers: what the table allows', () => {
  assert.deepEqual(checkLayers(tree({
    'src/base/log.c': '#include "base/err.h"\n#include <pthread.h>\n',
    'src/core/hub.c': '#include "core/ring.h"\n#include "base/err.h"\n#include <jansson.h>\n#include <pthread.h>\n'
      + '/* no FILE here */\nsnprintf(a, 1, "printf %d", 1);\n',
    'src/net/chat.c': '#include "core/ring.h"\n#include <libwebsockets.h>\n#include <sys/socket.h>\n#include <uv.h>\n',
    'src/app/server.c': '#include "net/conn.h"\n#include <uv.h>\n#include <ini.h>\n#include <signal.h>\n',
    'src/main.c': '#include "app/server.h"\n#include <stdio.h>\n',
  })), []);
});

for (const [path, text, complaint] of [
  ['src/base/log.c', '#include "core/ring.h"', 'core/ring.h may not be included by base'],
  ['src/base/log.c', '#include <uv.h>', 'uv.h may not be included by base'],
  ['src/core/hub.c', '#include "net/conn.h"', 'net/conn.h may not be included by core'],
  ['src/core/hub.c', '#include <libwebsockets.h>', 'libwebsockets.h may not be included by core'],
  ['src/core/hub.c', '#include <unistd.h>', 'unistd.h may not be included by core'],
  ['src/core/hub.c', '  # include <sys/socket.h>', 'sys/socket.h may not be included by core'],
  ['src/core/hub.c', 'pthread_create(&t, NULL, f, NULL);', 'pthread_create: the core has no files and no threads'],
  ['src/core/hub.c', 'fprintf(stderr, "x");', 'fprintf: the core has no files and no threads'],
  ['src/core/hub.c', '#include "ring.h"', 'ring.h is not spelled from src/, or does not exist'],
  ['src/net/chat.c', '#include "app/server.h"', 'app/server.h may not be included by net'],
  ['src/net/chat.c', '#include <jansson.h>', 'jansson.h may not be included by net'],
  ['src/app/server.c', '#include <libwebsockets.h>', 'libwebsockets.h may not be included by app'],
  ['src/main.c', '#include "core/ring.h"', 'core/ring.h may not be included by main.c'],
  ['src/util/x.c', '', 'util is no layer that test/lint/checks.mjs knows'],
]) {
  test(`layers: ${path}: ${text}`, () => {
    const [first] = checkLayers(tree({ [path]: `${text}\n` }));
    assert.equal(first, `${path}:1: ${complaint}`);
  });
}

test('headers: the form', () => {
  assert.deepEqual(checkHeaders(new Map([['src/core/ring.h', header]])), []);
  for (const label of ['Threads:', 'Owns:', 'Invariant:', 'Fails:', '/* ring - ']) {
    const files = new Map([['src/core/ring.h', header.replace(label, '')]]);
    assert.equal(checkHeaders(files).length, 1, label);
  }
});

test('length: files and functions', () => {
  const file = (lines) => new Map([['src/core/ring.c', 'int x;\n'.repeat(lines)]]);
  const body = (lines) => new Map([['test/unit/test_x.c', `int f(void)\n{\n${'    g();\n'.repeat(lines)}}\n`]]);
  assert.deepEqual(checkLength(file(600)), []);
  assert.equal(checkLength(file(601)).length, 1);
  assert.deepEqual(checkLength(body(60)), []);
  assert.deepEqual(checkLength(body(61)), ['test/unit/test_x.c:1: a function of 61 lines; at most 60']);
});

test('registered: sources, programs, functions, scripts, fuzzers', () => {
  const files = {
    'src/CMakeLists.txt': 'add_library(hubbub_core STATIC\n  core/hub.c\n  core/ring.c)\n',
    'src/core/ring.c': '',
    'test/unit/test_ring.c': 'static void works(void **state)\n{\n}\nint main(void)\n{\n'
      + '    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(\n        works, setup)};\n}\n',
    'test/daemon/join.test.mjs': '',
    'test/fuzz/CMakeLists.txt': 'hubbub_fuzz(name hubbub_core)\n',
    'test/fuzz/fuzz_name.c': '',
    'test/fuzz/corpus/name/1': '',
  };
  const words = ['unit.ring', 'node', '--test', '/src/test/daemon/join.test.mjs'];
  const run = (changes, given = words) => checkRegistered(new Map(Object.entries({ ...files, ...changes })), given);

  assert.deepEqual(run({}), []);
  assert.deepEqual(run({ 'src/core/in.c': '' }), ['src/core/in.c:1: is not in src/CMakeLists.txt']);
  assert.deepEqual(run({}, words.slice(1)),
    ['test/unit/test_ring.c:1: is run by no ctest test; add it to test/unit/CMakeLists.txt']);
  assert.deepEqual(run({}, words.slice(0, 3)), ['test/daemon/join.test.mjs:1: is run by no ctest test']);
  assert.deepEqual(run({ 'test/unit/test_ring.c': `${files['test/unit/test_ring.c']}static void work(void **state)\n` }),
    ['test/unit/test_ring.c:9: work is not in the list of tests']);
  assert.deepEqual(run({ 'test/fuzz/fuzz_x.c': '', 'test/fuzz/corpus/x/1': '' }),
    ['test/fuzz/fuzz_x.c:1: is not in test/fuzz/CMakeLists.txt']);
  assert.deepEqual(run({ 'test/fuzz/fuzz_x.c': '', 'test/fuzz/CMakeLists.txt': 'hubbub_fuzz(name a)\nhubbub_fuzz(x b)\n' }),
    ['test/fuzz/fuzz_x.c:1: has no seeds in test/fuzz/corpus/x/']);
});

test('readme: the table is the one that the program prints', () => {
  const readme = new Map([['README.md', 'Options\n<!-- options -->\n| a |\n| b |\n<!-- /options -->\nmore\n']]);
  assert.deepEqual(checkReadme(readme, '| a |\n| b |\n'), []);
  assert.equal(checkReadme(readme, '| a |\n| c |\n').length, 1);
  assert.equal(checkReadme(new Map([['README.md', '| a |\n| b |\n']]), '| a |\n| b |\n').length, 1);
});
