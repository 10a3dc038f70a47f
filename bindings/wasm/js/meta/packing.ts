import type { UserData } from '@acd/types/meta';

import { AcdError } from '../error.js';
import type { DroppedValue, HashedUsers } from './users.js';

const [TEXT_END, PERSON_END, ESCAPE] = ['\u0001', '\u0002', '\0'];
const [PERSON_END_CODE, PEOPLE_END_CODE] = [2, 3];
/** What stands for itself in no text. */
const SPECIAL = /[\0-\u0003]/;
const EVERY_SPECIAL = new RegExp(SPECIAL, 'g');
/** The code of the first key's mark. */
const FIRST_MARK = 48;

/** A key that Meta takes. */
interface Key {
  readonly name: string;
  readonly mark: string;
  /** Whether what is read is a list. */
  readonly isList: boolean;
  /** Whether several values may be given. */
  readonly isHashed: boolean;
}

/** People in one text, as the module takes and gives them. */
export class Packing {
  readonly #keys: readonly Key[];
  readonly #byName: ReadonlyMap<string, Key>;

  /** `names` are the keys as the module tells them. */
  constructor(names: string) {
    this.#keys = names.trimEnd().split('\n').map((line, place) => {
      const [name = '', form] = line.split(/([*=])/);
      return { name, mark: String.fromCharCode(FIRST_MARK + place), isList: form === '*', isHashed: form !== '=' };
    });
    this.#byName = new Map(this.#keys.map((key) => [key.name, key]));
  }

  /** Packs people. */
  close(users: readonly UserData[]): string {
    if (!Array.isArray(users)) throw unreadable();
    let packed = '';
    for (const user of users as readonly unknown[]) {
      if (typeof user !== 'object' || user === null || Array.isArray(user)) throw unreadable();
      for (const name of Object.keys(user)) {
        const key = this.#byName.get(name);
        if (key === undefined) continue;
        const value = (user as Record<string, unknown>)[name];
        if (key.isHashed && Array.isArray(value)) for (const one of value) packed += field(key.mark, one);
        else packed += field(key.mark, value);
      }
      packed += PERSON_END;
    }
    return packed;
  }

  /** Reads people, and what was left out of them. */
  open(packed: string): HashedUsers {
    const users: UserData[] = [];
    let user: Record<string, string | string[]> = {};
    let at = 0;
    let last: Key | undefined;
    for (let mark = packed.charCodeAt(at++); mark !== PEOPLE_END_CODE; mark = packed.charCodeAt(at++)) {
      if (mark === PERSON_END_CODE) {
        users.push(user as UserData);
        user = {};
        last = undefined;
        continue;
      }
      const key = this.#keys[mark - FIRST_MARK] as Key;
      const end = packed.indexOf(TEXT_END, at);
      const text = packed.slice(at, end);
      at = end + 1;
      if (!key.isHashed) user[key.name] = plain(text);
      else if (!key.isList) user[key.name] = text;
      // The values of one key come one after the other.
      else if (key !== last) user[key.name] = [text];
      else (user[key.name] as string[]).push(text);
      last = key;
    }
    const dropped: DroppedValue[] = [];
    const said = packed.slice(at).split(TEXT_END);
    for (let at = 0; at + 2 < said.length; at += 3) {
      const [index, key, reason] = said.slice(at, at + 3) as [string, string, string];
      dropped.push({ index: Number(index), key, reason });
    }
    return { users, dropped };
  }
}

function field(mark: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? String(value) : value;
  if (typeof text !== 'string') throw unreadable();
  return mark + (SPECIAL.test(text) ? escaped(text) : text) + TEXT_END;
}

function escaped(text: string): string {
  return text.replace(EVERY_SPECIAL, (one) => ESCAPE + String.fromCharCode(FIRST_MARK + one.charCodeAt(0)));
}

function plain(text: string): string {
  if (!text.includes(ESCAPE)) return text;
  return text.replaceAll(/\0(.)/g, (_, digit: string) => String.fromCharCode(digit.charCodeAt(0) - FIRST_MARK));
}

function unreadable(): AcdError {
  return new AcdError('request', 'the people are no array of objects that hold texts and lists of texts');
}
