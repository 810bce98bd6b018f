// Looks into a journal's file, or locks it, with a program of its own (support/sql.c).
//
//   const sql = new Sql(path, t)
//   await sql.run('SELECT seq FROM events')   rows, each an array of texts
//   await sql.end()                           gives its locks up
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { repository } from './daemon.mjs';
import { Inbox } from './inbox.mjs';

export class Sql {
  #lines = new Inbox();

  constructor(path, t) {
    const program = process.env.HUBBUB_TEST_SQL || `${repository}/build/test/support/test_sql`;
    this.child = spawn(program, [path], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.on('close', (code) => this.#lines.end(`sql ended with ${code}`));
    createInterface({ input: this.child.stdout }).on('line', (line) => this.#lines.put(line));
    t.after(() => this.child.kill('SIGKILL'));
  }

  async run(statement) {
    this.child.stdin.write(`${statement}\n`);
    const rows = [];
    for (;;) {
      const line = await this.#lines.next(statement);
      if (line === 'ok') return rows;
      if (line.startsWith('error ')) throw new Error(`${statement}: ${line}`);
      rows.push(line.split('\t'));
    }
  }

  async end() {
    this.child.stdin.end();
    if (this.child.exitCode === null) await once(this.child, 'close');
  }
}

export async function sqlOnce(path, t, ...statements) {
  const sql = new Sql(path, t);
  let rows;
  for (const statement of statements) rows = await sql.run(statement);
  await sql.end();
  return rows;
}
