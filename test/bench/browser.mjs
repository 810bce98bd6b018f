// Measures the browser client in Chromium against its gates and prints a table; `--help` says how.
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { browser, closeBrowser } from '../browser/chromium.mjs';
import { gates, soakGate } from './browser_gates.mjs';
import { run } from './browser_run.mjs';
import { soak } from './browser_soak.mjs';
import { openStage } from './browser_stage.mjs';

const usage = `Usage: node browser.mjs [--runs N] [--soak [MINUTES]]
  --runs   so many, of which the best of each figure counts (3)
  --soak   instead of that: 20 messages/s for so long, and whether the heap grows (30)
`;

const args = process.argv.slice(2);
if (args.at(-1) === '--soak') args.push('30');
const { values: options } = parseArgs({
  args,
  options: { runs: { type: 'string' }, soak: { type: 'string' }, help: { type: 'boolean' } },
});

const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
const show = (value) => (value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3))));

function printGate([key, text, unit, wanted], runs) {
  const values = runs.map((one) => one[key]);
  const best = Math.min(...values);
  if (!Number.isFinite(best)) throw new Error(`${text}: no figure`);
  const verdict = wanted === undefined ? ['', ''] : [`<= ${wanted}`, best <= wanted ? 'yes' : 'no'];
  row(text, unit, show(best), values.map(show).join(', '), ...verdict);
}

async function main() {
  if (options.help) return process.stdout.write(usage);
  const daemon = await openStage();
  try {
    console.log(`${cpus()[0].model}, ${cpus().length} cores, Linux ${release()}, Chromium ${(await browser()).version()}\n`);
    const runs = [];
    if (options.soak) runs.push(await soak(daemon, Number(options.soak)));
    else for (let round = 0; round < Number(options.runs ?? 3); round++) runs.push(await run(daemon, round));
    row('what', 'figure', 'best', 'runs', 'wanted', 'reached');
    row(...Array(6).fill('---'));
    for (const gate of options.soak ? [soakGate] : gates) printGate(gate, runs);
  } finally {
    await closeBrowser();
    await daemon.stop();
  }
}

await main();
