// What node --test prints for us: each test that failed and why, and the counts at the end. Nobody looks for what
// passed, and a failure must not lie under it.
//   node --test --test-reporter=test/support/report.mjs FILE
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const indented = (text) => text.replace(/^(?=.)/gm, '    ');

function failure({ name, file, line, details: { error } }) {
  const place = file ? ` (${relative(root, file)}${line ? `:${line}` : ''})` : '';
  const cause = error.cause ?? error;
  return `not ok ${name}${place}\n${indented(typeof cause === 'string' ? cause : inspect(cause))}\n`;
}

export default async function* report(source) {
  for await (const { type, data } of source) {
    /* What only holds a failed test has failed too, and has nothing to say. */
    if (type === 'test:fail' && data.details.error.failureType !== 'subtestsFailed') yield failure(data);
    if (type === 'test:stdout' || type === 'test:stderr') yield data.message;
    if (type === 'test:diagnostic' && data.nesting === 0) yield `# ${data.message}\n`;
  }
}
