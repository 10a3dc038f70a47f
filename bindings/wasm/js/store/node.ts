// Node, Bun and Deno: a folder with a file for each record.
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pid } from 'node:process';

import { AcdError } from '../error.js';
import type { EventStore } from '../store.js';

const LOCK = 'lock';
const RECORD = /^(\d{16})\.events$/;
const file = (key: number) => `${String(key).padStart(16, '0')}.events`;

/** Folders in use by this process. */
const used = new Set<string>();

/** Opens a folder, which is made where it is absent. It serves one client at a time. */
export async function openStore(folder: string): Promise<EventStore> {
  const path = resolve(folder);
  await mkdir(path, { recursive: true });
  if (used.has(path)) throw inUse(path);
  used.add(path);
  try {
    await lock(path);
  } catch (reason) {
    used.delete(path);
    throw reason;
  }
  const numbers = (await readdir(path)).flatMap((name) => RECORD.exec(name)?.[1] ?? []);
  const keys = numbers.map(Number).sort((a, b) => a - b);
  let next = (keys.at(-1) ?? 0) + 1;
  return {
    load: () => Promise.all(keys.map(async (key): Promise<[number, Uint8Array]> => [key, await readFile(join(path, file(key)))])),
    async put(record) {
      const key = next++;
      const place = join(path, file(key));
      // Under another name until it is whole and on the disk.
      const handle = await open(`${place}.new`, 'w');
      try {
        await handle.writeFile(record);
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await rename(`${place}.new`, place);
      return key;
    },
    async remove(gone) {
      await Promise.all(gone.map((key) => rm(join(path, file(key)), { force: true })));
    },
    async close() {
      await rm(join(path, LOCK), { force: true });
      used.delete(path);
    },
  };
}

/** Takes the folder for this process, also from one that is gone. */
async function lock(path: string): Promise<void> {
  const place = join(path, LOCK);
  for (;;) {
    try {
      await writeFile(place, String(pid), { flag: 'wx' });
      return;
    } catch (reason) {
      if ((reason as NodeJS.ErrnoException).code !== 'EEXIST') throw reason;
    }
    const owner = Number(await readFile(place, 'utf8').catch(() => ''));
    // This process's own number is that of a former one: what it uses itself is known.
    if (owner !== pid && isRunning(owner)) throw inUse(path);
    await rm(place, { force: true });
  }
}

function isRunning(process_: number): boolean {
  if (!Number.isSafeInteger(process_) || process_ <= 0) return false;
  try {
    process.kill(process_, 0);
    return true;
  } catch (reason) {
    // It is there and another user's.
    return (reason as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function inUse(path: string): AcdError {
  return new AcdError('environment', `${path} is in use by another analytics client: give each client a folder of its own`);
}
