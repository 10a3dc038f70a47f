import type {
  AccountInsights as WrittenAccountInsights,
  AccountMetric,
  AdRequest,
  AdRequestStatus,
  AppId,
  AudienceUsers as WrittenUsers,
  CreateContainer as WrittenContainer,
  EffectiveStatus,
  Filter,
  HighDemandPeriod,
  IgContainerId,
  InsightsQueryInput,
  InsightsRow as Row,
  Timestamp,
} from '@acd/types/meta';

/** The names of the fields that a type declares. */
type Declared<T> = keyof { [Name in keyof T as string extends Name ? never : Name]: T[Name] } & string;

/**
 * Which fields of an object Meta is asked for, by their names. The id always comes along. Others than those that are declared are
 * possible, also objects on an edge with fields of theirs, as in `ads.limit(10){id,name}`.
 */
export type Fields<T> = readonly (Declared<T> | (string & {}))[];

/** Which part of a list is asked for. */
export interface Paging {
  /**
   * The most items in one page; Meta's own number, mostly 25, when left out. Where Meta finds a page too heavy, it is halved, and
   * stays so for the rest of the list.
   */
  limit?: number | null | undefined;
  /** The `next_cursor` of the page before. */
  after?: string | null | undefined;
}

/** What a list is asked. */
export interface ListQuery<T> extends Paging {
  /** The fields of each item. Default: every one that is declared. */
  fields?: Fields<T> | undefined;
  /** Only these; all that are neither deleted nor archived when left out. Read by the lists of campaigns, ad sets and ads. */
  effective_status?: readonly EffectiveStatus[] | undefined;
  /** Only what fits all of these. */
  filtering?: readonly Filter[] | undefined;
}

/** What the requests of an asynchronous set are asked. */
export interface ListAdRequests extends Paging {
  /** The fields of each request. Default: every one that is declared. */
  fields?: Fields<AdRequest> | undefined;
  /** Only those that stand there. */
  statuses?: readonly AdRequestStatus[] | undefined;
}

/** What budget schedules are asked. */
export interface ListBudgetSchedules extends Paging {
  /** The fields of each period. Default: every one that is declared. */
  fields?: Fields<HighDemandPeriod> | undefined;
  /** Only those that end after this. */
  time_start?: Timestamp | undefined;
  /** Only those that begin before this. */
  time_stop?: Timestamp | undefined;
}

/** How many there are, which Meta writes as text in reports. */
type Counted = 'impressions' | 'reach' | 'clicks' | 'unique_clicks' | 'inline_link_clicks' | 'inline_post_engagement' | 'estimated_ad_recallers';

/** A row of a report as Meta writes it: all numbers are text. */
export type InsightsRow = { [Name in keyof Row]: Name extends Counted ? string | null | undefined : Row[Name] };

/** What a report is asked for. */
export type InsightsQuery = Omit<InsightsQueryInput, 'fields'> & {
  /** The fields of each row. Default: impressions, reach, clicks, spend and actions, with the ids and names of what they are of. */
  fields?: Fields<Row> | undefined;
};

/** Rows of people, each with a value for each column. What a column holds is hashed before it is given, unless its key says otherwise. */
export type AudienceUsers = Pick<WrittenUsers, 'schema' | 'data' | 'page_ids'> & {
  /** Whether these people agreed to have their data used for advertising. */
  customer_consent?: boolean | undefined;
};

/** What a container is made of. Meta fetches images and videos from public URLs. */
export type CreateContainer = Omit<WrittenContainer, 'children' | 'collaborators' | 'upload_type'> & {
  /** Of a carousel: containers that are finished, 2 to 10. */
  children?: readonly IgContainerId[] | undefined;
  /** Who is asked to publish it too, by their names; at most 3. */
  collaborators?: readonly string[] | undefined;
};

/** Which figures of an account are asked for. */
export type AccountInsights = Omit<WrittenAccountInsights, 'metric'> & {
  /** The figures. */
  metric: readonly AccountMetric[];
};

/** An app that is told of an ad account. */
export interface AccountApp {
  /** The app. */
  app_id: AppId;
  /** Its name. */
  app_name?: string | undefined;
}

/** An access token that Meta gave. */
export interface AccessToken {
  /** The token, for `MetaClient.withToken`. */
  access_token: string;
  /** How many seconds it lives from now on; none for one that never ends. */
  expires_in?: number | undefined;
}
