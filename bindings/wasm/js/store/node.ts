// Node, Bun and Deno: a folder with a file for each record.
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import process, { pid } from 'node:process';

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
  let release: () => Promise<void>;
  try {
    release = await lock(path);
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
      await release();
      used.delete(path);
    },
  };
}

/** Takes the folder for this process, also from one that is gone. The result lets go of it. */
async function lock(path: string): Promise<() => Promise<void>> {
  const place = join(path, LOCK);
  const deno = (globalThis as { Deno?: Deno }).Deno;
  if (typeof deno?.FsFile.prototype.tryLockSync === 'function') return lockInDeno(deno, path, place);
  for (;;) {
    try {
      await writeFile(place, String(pid), { flag: 'wx' });
      return () => rm(place, { force: true });
    } catch (reason) {
      if ((reason as NodeJS.ErrnoException).code !== 'EEXIST') throw reason;
    }
    const owner = await ownerOf(place);
    if (isRunning(owner) ?? unknown(path, owner)) throw inUse(path);
    await rm(place, { force: true });
  }
}

/** As much of Deno as is used. */
interface Deno {
  openSync(path: string, options: { write: true; create: true }): { tryLockSync(exclusive: true): boolean; close(): void };
  FsFile: { prototype: { tryLockSync?: unknown } };
}

/**
 * Deno asks for a permission of its own before it says whether another process runs. The system's lock needs none and ends with
 * its process; the number is for Node and Bun. The file stays, since a lock on a removed one would exclude nobody.
 */
async function lockInDeno(deno: Deno, path: string, place: string): Promise<() => Promise<void>> {
  const file = deno.openSync(place, { write: true, create: true });
  try {
    if (!file.tryLockSync(true) || isRunning(await ownerOf(place)) === true) throw inUse(path);
    await writeFile(place, String(pid));
  } catch (reason) {
    file.close();
    throw reason;
  }
  return async () => {
    await writeFile(place, '');
    file.close();
  };
}

/** The number of the process whose lock it is. */
async function ownerOf(place: string): Promise<number> {
  return Number(await readFile(place, 'utf8').catch(() => ''));
}

/** Whether another process with this number runs; `undefined` when this host may not ask. */
function isRunning(owner: number): boolean | undefined {
  // This process's own number is that of a former one: what it uses itself is known.
  if (!Number.isSafeInteger(owner) || owner <= 0 || owner === pid) return false;
  try {
    process.kill(owner, 0);
    return true;
  } catch (reason) {
    const { code } = reason as NodeJS.ErrnoException;
    // It is there and another user's.
    if (code === 'EPERM') return true;
    return code === 'ESRCH' ? false : undefined;
  }
}

function unknown(path: string, owner: number): never {
  throw new AcdError(
    'environment',
    `${path} was in use by process ${owner}, and this host may not ask whether that still runs: allow it (Deno: --allow-run), ` +
      `or remove the file ${LOCK} when it is gone`,
  );
}

function inUse(path: string): AcdError {
  return new AcdError('environment', `${path} is in use by another analytics client: give each client a folder of its own`);
}
