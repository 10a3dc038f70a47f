// One client at a time in a folder, as far as a file can say so.
import { randomUUID } from 'node:crypto';
import { constants, readFileSync, renameSync, rmSync } from 'node:fs';
import { copyFile, link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pid } from 'node:process';

import { AcdError } from '../error.js';
import { isRunning, isThere, read, self, type Owner } from './owner.js';

const LOCK = 'lock';

/** Takes a folder for this thread, also from one that is gone. The result lets go of it. */
export async function lock(folder: string): Promise<() => Promise<void>> {
  const place = join(folder, LOCK);
  const deno = (globalThis as { Deno?: Deno }).Deno;
  if (typeof deno?.FsFile.prototype.tryLockSync === 'function') return lockInDeno(deno, folder, place);
  // Whole from the start: it appears under its name with what it says.
  const id = randomUUID();
  const text = JSON.stringify({ ...self(), id });
  const own = join(folder, `${LOCK}-${id}`);
  try {
    await writeFile(own, text);
    while (!(await appears(own, place))) {
      const said = await readFile(place, 'utf8').catch(ifAbsent);
      const owner = read(said);
      if (owner !== undefined && ((await isThere(owner)) ?? unknown(folder, owner))) throw inUse(folder, owner);
      removeIf(place, said);
    }
  } finally {
    // What stays of it says nothing to anybody.
    await rm(own, { force: true }).catch(() => undefined);
  }
  return async () => removeIf(place, text);
}

/** Gives a file its second name, unless somebody has that. */
async function appears(own: string, place: string): Promise<boolean> {
  const isTaken = (thrown: unknown) => (thrown as NodeJS.ErrnoException).code === 'EEXIST';
  try {
    await link(own, place);
    return true;
  } catch (thrown) {
    if (isTaken(thrown)) return false;
  }
  try {
    // For file systems without links, as on memory cards. Who reads half of the copy takes the folder too, and both send.
    await copyFile(own, place, constants.COPYFILE_EXCL);
    return true;
  } catch (thrown) {
    if (isTaken(thrown)) return false;
    throw thrown;
  }
}

/** Removes a lock that still says the same, at once, since another may replace it meanwhile. */
function removeIf(place: string, said: string): void {
  const aside = `${place}-${randomUUID()}`;
  try {
    if (readFileSync(place, 'utf8') !== said) return;
    renameSync(place, aside);
  } catch (thrown) {
    // It is gone.
    return void ifAbsent(thrown);
  }
  // Between the two it was another's already.
  if (readFileSync(aside, 'utf8') === said) rmSync(aside);
  else renameSync(aside, place);
}

function ifAbsent(thrown: unknown): string {
  if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return '';
  throw thrown;
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
async function lockInDeno(deno: Deno, folder: string, place: string): Promise<() => Promise<void>> {
  const file = deno.openSync(place, { write: true, create: true });
  try {
    const owner = file.tryLockSync(true) ? read(await readFile(place, 'utf8')) : null;
    // The own number is that of a former process.
    if (owner === null || (owner !== undefined && owner.pid !== pid && isRunning(owner.pid) === true)) throw inUse(folder, owner);
    await writeFile(place, String(pid));
  } catch (thrown) {
    file.close();
    throw thrown;
  }
  return async () => {
    await writeFile(place, '');
    file.close();
  };
}

function unknown(folder: string, owner: Owner): never {
  throw new AcdError(
    'environment',
    `${folder} was in use by process ${owner.pid}, and this host may not ask whether that still runs: allow it (Deno: --allow-run), ` +
      `or remove the file ${LOCK} when it is gone`,
  );
}

function inUse(folder: string, owner: Owner | null): AcdError {
  const whose = owner === null ? '' : `, in process ${owner.pid}`;
  return new AcdError(
    'environment',
    `${folder} is in use by another analytics client${whose}: give each client a folder of its own, or remove the file ${LOCK} ` +
      'when that client is gone',
  );
}
