// Campaigns and what is in them, and reports on what they did.
import { below, copy, create, node, onceDoc, read, validate } from './forms.mjs';

/** The objects of one kind with a label, at most 500. */
const labelled = (what, id) => ({
  call: `meta.ad_labels.${what}`,
  takes: 'accountId: AdAccountId, labelId: AdLabelId',
  path: 'accountId',
  query: "{ ad_label_ids: [labelId], operator: 'ALL', fields: 'id', limit: 500 }",
  gives: `Page<Created<${id}>>`,
  once: true,
});

export const ADS = {
  campaigns: {
    from: ['ads/campaigns.rs'],
    methods: {
      create: create('meta.campaigns', 'campaign', 'CreateCampaign', 'CampaignId', { doc: onceDoc('a campaign') }),
      validate: validate('meta.campaigns', 'campaign', 'CreateCampaign'),
      ...node('meta.campaigns', 'Campaign', ['change', 'UpdateCampaign']),
      copy: copy('meta.campaigns', 'Campaign', 'CopyCampaign', 'CopiedCampaign'),
    },
  },
  ad_sets: {
    from: ['ads/ad_sets.rs'],
    methods: {
      create: create('meta.ad_sets', 'adSet', 'CreateAdSet', 'AdSetId', { doc: onceDoc('an ad set') }),
      validate: validate('meta.ad_sets', 'adSet', 'CreateAdSet'),
      ...node('meta.ad_sets', 'AdSet', ['change', 'UpdateAdSet']),
      copy: copy('meta.ad_sets', 'AdSet', 'CopyAdSet', 'CopiedAdSet'),
    },
  },
  creatives: {
    from: ['ads/creatives.rs'],
    methods: {
      create: create('meta.creatives', 'creative', 'CreateCreative', 'CreativeId', { doc: onceDoc('a creative') }),
      ...node('meta.creatives', 'Creative', ['change', 'UpdateCreative']),
    },
  },
  ads: {
    from: ['ads/ads.rs'],
    methods: {
      create: create('meta.ads', 'ad', 'CreateAd', 'AdId', { doc: onceDoc('an ad') }),
      validate: validate('meta.ads', 'ad', 'CreateAd'),
      ...node('meta.ads', 'Ad', ['change', 'UpdateAd']),
      copy: copy('meta.ads', 'Ad', 'CopyAd', 'CopiedAd'),
    },
  },
  ad_labels: {
    from: ['ads/labels.rs'],
    methods: {
      create: create('meta.ad_labels', 'name', 'string', 'AdLabelId', {
        body: '{ name }',
        doc: 'Creates a label, whose name is unique within the account. Not repeated by itself.',
      }),
      list: below('meta.ad_labels.list', 'accountId: AdAccountId', 'AdLabel'),
      campaigns: labelled('campaigns', 'CampaignId'),
      ad_sets: labelled('ad_sets', 'AdSetId'),
      creatives: labelled('creatives', 'CreativeId'),
      ads: labelled('ads', 'AdId'),
    },
  },
  budget_schedules: {
    from: ['ads/budget_schedules.rs'],
    methods: {
      create: {
        call: 'meta.budget_schedules.create',
        takes: 'of: CampaignId | AdSetId, period: BudgetSchedule',
        path: 'of',
        body: 'period',
        gives: 'Created<HighDemandPeriodId>',
      },
      list: {
        call: 'meta.budget_schedules.list',
        takes: 'of: CampaignId | AdSetId, query: ListBudgetSchedules = {}',
        path: 'of',
        query: 'asked(query, HighDemandPeriod)',
        gives: 'Page<HighDemandPeriod>',
      },
      get: read('meta.budget_schedules.get', 'HighDemandPeriod'),
      update: {
        call: 'meta.budget_schedules.update',
        takes: 'id: HighDemandPeriodId, period: BudgetSchedule',
        path: 'id',
        body: 'period',
        gives: 'Done',
      },
      delete: { call: 'meta.budget_schedules.delete', takes: 'id: HighDemandPeriodId', path: 'id', gives: 'Done' },
    },
  },
  ad_request_sets: {
    from: ['ads/request_sets.rs'],
    methods: {
      create: create('meta.ad_request_sets', 'set', 'CreateAdRequestSet', 'AdRequestSetId'),
      list: below('meta.ad_request_sets.list', 'accountId: AdAccountId', 'AdRequestSet'),
      get: read('meta.ad_request_sets.get', 'AdRequestSet'),
      requests: {
        call: 'meta.ad_request_sets.requests',
        takes: 'id: AdRequestSetId, query: ListAdRequests = {}',
        path: 'id',
        query: 'asked(query, AdRequest)',
        gives: 'Page<AdRequest>',
      },
      delete: { call: 'meta.ad_request_sets.delete', takes: 'id: AdRequestSetId', path: 'id', gives: 'Done' },
    },
  },
  insights: {
    from: ['insights/mod.rs'],
    methods: {
      get: {
        call: 'meta.insights.get',
        takes: 'of: AdAccountId | CampaignId | AdSetId | AdId, query: InsightsQuery = {}',
        path: 'of',
        query: 'asked(query, InsightsRow)',
        gives: 'Page<InsightsRow>',
        doc: [
          'The rows of a report that is made while one waits. Safe to repeat. What is too large for that fails: make it as',
          'a run, with `start`. An ad account is named with `act_`.',
        ],
      },
      start: {
        call: 'meta.insights.start',
        takes: 'of: AdAccountId | CampaignId | AdSetId | AdId, query: InsightsQuery = {}',
        path: 'of',
        body: 'asked(query, InsightsRow)',
        gives: 'ReportRunStarted',
      },
      run: { call: 'meta.insights.run', takes: 'id: ReportRunId', path: 'id', gives: 'ReportRun' },
      rows: {
        call: 'meta.insights.run_rows',
        takes: 'id: ReportRunId, query: Paging = {}',
        path: 'id',
        query: 'query',
        gives: 'Paged<InsightsRow>',
        doc: [
          'The rows of a run whose `async_status` is `Job Completed` and whose `async_percent_completion` is 100. Safe to',
          'repeat.',
        ],
      },
    },
  },
};
