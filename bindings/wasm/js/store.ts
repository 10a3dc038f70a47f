/** Keeps records where they outlive the page or process. A record is bytes, at most some 500 KB of them. */
export interface EventStore {
  /** Everything that earlier clients left, oldest first. Asked once. */
  load(): Promise<[key: number, record: Uint8Array][]>;
  /** Keeps a record, whole or not at all, and gives its key, a whole number. */
  put(record: Uint8Array): Promise<number>;
  /** Removes records, some of which may be gone. */
  remove(keys: number[]): Promise<void>;
  /** Lets go of what it holds. Called once. */
  close?(): Promise<void>;
  /** How often it failed without rejecting, as by a record that {@link load} had to leave out. */
  failures?(): number;
}
