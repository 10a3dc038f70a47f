import { AnalyticsClient } from '@acd/sdk/analytics';

const element = (id) => document.getElementById(id);
const CHOICE = 'consent';

/** A random id of the visitor, made once they agreed. */
function visitor() {
  let id = localStorage.getItem('visitor');
  if (id === null) {
    id = crypto.randomUUID();
    localStorage.setItem('visitor', id);
  }
  return id;
}

const settings = {
  baseUrl: import.meta.env.VITE_ACD_URL,
  writeKey: import.meta.env.VITE_ACD_WRITE_KEY,
  // What cannot be sent now is sent by the next page.
  keepIn: 'shop-events',
  consent: localStorage.getItem(CHOICE) === 'yes',
  context: { app: { name: 'one-product', version: '1.0' } },
  onFailure: ({ count, reason, error }) => {
    element('problem').textContent = `${count} failed: ${error?.detail ?? error?.message ?? reason}`;
  },
};
// Where the browser keeps nothing, as in some private windows, events are held in memory alone.
const analytics = await AnalyticsClient.open(settings).catch(() => AnalyticsClient.open({ ...settings, keepIn: undefined }));

const track = (event, properties) => {
  // Without consent not even an id is made.
  if (localStorage.getItem(CHOICE) === 'yes') analytics.track({ anonymousId: visitor(), event, properties });
  show();
};

function decide(choice) {
  localStorage.setItem(CHOICE, choice);
  if (choice === 'no') localStorage.removeItem('visitor');
  analytics.setConsent(choice === 'yes');
  if (choice === 'yes') analytics.page({ anonymousId: visitor(), name: document.title });
  show();
}

function show() {
  const choice = localStorage.getItem(CHOICE);
  element('ask').hidden = choice !== null;
  element('withdraw').hidden = choice !== 'yes';
  const { delivered, held, forgotten } = analytics.stats();
  Object.entries({ delivered, held, forgotten }).forEach(([id, count]) => (element(id).textContent = count));
}

let cart = 0;
element('add').onclick = () => {
  element('cart').textContent = ++cart;
  element('buy').disabled = false;
  track('Product Added', { product_id: 'mug', price: 19.9, currency: 'EUR', quantity: 1 });
};
element('buy').onclick = () => {
  track('Order Completed', { order_id: crypto.randomUUID(), revenue: cart * 19.9, currency: 'EUR' });
  element('cart').textContent = cart = 0;
  element('buy').disabled = true;
};
element('agree').onclick = () => decide('yes');
element('decline').onclick = () => decide('no');
element('withdraw').onclick = () => decide('no');

setInterval(show, 500);
show();
