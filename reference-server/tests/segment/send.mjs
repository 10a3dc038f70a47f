// One call of every kind through Segment's own client, unmodified: only its documented `host` is set.
import { Analytics } from '@segment/analytics-node'
import { randomUUID } from 'node:crypto'

const TIMEOUT_MS = 30_000

/**
 * The calls of one visitor who becomes a user: what to send, by the client's method.
 *
 * @returns {{type: string, call: object}[]}
 */
export function everyKind() {
  const visitor = `visitor-${randomUUID()}`
  const user = `user-${randomUUID()}`
  const common = (fields) => ({ messageId: `segment-node-${randomUUID()}`, timestamp: new Date(), ...fields })
  return [
    { type: 'page', call: common({ anonymousId: visitor, category: 'Docs', name: 'Start', properties: { path: '/start' } }) },
    { type: 'track', call: common({ anonymousId: visitor, event: 'Signup Started', properties: { plan: 'pro', seats: 3 } }) },
    { type: 'identify', call: common({ userId: user, anonymousId: visitor, traits: { email: `${user}@example.com`, name: 'Zoë Müller' } }) },
    { type: 'track', call: common({ userId: user, event: 'Order Completed', properties: { revenue: 19.9, currency: 'EUR', products: [{ sku: 'a-1' }] } }) },
    { type: 'screen', call: common({ userId: user, name: 'Home', properties: { variation: 'blue' } }) },
    { type: 'group', call: common({ userId: user, groupId: 'acme', traits: { plan: 'enterprise', employees: 42 } }) },
    { type: 'alias', call: common({ previousId: visitor, userId: user }) },
  ]
}

/**
 * Sends the calls and waits until the client has delivered them or given up.
 *
 * @param {{url: string, writeKey: string, maxRetries?: number}} target
 * @param {{type: string, call: object}[]} messages
 * @returns {Promise<{errors: object[], statuses: number[], undelivered: number}>} What the client itself reported.
 */
export async function send({ url, writeKey, maxRetries = 3 }, messages) {
  const analytics = new Analytics({ writeKey, host: url, maxRetries, flushAt: 3, flushInterval: 100 })
  const errors = []
  const statuses = []
  analytics.on('error', (error) => errors.push(error))
  analytics.on('http_response', ({ status }) => statuses.push(status))
  let undelivered = messages.length
  for (const { type, call } of messages) {
    analytics[type](call, (error) => {
      if (error) errors.push(error)
      else undelivered -= 1
    })
  }
  await analytics.closeAndFlush({ timeout: TIMEOUT_MS })
  return { errors, statuses, undelivered }
}
