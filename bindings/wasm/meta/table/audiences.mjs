// Who is reached: audiences, what targetings are made of, estimates, leads.
import { below, create, node, read } from './forms.mjs';

const users = (what, of, session) => ({
  call: `meta.audiences.${what}`,
  takes: `${of}, users: AudienceUsers, ${session}`,
  path: of.split(':')[0],
  body: 'people(users, session)',
  gives: 'UploadedUsers',
});

const shared = (what) => ({
  call: `meta.audiences.${what}`,
  takes: 'id: AudienceId, accountIds: readonly AdAccountId[]',
  path: 'id',
  body: '{ adaccounts: numbers(accountIds) }',
  gives: 'Done',
});

/** One of the searches that Meta has under one address. */
const search = (type, takes, query, found) => ({
  call: 'meta.targeting.search',
  takes,
  query: query.replace('{', `{ type: '${type}',`),
  gives: `Page<${found}>`,
  once: true,
});

const inAccount = (what, takes, query) => ({
  call: `meta.targeting.${what}`,
  takes: `accountId: AdAccountId, ${takes}`,
  path: 'accountId',
  query,
  gives: 'Page<TargetingOption>',
  once: true,
});

const preview = (id) => ({
  call: 'meta.previews.get',
  takes: `id: ${id}, format: AdFormat`,
  path: 'id',
  query: '{ ad_format: format }',
  gives: 'Page<AdPreview>',
  once: true,
});

export const AUDIENCES = {
  audiences: {
    from: ['audiences/mod.rs', 'audiences/sessions.rs', 'audiences/sharing.rs'],
    methods: {
      create: create('meta.audiences', 'audience', 'CreateAudience', 'AudienceId'),
      ...node('meta.audiences', 'Audience', ['change', 'UpdateAudience']),
      add_users: users('add_users', 'id: AudienceId', 'session?: AudienceSession'),
      remove_users: users('remove_users', 'id: AudienceId', 'session?: AudienceSession'),
      replace_users: users('replace_users', 'id: AudienceId', 'session: AudienceSession'),
      remove_from_all: users('remove_from_all', 'accountId: AdAccountId', 'session?: AudienceSession'),
      sessions: {
        call: 'meta.audiences.sessions',
        takes: 'id: AudienceId, query: SessionQuery = {}',
        path: 'id',
        query: 'query',
        gives: 'Page<AudienceSessionState>',
      },
      share: shared('share'),
      unshare: shared('unshare'),
      shared_with: below('meta.audiences.shared_with', 'id: AudienceId', 'AdAccount'),
      saved: below('meta.saved_audiences.list', 'accountId: AdAccountId', 'SavedAudience'),
      get_saved: read('meta.saved_audiences.get', 'SavedAudience'),
    },
  },
  targeting_search: {
    from: ['targeting_search.rs'],
    methods: {
      interests: search('adinterest', 'words: string, limit?: number', '{ q: words, limit }', 'TargetingOption'),
      related_interests: search('adinterestsuggestion', 'names: readonly string[]', '{ interest_list: names }', 'TargetingOption'),
      check_interests: search('adinterestvalid', 'ids: readonly string[]', '{ interest_fbid_list: ids }', 'TargetingOption'),
      category: search('adTargetingCategory', 'kind: TargetingType, limit?: number', '{ class: kind, limit }', 'TargetingOption'),
      places: search('adgeolocation', 'query: SearchPlaces', '{ ...query }', 'TargetingPlace'),
      locales: search('adlocale', 'beginning: string', '{ q: beginning }', 'TargetingLocale'),
      detailed: inAccount('detailed', 'query: SearchTargeting', 'query'),
      browse: inAccount('browse', 'limit?: number', '{ limit }'),
      suggest: inAccount('suggest', 'known: readonly TargetingRef[]', '{ targeting_list: known }'),
      validate: inAccount('validate', 'list: readonly TargetingRef[]', '{ targeting_list: list }'),
    },
  },
  estimates: {
    from: ['estimates.rs'],
    methods: {
      delivery: {
        call: 'meta.estimates.delivery',
        takes: 'accountId: AdAccountId, goal: OptimizationGoal, targeting: Targeting, promoted?: PromotedObject',
        path: 'accountId',
        query: '{ optimization_goal: goal, targeting_spec: targeting, promoted_object: promoted }',
        gives: 'Page<DeliveryEstimate>',
        once: true,
      },
      delivery_of: { call: 'meta.estimates.delivery_of', takes: 'adSetId: AdSetId', path: 'adSetId', gives: 'Page<DeliveryEstimate>', once: true },
      reach: {
        call: 'meta.estimates.reach',
        takes: 'accountId: AdAccountId, targeting: Targeting',
        path: 'accountId',
        query: '{ targeting_spec: targeting }',
        gives: 'ReachEstimate',
        pick: { from: '{ data: ReachEstimate }', by: '({ data }) => data' },
      },
      preview_new: {
        call: 'meta.previews.new',
        takes: 'accountId: AdAccountId, creative: CreateCreative, format: AdFormat',
        path: 'accountId',
        query: '{ creative, ad_format: format }',
        gives: 'Page<AdPreview>',
        once: true,
      },
      preview_ad: preview('AdId'),
      preview_creative: preview('CreativeId'),
    },
  },
  leads: {
    from: ['leads.rs'],
    methods: {
      get: read('meta.leads.get', 'Lead'),
      of_form: below('meta.leads.of_form', 'formId: LeadFormId', 'Lead'),
      of_ad: below('meta.leads.of_ad', 'adId: AdId', 'Lead'),
      create_test: {
        call: 'meta.leads.create_test',
        takes: 'formId: LeadFormId, answers: readonly LeadAnswer[]',
        path: 'formId',
        body: '{ field_data: answers }',
        gives: 'Created<LeadId>',
      },
      forms: below('meta.leads.forms', 'pageId: PageId', 'LeadForm'),
    },
  },
};
