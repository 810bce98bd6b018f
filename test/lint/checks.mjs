// What the compiler does not check. Each check takes the tree's files (a Map from path to text) and, some of
// them, what a program printed; it returns a list of complaints, each "path:line: what is wrong".

const plainC = ['ctype', 'errno', 'inttypes', 'limits', 'stdarg', 'stdatomic', 'stdbool', 'stddef', 'stdint', 'stdio',
  'stdlib', 'string'];
const allLibraries = ['ini', 'jansson', 'libdeflate', 'libwebsockets', 'sqlite3', 'utf8proc', 'uthash', 'uv'];

// Who may include what (src/README.md). system: the headers of the C library and the system; null: any.
const layers = {
  base: { folders: ['base'], system: [...plainC, 'malloc', 'pthread', 'sanitizer/asan_interface', 'sys/random', 'sys/stat', 'time', 'unistd'], libraries: [] },
  core: { folders: ['base', 'core'], system: [...plainC, 'pthread'], libraries: ['jansson', 'utf8proc', 'uthash'] },
  journal: { folders: ['base', 'core', 'journal'], system: null, libraries: ['sqlite3', 'utf8proc', 'uthash'] },
  net: { folders: ['base', 'core', 'net'], system: null, libraries: ['libdeflate', 'libwebsockets', 'uthash', 'uv'] },
  tools: { folders: ['base', 'core', 'journal', 'tools'], system: null, libraries: ['jansson'] },
  app: { folders: ['base', 'core', 'journal', 'net', 'tools', 'app'], system: null, libraries: ['ini', 'uv'] },
  'main.c': { folders: ['app', 'base'], system: plainC, libraries: [] },
};

const headerLabels = ['Threads:', 'Owns:', 'Invariant:', 'Fails:'];
const linesMax = { file: 600, function: 60 };

function select(files, pattern) {
  return [...files].filter(([path]) => pattern.test(path));
}

function* matches(text, pattern) {
  for (const match of text.matchAll(pattern)) {
    yield { match, line: text.slice(0, match.index).split('\n').length };
  }
}

