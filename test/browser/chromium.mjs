// The browser of this machine: CHROMIUM, or the first of the usual names in the PATH.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const places = (process.env.PATH || '').split(delimiter).concat('/usr/bin');
const chromiumPath =
  process.env.CHROMIUM ||
  names.flatMap((name) => places.map((place) => join(place, name))).find((path) => existsSync(path));

const CLOSE_MS = 20_000;

let launched;

export function browser() {
  launched ??= chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-dev-shm-usage',
      '--font-render-hinting=none',
    ],
  });
  return launched;
}

// It has been seen not to end when it was told to, and then the tests would not.
export async function closeBrowser() {
  const open = await launched;
  if (!open) return;
  const session = await open.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const { id } = processInfo.find(({ type }) => type === 'browser');
  const impatient = setTimeout(() => process.kill(id, 'SIGKILL'), CLOSE_MS);
  await open.close();
  clearTimeout(impatient);
}
