// Measures hubbub beside the floor, run by run in turn, and prints a table; `--help` says how.
import { writeFileSync, readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { scenarios, units } from './scenarios.mjs';
import { cores, pinning, runLoad, startServer } from './servers.mjs';

const usage = `Usage: node bench.mjs [--rounds N] [--seconds S] [--only NAME,NAME...] [--quick]
                      [--json FILE] [--list]
  --rounds   runs of each server in each scenario, in turn; the table shows medians (3)
  --seconds  how long each run sends, where the scenario does not say (2)
  --only     these scenarios only
  --quick    one short round with a tenth of the large numbers: does it work at all?
  --json     writes each run's figures too
  --list     names the scenarios
`;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean' },
    json: { type: 'string' },
    list: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
const rounds = Number(options.rounds ?? process.env.HUBBUB_BENCH_ROUNDS ?? (options.quick ? 1 : 3));
const seconds = Number(options.seconds ?? (options.quick ? 0.3 : 2));

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

// Both ends of an idle connection need a descriptor, each in its own process.
function descriptorLimit() {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  return Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
}

function loadOf(run) {
  const load = { seconds, ...run.load };
  if (run.tool === 'recall') delete load.seconds; // it counts, not times
  for (const key of ['clients', 'idle', 'messages', 'pages', 'crowd', 'missed']) {
    if (load[key] !== undefined && options.quick && load[key] >= 1000)
      load[key] = Math.floor(load[key] / 10);
  }
  if (options.quick && load.seconds !== undefined) load.seconds = Math.min(load.seconds, 1);
  return load;
}

async function measure(run) {
  const server = await startServer({
    kind: run.kind,
    options: { ...run.options, ...(run.workers === undefined ? {} : { workers: run.workers }) },
    on: run.workers > 1 ? cores.both : cores.server,
  });
  const result = await runLoad({ server, tool: run.tool, options: loadOf(run), on: cores.generator });
  await server.stop('SIGKILL'); // thousands of goodbyes would only take time
  if (result.code !== 0) throw new Error(`${run.kind}: ${result.text}${server.log.text}`.trim());
  return result.figures;
}

// The order within a round changes, so that neither always has the warmer machine.
async function measureRounds(scenario) {
  const results = { subject: [], reference: [] };
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? ['subject', 'reference'] : ['reference', 'subject'];
    for (const side of order.filter((name) => scenario[name] !== undefined))
      results[side].push(await measure(scenario[side]));
  }
  return results;
}

function row(cells) {
  console.log(`| ${cells.join(' | ')} |`);
}

function show(number) {
  return number >= 100 ? number.toFixed(0) : number.toPrecision(3);
}

// What hubbub wants of a figure, and whether it is so; nothing for a figure that only informs.
function verdict({ reach, floor, absolute }, subject, ratio) {
  const value = absolute || ratio === undefined ? subject : ratio;
  const itself = absolute ? ' itself' : '';
  if (reach !== undefined) return [`<= ${reach}${itself}`, value <= reach ? 'yes' : 'no'];
  if (floor !== undefined) return [`>= ${floor}${itself}`, value >= floor ? 'yes' : 'no'];
  return ['', ''];
}

function printFigure(scenario, figure, results) {
  const middle = (runs) => (runs.length > 0 ? median(runs.map((run) => run[figure.key])) : undefined);
  const subject = middle(results.subject);
  const reference = middle(results.reference);
  const ratio = reference === undefined ? undefined : subject / reference;
  row([
    scenario.name, scenario.text, units[figure.key],
    ...[subject, reference, ratio].map((value) => (value === undefined ? '' : show(value))),
    ...verdict(figure, subject, ratio),
  ]);
}

async function main() {
  if (options.help) return process.stdout.write(usage);
  if (options.list) return scenarios.forEach((s) => console.log(`${s.name.padEnd(14)} ${s.text}`));
  const wanted = options.only?.split(',');
  const unknown = wanted?.filter((name) => !scenarios.some((s) => s.name === name)) ?? [];
  if (unknown.length > 0) throw new Error(`no such scenario: ${unknown}; --list names them`);
  const failures = [];
  const raw = {};

  const where = pinning
    ? `server on core ${cores.server}, generator on core ${cores.generator}`
    : 'not pinned';
  console.log(`${cpus()[0].model}, ${cpus().length} cores, Linux ${release()}`);
  console.log(`${rounds} rounds, medians; ${where}\n`);
  row(['name', 'scenario', 'figure', 'hubbub', 'reference', 'ratio', 'wanted', 'reached']);
  row(Array(8).fill('---'));
  for (const scenario of scenarios.filter((s) => wanted?.includes(s.name) ?? true)) {
    const load = loadOf(scenario.subject);
    if ((load.clients ?? 0) + (load.idle ?? 0) + (load.crowd ?? 0) + 200 > descriptorLimit()) {
      row([scenario.name, scenario.text, `not measured: only ${descriptorLimit()} descriptors`]);
      continue;
    }
    try {
      raw[scenario.name] = await measureRounds(scenario);
      for (const figure of scenario.figures) printFigure(scenario, figure, raw[scenario.name]);
    } catch (error) {
      row([scenario.name, scenario.text, 'FAILED']);
      failures.push(`${scenario.name}: ${error.message}`);
    }
  }
  if (options.json) writeFileSync(options.json, JSON.stringify(raw, null, 2));
  for (const failure of failures) console.error(`\n${failure}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

await main();
