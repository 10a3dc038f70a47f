// Whose a lock is, so that one that is gone does not keep it.
import { readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import process, { pid } from 'node:process';

/** Who holds a lock. A process's number alone says little: it is given to another later, and anew in every container. */
export interface Owner {
  readonly pid: number;
  /** The boot of the system, and in it the numbering of processes, which each container has for itself. */
  readonly system?: string;
  /** The system's number of the thread: each worker may have a client. */
  readonly thread?: string;
  /** When the thread started, in the system's own unit. */
  readonly started?: string;
}

/** This thread, as exactly as the system says. */
export function self(): Owner {
  try {
    // At once, as another thread would read for a promise. The link says `<process>/task/<thread>`.
    const [owner, , thread] = readlinkSync('/proc/thread-self').split('/');
    const started = startIn(readFileSync('/proc/thread-self/stat', 'utf8'));
    // Mounted from outside, it would number processes otherwise.
    if (Number(owner) !== pid || thread === undefined || started === undefined) return { pid };
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { pid, system: `${boot} ${readlinkSync('/proc/self/ns/pid')}`, thread, started };
  } catch {
    // No Linux, or one that hides it.
    return { pid };
  }
}

/** What a lock says; `undefined` where that names nobody. */
export function read(text: string): Owner | undefined {
  try {
    const found = JSON.parse(text) as number | Owner | null;
    // Deno writes the number alone.
    const owner = typeof found === 'number' ? { pid: found } : found;
    return owner !== null && Number.isSafeInteger(owner.pid) && owner.pid > 0 ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the owner is still there; `undefined` when this host may not ask. */
export async function isThere(owner: Owner): Promise<boolean | undefined> {
  const { system } = self();
  if (owner.system === undefined || system === undefined) {
    // Where the system says no more, the own number is that of another thread, or of another copy of the package.
    return owner.pid === pid ? system === undefined : isRunning(owner.pid);
  }
  // After another boot nobody is. Of another container nobody can tell, and one that is started anew has to get its folder back:
  // should both be there, some events are sent twice and stored once.
  if (owner.system !== system) return false;
  const stat = await readFile(`/proc/${owner.pid}/task/${owner.thread}/stat`, 'utf8').catch(() => '');
  return stat !== '' && startIn(stat) === owner.started;
}

/** Whether a process with this number runs; `undefined` when this host may not ask. */
export function isRunning(number: number): boolean | undefined {
  try {
    process.kill(number, 0);
    return true;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    // It is there and another user's.
    if (code === 'EPERM') return true;
    return code === 'ESRCH' ? false : undefined;
  }
}

/** Field 22 of /proc/…/stat (proc_pid_stat(5)), in which field 2, a name in parentheses, may have spaces and parentheses. */
function startIn(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
