// What only root can do for a test, and whether it can be done here.
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { binary, repository, temporaryFolder } from './daemon.mjs';

const isRoot = process.getuid() === 0;
const mount = 'mount -t tmpfs -o "size=$1,mode=700" none "$0"';
const canMount = () => spawnSync('unshare', ['-m', 'sh', '-c', mount, '/mnt', '1m']).status === 0;

// For test({ skip }).
export const noDisk = !isRoot ? 'needs root, to mount a small disk' : canMount() ? false : 'mounting is not allowed here';

// A small disk on the folder, which only the daemon sees that is started under it.
export class Disk {
  constructor(folder, size) {
    this.folder = folder;
    this.under = ['unshare', '-m', 'sh', '-c', `${mount} && shift && exec "$@"`, folder, size];
  }

  // Where we find a file of it.
  path(daemon, name) {
    return `/proc/${daemon.pid}/root${this.folder}/${name}`;
  }

  // Leaves so many bytes free.
  fill(daemon, spare = 0) {
    const fd = openSync(this.path(daemon, 'filler'), 'a');
    try {
      for (let size = 65536; size > 0; )
        try {
          writeSync(fd, Buffer.alloc(size));
        } catch (error) {
          if (error.code !== 'ENOSPC') throw error;
          size >>= 1;
        }
    } finally {
      closeSync(fd);
    }
    if (spare) this.free(daemon, spare);
  }

  free(daemon, bytes) {
    const result = spawnSync('truncate', ['-s', bytes === undefined ? '0' : `-${bytes}`, this.path(daemon, 'filler')]);
    if (result.status !== 0) throw new Error(result.stderr.toString());
  }

  empty(daemon) {
    rmSync(this.path(daemon, 'filler'));
  }
}

// A command to run the daemon under as a user without rights, and why that is not possible here, for test({ skip }).
export const nobody = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
const canRead = (path) =>
  spawnSync(nobody[0] ?? 'test', [...nobody.slice(1), ...(isRoot ? ['test'] : []), '-r', path]).status === 0;
export const noNobody = process.env.HUBBUB_WRAPPER
  ? 'the wrapper may need rights'
  : [binary, `${repository}/static/index.html`].every(canRead) ? false : 'a user without rights cannot read the program here';

// For a user without rights, who may read what is in it: all may reach it.
export function openFolder(folder) {
  for (let at = folder; at.startsWith(temporaryFolder()); at = dirname(at)) chmodSync(at, 0o755);
}
