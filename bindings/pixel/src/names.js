// From Segment's e-commerce events (https://segment.com/docs/connections/spec/ecommerce/v2/) to Meta's standard events
// (https://developers.facebook.com/docs/meta-pixel/reference). The server's rules map the same properties, so that both copies
// of an event say the same.

const STANDARD = (
  'PageView AddPaymentInfo AddToCart AddToWishlist CompleteRegistration Contact CustomizeProduct Donate FindLocation ' +
  'InitiateCheckout Lead Purchase Schedule Search StartTrial SubmitApplication Subscribe ViewContent'
).split(' ')

/** @type {Record<string, string>} */
const NAMES = {
  'Product List Viewed': 'ViewContent',
  'Product Viewed': 'ViewContent',
  'Products Searched': 'Search',
  'Product Added': 'AddToCart',
  'Product Added to Wishlist': 'AddToWishlist',
  'Checkout Started': 'InitiateCheckout',
  'Payment Info Entered': 'AddPaymentInfo',
  'Order Completed': 'Purchase',
  'Signed Up': 'CompleteRegistration',
  'Trial Started': 'StartTrial',
}

/** @param {Record<string, any> | undefined} table @param {string} name */
const own = (table, name) => (table && Object.prototype.hasOwnProperty.call(table, name) ? table[name] : undefined)

/**
 * What an event is called at Meta, and whether that is one of its own names; null when it is not for Meta.
 *
 * @param {string} event
 * @param {Record<string, string | null>} [table] The page's own names, which go before ours.
 */
export const metaName = (event, table) => {
  const name = own(table, event)
  if (name === null) return null
  // Meta cuts names at 50 characters.
  const called = String(name ?? own(NAMES, event) ?? event).slice(0, 50)
  return { name: called, isStandard: STANDARD.includes(called) }
}

/** A number, or a text that is one. @param {any} value */
const number = (value) => {
  const read = typeof value === 'string' && value.trim() ? Number(value) : value
  return typeof read === 'number' && isFinite(read) ? read : undefined
}

/** @param {any} value */
const label = (value) => (typeof value === 'number' || (typeof value === 'string' && value) ? String(value) : undefined)

/** @param {any} product */
const content = (product) => {
  const id = label(product?.product_id) ?? label(product?.id) ?? label(product?.sku) ?? label(product)
  if (id) return { id, quantity: number(product.quantity) ?? 1, item_price: number(product.price) }
}

/**
 * Meta's parameters of an event. Nothing else of its properties goes to Meta.
 *
 * @param {Record<string, any>} properties
 * @param {string} [currency] Where the event names none.
 */
export const metaData = (properties, currency) => {
  const { products, query, name, category, order_id: order } = properties
  const value = number(properties.revenue ?? properties.value)
  const given = Array.isArray(products) ? products : properties.product_id ? [properties] : []
  const contents = given.flatMap((product) => content(product) ?? [])
  /** @type {Record<string, any>} */
  const data = {
    value,
    currency: value === undefined ? undefined : (label(properties.currency) ?? currency),
    order_id: label(order),
    search_string: label(query),
    content_name: label(name),
    content_category: label(category),
  }
  if (contents.length > 0) {
    data.contents = contents
    data.content_ids = contents.map(({ id }) => id)
    data.content_type = 'product'
    data.num_items = contents.reduce((sum, { quantity }) => sum + quantity, 0)
  }
  for (const key in data) if (data[key] === undefined) delete data[key]
  return data
}
