// What a token reaches: accounts, pages, pixels, media, Instagram, webhooks; and what is known of the token.
import { below, create, read } from './forms.mjs';

/** Everything that the token reaches. */
const reached = (call, object) => ({ call, takes: `query: ListQuery<${object}> = {}`, query: `asked(query, ${object})`, gives: `Page<${object}>` });

const DATA = { by: '({ data }) => data' };

export const ASSETS = {
  accounts: {
    from: ['accounts/mod.rs'],
    methods: {
      get: read('meta.accounts.get', 'AdAccount'),
      list: reached('meta.accounts.list', 'AdAccount'),
    },
  },
  pages: {
    from: ['accounts/pages.rs'],
    methods: {
      list: reached('meta.pages.list', 'ManagedPage'),
      get: read('meta.pages.get', 'FacebookPage', 'PageId'),
      token: {
        call: 'meta.pages.get',
        takes: 'id: PageId',
        path: 'id',
        query: "{ fields: 'access_token' }",
        gives: 'Secret',
        pick: { type: 'string', from: '{ access_token: string }', by: '({ access_token }) => access_token' },
      },
    },
  },
  pixels: {
    from: ['accounts/pixels.rs'],
    methods: {
      create: create('meta.pixels', 'name', 'string', 'PixelId', { body: '{ name }' }),
      list: below('meta.pixels.list', 'accountId: AdAccountId', 'Pixel'),
      get: read('meta.pixels.get', 'Pixel'),
      update: { call: 'meta.pixels.update', takes: 'id: PixelId, change: UpdatePixel', path: 'id', body: 'change', gives: 'Done' },
      stats: { call: 'meta.pixels.stats', takes: 'id: PixelId, query: PixelStats', path: 'id', query: 'query', gives: 'Page<PixelHour>' },
    },
  },
  ad_images: {
    from: ['media/images.rs'],
    methods: {
      get: {
        call: 'meta.images.list',
        takes: 'accountId: AdAccountId, hashes: readonly string[]',
        path: 'accountId',
        query: "{ hashes, fields: 'id,hash,name,status,permalink_url' }",
        gives: 'Page<AdImage>',
        once: true,
      },
      delete: { call: 'meta.images.delete', takes: 'accountId: AdAccountId, hash: string', path: 'accountId', query: '{ hash }', gives: 'Done' },
    },
  },
  ad_videos: {
    from: ['media/video.rs', 'media/create_video.rs', 'media/thumbnails.rs'],
    methods: {
      create: create('meta.videos', 'video', 'CreateVideo', 'VideoId', {
        doc: [
          'Makes a video of what Meta fetches, either a file or a slideshow of 3 to 7 images. Its `status` says when it can',
          'be shown. Not repeated when its outcome is unknown, as it would be there twice.',
        ],
      }),
      get: read('meta.videos.get', 'AdVideo', 'VideoId'),
      thumbnails: {
        call: 'meta.videos.thumbnails',
        takes: 'id: VideoId',
        path: 'id',
        query: "{ fields: 'id,uri,width,height,is_preferred' }",
        gives: 'Page<VideoThumbnail>',
        once: true,
      },
    },
  },
  instagram: {
    from: ['instagram/mod.rs', 'instagram/insights.rs'],
    methods: {
      create: {
        call: 'meta.instagram.create',
        takes: 'userId: IgUserId, container: CreateContainer',
        path: 'userId',
        body: 'contained(container)',
        gives: 'Created<IgContainerId>',
        doc: 'Makes a container; 400 a day. Meta fetches the media from their URL, which has to be public. Safe to repeat.',
      },
      container: {
        call: 'meta.instagram.container',
        takes: 'id: IgContainerId',
        path: 'id',
        query: "{ fields: 'status_code,status,video_status' }",
        gives: 'Container',
      },
      publish: {
        call: 'meta.instagram.publish',
        takes: 'userId: IgUserId, containerId: IgContainerId',
        path: 'userId',
        body: '{ creation_id: containerId }',
        gives: 'Created<IgMediaId>',
        doc: [
          'Publishes a container that is ready, as `container` says. Not repeated when its outcome is unknown: the',
          'container itself says whether it was published.',
        ],
      },
      limit: {
        call: 'meta.instagram.limit',
        takes: 'userId: IgUserId',
        path: 'userId',
        query: "{ fields: 'config,quota_usage' }",
        gives: 'PublishingLimit',
        pick: { from: '{ data: PublishingLimit[] }', by: 'first' },
      },
      media: read('meta.instagram.media', 'IgMedia'),
      delete: { call: 'meta.instagram.delete', takes: 'id: IgMediaId', path: 'id', gives: 'Done' },
      media_insights: {
        call: 'meta.instagram.media_insights',
        takes: 'id: IgMediaId, metrics: readonly MediaMetric[]',
        path: 'id',
        query: '{ metric: metrics.join() }',
        gives: 'Page<IgInsight>',
        once: true,
      },
      account_insights: {
        call: 'meta.instagram.account_insights',
        takes: 'userId: IgUserId, query: AccountInsights',
        path: 'userId',
        query: '{ ...query, metric: query.metric.join() }',
        gives: 'Page<IgInsight>',
        once: true,
      },
    },
  },
  webhooks: {
    from: ['webhooks/subscriptions.rs'],
    methods: {
      subscribe: {
        call: 'meta.webhooks.subscribe',
        takes: 'appId: AppId, object: WebhookObject, callbackUrl: string, verifyToken: string, fields: readonly WebhookField[]',
        path: 'appId',
        body: '{ object, callback_url: callbackUrl, verify_token: verifyToken, fields, include_values: true }',
        hide: 'verifyToken',
        gives: 'Done',
        doc: [
          'Has changes of these fields sent to the callback, in the place of what the app had for the object. Before it',
          'answers, Meta asks the callback for the challenge in the query of a `GET`, with the verify token beside it: have',
          "it running. The client is the app's (`MetaClient.asApp`). Safe to repeat.",
        ],
      },
      subscriptions: { call: 'meta.webhooks.subscriptions', takes: 'appId: AppId', path: 'appId', gives: 'Page<Subscription>', once: true },
      unsubscribe: {
        call: 'meta.webhooks.unsubscribe',
        takes: 'appId: AppId, object: WebhookObject, fields: readonly WebhookField[] = []',
        path: 'appId',
        query: '{ object, fields: fields.length > 0 ? fields : undefined }',
        gives: 'Done',
      },
      add_page: {
        call: 'meta.webhooks.add_page',
        takes: 'pageId: PageId, fields: readonly WebhookField[]',
        path: 'pageId',
        body: '{ subscribed_fields: fields }',
        gives: 'Done',
      },
      page_apps: { call: 'meta.webhooks.page_apps', takes: 'pageId: PageId', path: 'pageId', gives: 'Page<SubscribedApp>', once: true },
      remove_page: { call: 'meta.webhooks.remove_page', takes: 'pageId: PageId', path: 'pageId', gives: 'Done' },
      add_account: {
        call: 'meta.webhooks.add_account',
        takes: 'accountId: AdAccountId, appId: AppId',
        path: 'accountId',
        body: '{ app_id: appId }',
        gives: 'Done',
      },
      account_apps: {
        call: 'meta.webhooks.account_apps',
        takes: 'accountId: AdAccountId',
        path: 'accountId',
        gives: 'Page<SubscribedApp>',
        written: 'AccountApp',
        once: true,
      },
      remove_account: {
        call: 'meta.webhooks.remove_account',
        takes: 'accountId: AdAccountId, appId: AppId',
        path: 'accountId',
        query: '{ app_id: appId }',
        gives: 'Done',
      },
    },
  },
  tokens: {
    from: ['tokens.rs'],
    methods: {
      inspect: {
        call: 'meta.tokens.debug',
        takes: 'token: string',
        query: '{ input_token: token }',
        hide: 'token',
        gives: 'TokenInfo',
        pick: { from: '{ data: TokenInfo }', ...DATA },
      },
      extend: {
        call: 'meta.tokens.extend',
        takes: 'appId: AppId, appSecret: string, token: string',
        query: "{ grant_type: 'fb_exchange_token', client_id: appId, client_secret: appSecret, fb_exchange_token: token }",
        hide: 'appSecret, token',
        gives: 'AccessToken',
        doc: [
          "Exchanges a user's token, which ends after an hour or two, for one that lives about 60 days, or one of those for",
          'a fresh one. Page tokens that a long-lived token is given (`pages.token`) do not end. The secret and the token',
          'travel in the query, the only place where Meta takes them, and are kept out of errors. Safe to repeat.',
        ],
      },
    },
  },
};
