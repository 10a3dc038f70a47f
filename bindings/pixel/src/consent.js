import { read, write } from './storage.js'

const KEY = 'acd_consent'

/** Global Privacy Control is a no to advertising: https://w3c.github.io/gpc/ */
export const gpc = () => /** @type {any} */ (navigator).globalPrivacyControl === true

/** Anything but `true` is a no. @param {any} choice @param {string} version @param {string} at */
const plain = (choice, version, at) => ({
  analytics: choice?.analytics === true,
  advertising: choice?.advertising === true && !gpc(),
  version,
  at,
})

/**
 * The decision that is on record for this version of the question, or null.
 *
 * @param {string} version
 * @returns {import('./index.js').Decision | null}
 */
export const recorded = (version) => {
  const found = read(KEY)
  return found?.version === version ? plain(found, version, String(found.at)) : null
}

/**
 * Records a decision.
 *
 * @param {any} choice
 * @param {string} version
 * @returns {import('./index.js').Decision}
 */
export const record = (choice, version) => {
  const decision = plain(choice, version, new Date().toISOString())
  write(KEY, decision)
  return decision
}

/** @param {import('./index.js').Decision | null} one @param {import('./index.js').Decision | null} other */
export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other)

/**
 * What an event says of it: Segment's convention, with the proof.
 *
 * @param {import('./index.js').Decision} decision
 */
export const inContext = ({ analytics, advertising, version, at }) => ({
  categoryPreferences: { analytics, advertising },
  version,
  decidedAt: at,
  globalPrivacyControl: gpc(),
})