export function checkLayers(files) {
  const complaints = [];
  for (const [path, text] of select(files, /^src\/.*\.[ch]$/)) {
    const name = path.split('/')[1];
    const layer = layers[name];
    if (layer === undefined) {
      complaints.push(`${path}:1: ${name} is no layer that test/lint/checks.mjs knows`);
      continue;
    }
    for (const { match, line } of matches(text, /^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]/gm)) {
      const [, kind, included] = match;
      const header = included.replace(/\.h$/, '');
      let fault = null;
      if (kind === '"') {
        if (!files.has(`src/${included}`)) {
          fault = 'is not spelled from src/, or does not exist';
        } else if (!layer.folders.includes(included.split('/')[0])) {
          fault = `may not be included by ${name}`;
        }
      } else if (allLibraries.includes(header)) {
        if (!layer.libraries.includes(header)) {
          fault = `may not be included by ${name}`;
        }
      } else if (layer.system !== null && !layer.system.includes(header)) {
        fault = `may not be included by ${name}`;
      }
      if (fault !== null) {
        complaints.push(`${path}:${line}: ${included} ${fault}`);
      }
    }
  }
  // The core has stdio.h for snprintf and pthread.h for a lock, no more.
  for (const [path, text] of select(files, /^src\/core\//)) {
    const code = text.replace(/\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"/g, (hidden) => hidden.replace(/[^\n]/g, ' '));
    for (const { match, line } of matches(code, /\b(FILE|fopen|f?printf|puts|std(in|out|err)|pthread_(create|join))\b/g)) {
      complaints.push(`${path}:${line}: ${match[0]}: the core has no files and no threads`);
    }
  }
  return complaints;
}

// "/* name - purpose", and the four things that whoever calls it must know.
export function checkHeaders(files) {
  const complaints = [];
  for (const [path, text] of select(files, /^src\/.*\.h$/)) {
    const name = path.match(/([^/]+)\.h$/)[1];
    const comment = text.match(/^\/\*[^]*?\*\//)?.[0] ?? '';
    if (!comment.startsWith(`/* ${name} - `)) {
      complaints.push(`${path}:1: does not open with a comment "/* ${name} - what it is for"`);
      continue;
    }
    for (const label of headerLabels.filter((each) => !comment.includes(each))) {
      complaints.push(`${path}:1: the opening comment does not say "${label}"`);
    }
  }
  return complaints;
}

export function checkLength(files) {
  const complaints = [];
  for (const [path, text] of select(files, /^(src|test)\/.*\.[ch]$/)) {
    const lines = text.split('\n');
    if (path.startsWith('src/') && lines.length - 1 > linesMax.file) {
      complaints.push(`${path}:${linesMax.file}: has ${lines.length - 1} lines; at most ${linesMax.file}`);
    }
    // clang-format puts a function's braces, and no others, on lines of their own.
    let start = -1;
    lines.forEach((line, i) => {
      if (line === '{') {
        start = i;
      } else if (line === '}' && start !== -1) {
        if (i - start - 1 > linesMax.function) {
          complaints.push(`${path}:${start}: a function of ${i - start - 1} lines; at most ${linesMax.function}`);
        }
        start = -1;
      }
    });
  }
  return complaints;
}

// words: the names and the commands, word by word, of all that ctest runs. A source that nobody builds and a test
// that nobody runs look just like those that are fine.
export function checkRegistered(files, words) {
  const complaints = [];
  const sources = files.get('src/CMakeLists.txt') ?? '';
  const fuzzers = files.get('test/fuzz/CMakeLists.txt') ?? '';
  const isRun = (end) => words.some((word) => word === end || word.endsWith(`/${end}`));

  for (const [path] of select(files, /^src\/.*\.c$/)) {
    if (!sources.split(/[\s()]+/).includes(path.slice('src/'.length))) {
      complaints.push(`${path}:1: is not in src/CMakeLists.txt`);
    }
  }
  for (const [path, text] of select(files, /^test\/unit\/test_\w+\.c$/)) {
    const listed = [...text.matchAll(/\bstruct CMUnitTest \w+\[\] = \{([^]*?)\};/g)].map(([, list]) => list).join();
    if (!isRun(path.replace(/^test\/unit\/test_(\w+)\.c$/, 'unit.$1'))) {
      complaints.push(`${path}:1: is run by no ctest test; add it to test/unit/CMakeLists.txt`);
    }
    for (const { match, line } of matches(text, /^(?:static )?void (\w+)\(void \*\*\w*\)/gm)) {
      if (!new RegExp(`\\b${match[1]}\\b`).test(listed)) {
        complaints.push(`${path}:${line}: ${match[1]} is not in the list of tests`);
      }
    }
  }
  for (const [path] of select(files, /^test\/.*\.test\.mjs$/)) {
    if (!isRun(path)) {
      complaints.push(`${path}:1: is run by no ctest test`);
    }
  }
  for (const [path] of select(files, /^test\/fuzz\/fuzz_\w+\.c$/)) {
    const name = path.replace(/^test\/fuzz\/fuzz_(\w+)\.c$/, '$1');
    if (!fuzzers.includes(`hubbub_fuzz(${name} `)) {
      complaints.push(`${path}:1: is not in test/fuzz/CMakeLists.txt`);
    }
    if (select(files, new RegExp(`^test/fuzz/corpus/${name}/`)).length === 0) {
      complaints.push(`${path}:1: has no seeds in test/fuzz/corpus/${name}/`);
    }
  }
  return complaints;
}

// table: what hubbub --print-options-markdown prints.
export function checkReadme(files, table) {
  const found = (files.get('README.md') ?? '').match(/<!-- options -->\n([^]*?)<!-- \/options -->/);
  if (found === null) {
    return ['README.md:1: has no table of options between <!-- options --> and <!-- /options -->'];
  }
  return found[1] === table
    ? []
    : ['README.md:1: the table of options is stale; put there what hubbub --print-options-markdown prints'];
}
