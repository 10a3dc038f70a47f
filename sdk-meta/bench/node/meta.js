// The official SDK against what `acd simulate` printed of its Meta.

import sdk from 'facebook-nodejs-business-sdk';

const { AdAccount, FacebookAdsApi } = sdk;
const { url, world } = JSON.parse(process.env.META);

// The host is a getter without a setter: defined anew, it is the one thing that changes.
Object.defineProperty(FacebookAdsApi, 'GRAPH', { get: () => url });
// Without the reporter that posts crashes to Meta.
const api = FacebookAdsApi.init(world.access_token, 'en_US', false);
const account = new AdAccount(world.ad_account, {}, undefined, api);

export const create = () =>
  account.createCampaign([], {
    name: 'Spring sale',
    objective: 'OUTCOME_TRAFFIC',
    special_ad_categories: [],
    status: 'PAUSED',
    is_adset_budget_sharing_enabled: false,
  });
