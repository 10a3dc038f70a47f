// Node, Bun and Deno: a folder with a file for each record.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { AcdError, reason } from '../error.js';
import type { EventStore } from '../store.js';
import { lock } from './lock.js';

/** A place in the order, and what makes the name one of a kind. */
const RECORD = /^(\d{16})(-[0-9a-f-]{36})?\.events$/;
/** What a process that ended amid a write leaves. */
const UNFINISHED = /^\d{16}-[0-9a-f-]{36}\.events\.new$/;
/** How many files are read at a time: the system bounds how many may be open. */
const READERS = 16;

/** Opens a folder, which is made where it is absent. It serves one client at a time. */
export async function openStore(folder: string): Promise<EventStore> {
  const path = resolve(folder);
  let release: (() => Promise<void>) | undefined;
  try {
    await mkdir(path, { recursive: true });
    release = await lock(path);
    const names = await readdir(path);
    await Promise.all(names.filter((name) => UNFINISHED.test(name)).map((name) => rm(join(path, name), { force: true })));
    return records(path, names.filter((name) => RECORD.test(name)).sort(), release);
  } catch (cause) {
    // What went wrong first is what is told.
    await release?.().catch(() => undefined);
    if (cause instanceof AcdError) throw cause;
    throw new AcdError('environment', `${path} cannot keep events: ${reason(cause)}`, { cause });
  }
}

/**
 * Names are never used twice, so that two clients in one folder, should a lock fail to keep them apart, neither replace nor remove
 * what the other put.
 */
function records(path: string, found: string[], release: () => Promise<void>): EventStore {
  const places = new Map(found.map((name, key) => [key, join(path, name)]));
  let next = found.length;
  let order = Number(RECORD.exec(found.at(-1) ?? '')?.[1] ?? 0);
  let unread = 0;
  return {
    async load() {
      const [loaded, waiting] = [new Map<number, Uint8Array>(), [...places]];
      const reader = async () => {
        for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
          const [key, place] = entry;
          try {
            loaded.set(key, await readFile(place));
          } catch (thrown) {
            // It stays for the next client, unless another one sent and removed it.
            if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') unread++;
          }
        }
      };
      await Promise.all(Array.from({ length: READERS }, reader));
      return [...loaded].sort(([one], [other]) => one - other);
    },
    async put(record) {
      const key = next++;
      const place = join(path, `${String(++order).padStart(16, '0')}-${randomUUID()}.events`);
      // Under another name until it is whole and on the disk.
      const unfinished = `${place}.new`;
      try {
        const handle = await open(unfinished, 'wx');
        try {
          await handle.writeFile(record);
          await handle.datasync();
        } finally {
          await handle.close();
        }
        await rename(unfinished, place);
      } catch (thrown) {
        await rm(unfinished, { force: true }).catch(() => undefined);
        throw thrown;
      }
      places.set(key, place);
      return key;
    },
    async remove(gone) {
      await Promise.all(
        gone.map(async (key) => {
          const place = places.get(key);
          if (place !== undefined) await rm(place, { force: true });
          places.delete(key);
        }),
      );
    },
    close: release,
    failures: () => unread,
  };
}
