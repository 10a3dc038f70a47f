// Browsers and their workers: IndexedDB.
import { AcdError, reason } from '../error.js';
import type { EventStore } from '../store.js';

const RECORDS = 'records';

/** A record as it is kept, with the client that put it. */
interface Kept {
  client: string;
  record: Uint8Array;
}

/**
 * Opens a database. Several pages may share one: each holds a lock in its own name as long as it lives, and what is found under
 * a name that nobody holds was left by one that is gone.
 */
export async function openStore(name: string): Promise<EventStore> {
  // `crypto.randomUUID` is for pages that came over HTTPS alone.
  const client = crypto.getRandomValues(new Uint32Array(4)).join('-');
  const prefix = `acd-events:${name}:`;
  let database: IDBDatabase | undefined;
  try {
    // Settings of a browser may forbid even to look.
    if (typeof indexedDB === 'undefined') {
      throw new AcdError('environment', 'this host has no IndexedDB: leave keepIn out, or give it a store of your own');
    }
    database = await result(open(name));
    return records(database, client, prefix, await hold(prefix + client));
  } catch (cause) {
    database?.close();
    if (cause instanceof AcdError) throw cause;
    throw failed(cause);
  }
}

function open(name: string): IDBOpenDBRequest {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(RECORDS, { autoIncrement: true });
  return opening;
}

function records(database: IDBDatabase, client: string, prefix: string, release: () => void): EventStore {
  // Somebody deletes the database, and waits for this: events are held in memory from here on.
  database.onversionchange = () => database.close();
  const store = (mode: IDBTransactionMode) => database.transaction(RECORDS, mode).objectStore(RECORDS);
  return {
    async load() {
      // Without locks, as on a page that came over plain HTTP, what another page has yet to send is sent twice; the server
      // stores it once.
      const held = new Set((await locks()?.query())?.held?.map((lock) => lock.name));
      const found: [number, Uint8Array][] = [];
      await new Promise<void>((resolve, reject) => {
        const walk = store('readonly').openCursor();
        walk.onerror = () => reject(failed(walk.error));
        walk.onsuccess = () => {
          const cursor = walk.result;
          if (cursor === null) return resolve();
          const { client, record } = cursor.value as Kept;
          if (!held.has(prefix + client)) found.push([cursor.key as number, record]);
          cursor.continue();
        };
      });
      return found;
    },
    async put(record) {
      const value: Kept = { client, record };
      const objects = store('readwrite');
      const key = await result(objects.add(value));
      await finished(objects.transaction);
      return key as number;
    },
    async remove(keys) {
      const objects = store('readwrite');
      for (const key of keys) objects.delete(key);
      await finished(objects.transaction);
    },
    async close() {
      database.close();
      release();
    },
  };
}

const locks = (): LockManager | undefined => navigator.locks;

/** Holds a lock until it is released, or the page is gone. */
function hold(name: string): Promise<() => void> {
  const manager = locks();
  if (manager === undefined) return Promise.resolve(() => undefined);
  return new Promise((resolve, reject) => {
    manager.request(name, () => new Promise<void>((release) => resolve(release))).catch(reject);
  });
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(failed(request.error));
  });
}

/** Only a transaction that is complete would outlive the page. */
function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(failed(transaction.error));
  });
}

function failed(cause: unknown): AcdError {
  const why = cause === null ? 'it does not say why' : reason(cause);
  return new AcdError('environment', `events cannot be kept in IndexedDB: ${why}`, { cause });
}
