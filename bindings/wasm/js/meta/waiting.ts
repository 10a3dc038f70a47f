/** Waits, until the signal fires. */
export async function sleep(waitMs: number, signal: AbortSignal | null | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await unlessAborted(new Promise((resolve) => (timer = setTimeout(resolve, waitMs))), signal);
  } finally {
    clearTimeout(timer);
  }
}

/** What is waited for until the signal fires: what comes may be slower than the server. */
export async function unlessAborted<T>(awaited: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (!signal) return awaited;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([awaited, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
