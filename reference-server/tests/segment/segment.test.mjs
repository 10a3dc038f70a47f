// Run by `cargo xtask test --only segment`, which starts the server and hands over its address and two keys.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { everyKind, send } from './send.mjs'

const setting = (name) => {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run this by \`cargo xtask test --only segment\``)
  return value
}
const url = setting('ACD_URL')
const writeKey = setting('ACD_WRITE_KEY')
const readKey = setting('ACD_READ_KEY')

/** The stored events of one message id. */
async function stored(messageId) {
  const query = new URLSearchParams({ message_id: messageId })
  const response = await fetch(`${url}/v1/events?${query}`, { headers: { authorization: `Bearer ${readKey}` } })
  assert.equal(response.status, 200, await response.clone().text())
  const { data } = await response.json()
  return data
}

/** Every sent fact is stored as it was; the client itself adds some, as a page's name. */
function holds(actual, sent = {}) {
  for (const [name, value] of Object.entries(sent)) assert.deepEqual(actual[name], value, name)
}

async function sendWell(messages) {
  const { errors, statuses, undelivered } = await send({ url, writeKey }, messages)
  assert.deepEqual(errors, [])
  assert.ok(statuses.length > 0 && statuses.every((status) => status === 200), `answers: ${statuses}`)
  assert.equal(undelivered, 0)
}

test('every kind of call is stored once, with all it said', async () => {
  const messages = everyKind()
  await sendWell(messages)
  for (const { type, call } of messages) {
    const events = await stored(call.messageId)
    assert.equal(events.length, 1, `${type} ${call.messageId}`)
    const [event] = events
    assert.equal(event.type, type)
    assert.equal(event.product, 'portal28')
    assert.equal(event.event, call.event ?? call.name ?? null)
    assert.equal(event.category, call.category ?? null)
    assert.equal(event.user_id, call.userId ?? null)
    assert.equal(event.anonymous_id, call.anonymousId ?? null)
    assert.equal(event.group_id, call.groupId ?? null)
    assert.equal(event.previous_id, call.previousId ?? null)
    holds(event.properties, call.properties)
    holds(event.traits, call.traits)
    assert.equal(event.context.library.name, '@segment/analytics-node')
    assert.equal(Date.parse(event.original_timestamp), call.timestamp.getTime())
  }
})

test('a message sent again is not stored again', async () => {
  const messages = everyKind()
  await sendWell(messages)
  await sendWell(messages)
  for (const { type, call } of messages) {
    assert.equal((await stored(call.messageId)).length, 1, `${type} ${call.messageId}`)
  }
})

test('a key that is none is refused, and the client learns it', async () => {
  const messages = everyKind().slice(0, 1)
  const { errors, statuses, undelivered } = await send({ url, writeKey: 'no-such-key', maxRetries: 0 }, messages)
  assert.deepEqual(statuses, [401])
  assert.ok(errors.length > 0)
  assert.equal(undelivered, 1)
  assert.deepEqual(await stored(messages[0].call.messageId), [])
})
