// For hours: does the page of somebody in a busy room grow? It begins with a full room, so that what is kept of it is
// as much at the beginning as at the end.
import { heapOf } from './browser_page.mjs';
import { sees, wellRead } from './browser_run.mjs';
import { speaker, talk } from './browser_stage.mjs';

const MIB = 1024 * 1024;
const SAMPLE_MS = 30_000;
const RATE = 20;

// By how much y grows for each x, by least squares.
function slopeOf(points) {
  const mean = (pick) => points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const [x, y] = [mean((p) => p.x), mean((p) => p.y)];
  return mean((p) => (p.x - x) * (p.y - y)) / mean((p) => (p.x - x) ** 2);
}

export async function soak(daemon, minutes) {
  const speakers = await Promise.all([0, 1, 2].map((i) => speaker(daemon, `speaker ${i}`)));
  const reader = await wellRead(daemon, 'reader');
  const start = performance.now();
  const samples = [];
  while (performance.now() - start < minutes * 60_000) {
    const text = await talk(speakers, { rate: RATE, ms: SAMPLE_MS });
    await sees(reader.page, text);
    const x = (performance.now() - start) / 60_000;
    const y = (await heapOf(reader.devtools)) / MIB;
    samples.push({ x, y });
    console.log(`after ${x.toFixed(1)} min: ${y.toFixed(2)} MB`);
  }
  await reader.close();
  for (const one of speakers) one.close();
  return { slope: slopeOf(samples) * 10 };
}
