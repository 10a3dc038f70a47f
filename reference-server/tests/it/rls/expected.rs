//! The access that is wanted: table by role by verb, and how to write a row of each table.

/// A database role that requests work under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Product,
    User,
    Service,
    Admin,
}

impl Role {
    pub(super) const ALL: [Self; 4] = [Self::Product, Self::User, Self::Service, Self::Admin];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Product => "acd_product",
            Self::User => "acd_user",
            Self::Service => "acd_service",
            Self::Admin => "acd_admin",
        }
    }

    /// Whether it may reach the rows of one owner alone.
    pub(super) fn is_restricted(self) -> bool {
        matches!(self, Self::Product | Self::User)
    }
}

/// A table of the matrix. In its SQL `{p}` is the owner's product, `{q}` the other's, `{u}` the owner as a user,
/// `{id}` and `{k}` tell the row that is there from one that is written anew.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// What product, user, service and administrator may do with a row of their own: c, r, u, d.
    pub(super) access: [&'static str; 4],
    /// The condition that finds the owner's row.
    pub(super) row: &'static str,
    /// Columns and values of a row.
    pub(super) columns: &'static str,
    pub(super) values: &'static str,
    /// A column that each role with `u` may write, and a value that no row has.
    pub(super) touch: (&'static str, &'static str),
    /// Changes of its own row that the role must not make, since the row would then be another's or do more.
    pub(super) forged: &'static [(Role, &'static str)],
}

impl Table {
    pub(super) fn may(&self, role: Role, verb: char) -> bool {
        let at = Role::ALL.iter().position(|one| *one == role).unwrap();
        self.access[at].contains(verb)
    }
}

pub(super) const TABLES: &[Table] = &[
    Table {
        name: "public.products",
        access: ["r", "", "crud", "crud"],
        row: "slug = '{p}'",
        columns: "slug, name, domain, class",
        values: "'made_{k}', 'Made', 'made-{k}.test', 'application'",
        touch: ("name", "'touched'"),
        forged: &[],
    },
    Table {
        name: "public.api_keys",
        access: ["cru", "", "crud", "crud"],
        row: "prefix = 'acd_{k}'",
        columns: "product, name, prefix, key_hash, scopes",
        values: "'{p}', 'made', 'acd_{k}', sha256('{k}'), '{events:write}'",
        touch: ("name", "'touched'"),
        forged: &[
            (Role::Product, "update public.api_keys set product = '{q}'"),
            (Role::Product, "update public.api_keys set scopes = '{admin}'"),
            (
                Role::Product,
                "insert into public.api_keys (product, name, prefix, key_hash, scopes)
                values ('{p}', 'made', 'acd_{k}', sha256('{k}'), '{events:write,admin}')",
            ),
            (
                Role::Product,
                "insert into public.api_keys (name, prefix, key_hash, scopes)
                values ('made', 'acd_{k}', sha256('{k}'), '{admin}')",
            ),
        ],
    },
    Table {
        name: "public.service_keys",
        access: ["cru", "", "crud", "crud"],
        row: "idempotency_key = '{k}'",
        columns: "product, name, algorithm, scopes, idempotency_key",
        values: "'{p}', 'made', 'hmac-sha256', '{events:write}', '{k}'",
        touch: ("name", "'touched'"),
        forged: &[
            (Role::Product, "update public.service_keys set product = '{q}'"),
            (Role::Product, "update public.service_keys set scopes = '{admin}'"),
            (
                Role::Product,
                "insert into public.service_keys (product, name, algorithm, scopes)
                values ('{p}', 'made', 'hmac-sha256', '{events:write,admin}')",
            ),
            (
                Role::Product,
                "insert into public.service_keys (name, algorithm, scopes) values ('made', 'hmac-sha256', '{admin}')",
            ),
        ],
    },
    Table {
        name: "public.events_outbox",
        access: ["cr", "", "crud", "crud"],
        row: "payload = '{\"n\": \"{k}\"}'",
        columns: "topic, product, payload",
        values: "'thing.made', '{p}', '{\"n\": \"{k}\"}'",
        touch: ("request_id", "'touched'"),
        forged: &[(Role::Product, "insert into public.events_outbox (topic, payload) values ('thing.made', '{}')")],
    },
    Table {
        name: "public.shared_users",
        access: ["cru", "ru", "crud", "crud"],
        row: "id = '{id}'",
        columns: "id, email, signup_product",
        values: "'{id}', '{k}@made.test', '{p}'",
        touch: ("name", "'touched'"),
        forged: &[
            (Role::Product, "update public.shared_users set signup_product = '{q}'"),
            (Role::User, "update public.shared_users set id = gen_random_uuid()"),
        ],
    },
    Table {
        name: "public.shared_entitlements",
        access: ["cru", "r", "crud", "crud"],
        row: "user_id = '{id}' and product = '{p}'",
        columns: "user_id, product, plan, role, status, source",
        values: "'{id}', '{p}', 'free', 'member', 'active', 'signup'",
        touch: ("plan", "'enterprise'"),
        forged: &[(Role::Product, "update public.shared_entitlements set product = '{q}'")],
    },
    Table {
        name: "public.shared_assets",
        access: ["crud", "r", "crud", "crud"],
        row: "url = 'https://made.test/{k}'",
        columns: "product, owner_id, type, source, content_hash, size_bytes, url",
        values: "'{p}', '{u}', 'image', 'upload', sha256('{k}'), 1, 'https://made.test/{k}'",
        touch: ("thumbnail_url", "'touched'"),
        forged: &[(Role::Product, "update public.shared_assets set product = '{q}'")],
    },
    Table {
        name: "public.shared_consents",
        access: ["cr", "", "crud", "crud"],
        row: "external_id = '{k}'",
        columns: "product, provider, external_id, purpose, granted, decided_at, source",
        values: "'{p}', 'user', '{k}', 'advertising', true, now(), 'banner'",
        touch: ("granted", "false"),
        forged: &[],
    },
    Table {
        name: "public.shared_job_limits",
        access: ["crud", "", "crud", "crud"],
        row: "key = '{k}'",
        columns: "product, key, max_running",
        values: "'{p}', '{k}', 1",
        touch: ("max_running", "7"),
        forged: &[(Role::Product, "update public.shared_job_limits set product = '{q}'")],
    },
    Table {
        name: "public.shared_job_schedules",
        access: ["crud", "", "crud", "crud"],
        row: "name = '{k}'",
        columns: "product, name, kind, cron",
        values: "'{p}', '{k}', 'made', '@daily'",
        touch: ("priority", "7"),
        forged: &[(Role::Product, "update public.shared_job_schedules set product = '{q}'")],
    },
    Table {
        name: "public.shared_jobs",
        access: ["cru", "", "crud", "crud"],
        row: "id = '{id}'",
        columns: "id, product, kind",
        values: "'{id}', '{p}', 'made'",
        touch: ("worker", "'touched'"),
        forged: &[(Role::Product, "update public.shared_jobs set product = '{q}'")],
    },
    Table {
        name: "public.shared_job_attempts",
        access: ["cr", "", "crud", "crud"],
        row: "job_id = '{u}' and worker = '{k}'",
        columns: "job_id, attempt, product, worker, started_at, ended_at, outcome, error",
        values: "'{u}', length('{k}'), '{p}', '{k}', now(), now(), 'failed', 'made'",
        touch: ("error", "'touched'"),
        forged: &[],
    },
    Table {
        name: "public.shared_conversion_switches",
        access: ["cr", "", "crud", "crud"],
        row: "request_id = '{k}'",
        columns: "product, enabled, changed_by, request_id",
        values: "'{p}', false, 'product', '{k}'",
        touch: ("test_event_code", "'touched'"),
        forged: &[],
    },
    Table {
        name: "public.attribution_events",
        access: ["r", "", "crud", "crud"],
        row: "event_id = '{k}'",
        columns: "product, pixel_id, event_name, event_id, event_time, state, deduplicates, next_attempt_at, received_at",
        values: "'{p}', '1', 'Lead', '{k}', now(), 'pending', true, now(), now()",
        touch: ("cause", "'touched'"),
        forged: &[],
    },
    Table {
        name: "public.meta_event_rules",
        access: ["crd", "", "crud", "crud"],
        row: "event = '{k}'",
        columns: "product, event, conditions, meta_event, mapping",
        values: "'{p}', '{k}', '[]', 'Lead', '{}'",
        touch: ("meta_event", "'touched'"),
        forged: &[],
    },
    Table {
        name: "shared.meta_event_cursor",
        access: ["", "", "crud", "crud"],
        row: "name = 'made_{k}'",
        columns: "name, position",
        values: "'made_{k}', '{id}'",
        touch: ("position", "'00000000-0000-0000-0000-000000000001'"),
        forged: &[],
    },
    Table {
        name: "public.shared_events",
        access: ["cr", "r", "crud", "crud"],
        row: "message_id = '{k}'",
        columns: "id, product, type, event, message_id, user_id, timestamp, received_at",
        values: "acd.uuid_v7(), '{p}', 'track', 'Made', '{k}', '{u}', now(), now()",
        touch: ("event", "'touched'"),
        forged: &[],
    },
    Table {
        name: "public.conversion_rules",
        access: ["cru", "", "crud", "crud"],
        row: "name = '{k}'",
        columns: "product, name, event, effect, value_unit",
        values: "'{p}', '{k}', 'Made', 'conversion', 'major'",
        touch: ("ended_at", "'epoch'"),
        forged: &[(Role::Product, "update public.conversion_rules set product = '{q}'")],
    },
    Table {
        name: "public.shared_touch_origins",
        access: ["r", "", "crud", "crud"],
        row: "campaign = '{k}'",
        columns: "id, product, campaign",
        values: "hashtext('{k}'), '{p}', '{k}'",
        touch: ("medium", "'touched'"),
        forged: &[],
    },
    Table {
        name: "public.shared_touches",
        access: ["r", "", "crud", "crud"],
        row: "fbclid = '{k}'",
        columns: "id, product, person_id, origin_id, at, event_id, fbclid",
        values: "gen_random_uuid(), '{p}', '{u}', 1, now(), gen_random_uuid(), '{k}'",
        touch: ("fbp", "'touched'"),
        forged: &[],
    },
    Table {
        name: "public.shared_conversions",
        access: ["r", "", "crud", "crud"],
        row: "order_ref = '{k}'",
        columns: "event_id, rule_id, product, person_id, at, refund, order_ref",
        values: "gen_random_uuid(), '{u}', '{p}', '{u}', now(), false, '{k}'",
        touch: ("at", "'epoch'"),
        forged: &[],
    },
    Table {
        name: "shared.person",
        access: ["", "", "crud", "crud"],
        row: "id = '{id}'",
        columns: "id",
        values: "'{id}'",
        touch: ("traits", "'{\"touched\": true}'"),
        forged: &[],
    },
    Table {
        name: "shared.signature_nonce",
        access: ["", "", "crud", "crud"],
        row: "key = '{k}'",
        columns: "key, expires_at",
        values: "'{k}', now()",
        touch: ("expires_at", "'epoch'"),
        forged: &[],
    },
    Table {
        name: "shared.identity_link",
        access: ["", "", "crud", "crud"],
        row: "external_id = '{k}'",
        columns: "provider, product, external_id, person_id",
        values: "'user', '{p}', '{k}', '{u}'",
        touch: ("created_at", "'epoch'"),
        forged: &[],
    },
    Table {
        name: "shared.ads_pool",
        access: ["", "", "crud", "crud"],
        row: "scope = '{k}'",
        columns: "name, scope",
        values: "'meta.ad_account', '{k}'",
        touch: ("updated_at", "'epoch'"),
        forged: &[],
    },
    Table {
        name: "shared.meta_webhook",
        access: ["", "", "crud", "crud"],
        row: "body_hash = sha256('{k}')",
        columns: "body_hash, body, received_at",
        values: "sha256('{k}'), '{k}', now()",
        touch: ("error", "'touched'"),
        forged: &[],
    },
    Table {
        name: "public.ads_audience_switches",
        access: ["cr", "", "crud", "crud"],
        row: "request_id = '{k}'",
        columns: "product, is_enabled, changed_by, request_id",
        values: "'{p}', true, 'product', '{k}'",
        touch: ("is_enabled", "false"),
        forged: &[],
    },
    Table {
        name: "public.ads_audiences",
        access: ["cr", "", "crud", "crud"],
        row: "name = '{k}'",
        columns: "product, account, name, kind, source, renew_hours",
        values: "'{p}', 'act_1', '{k}', 'segment', '{}', 24",
        touch: ("people", "7"),
        forged: &[],
    },
    Table {
        name: "public.ads_sources",
        access: ["r", "", "crud", "crud"],
        row: "object_id = abs(hashtext('{k}'))::text",
        columns: "kind, object_id, product",
        values: "'page', abs(hashtext('{k}'))::text, '{p}'",
        touch: ("kind", "'form'"),
        forged: &[],
    },
    Table {
        name: "public.ads_notifications",
        access: ["r", "", "crud", "crud"],
        row: "object_id = '{k}'",
        columns: "digest, product, object, object_id, field, value, received_at",
        values: "sha256('{k}'), '{p}', 'page', '{k}', 'feed', '{}', now()",
        touch: ("field", "'touched'"),
        forged: &[],
    },
    Table {
        name: "public.ads_leads",
        access: ["r", "", "crud", "crud"],
        row: "lead_id = abs(hashtext('{k}'))::text",
        columns: "lead_id, product, page_id, form_id, received_at",
        values: "abs(hashtext('{k}'))::text, '{p}', '1', '2', now()",
        touch: ("last_error", "'touched'"),
        forged: &[],
    },
    Table {
        name: "public.ads_account_products",
        access: ["r", "", "crud", "crud"],
        row: "product = '{p}'",
        columns: "account, product",
        values: "'act_1', '{p}'",
        touch: ("weight", "7"),
        forged: &[],
    },
    Table {
        name: "public.ads_objects",
        access: ["r", "", "crud", "crud"],
        row: "idempotency_key = '{k}'",
        columns: "product, kind, account, idempotency_key, request_hash, busy_until",
        values: "'{p}', 'campaign', 'act_1', '{k}', sha256('{k}'), now()",
        touch: ("object_id", "'17'"),
        forged: &[],
    },
    Table {
        name: "public.ads_templates",
        access: ["crud", "", "crud", "crud"],
        row: "name = '{k}'",
        columns: "product, name, plan",
        values: "'{p}', '{k}', '{}'",
        touch: ("plan", "'{\"touched\": true}'"),
        forged: &[(Role::Product, "update public.ads_templates set product = '{q}'")],
    },
    Table {
        name: "public.ads_publications",
        access: ["r", "", "crud", "crud"],
        row: "id = '{id}'",
        columns: "id, product, account, request_hash",
        values: "'{id}', '{p}', 'act_1', sha256('{k}')",
        touch: ("name", "'touched'"),
        forged: &[],
    },
    Table {
        name: "public.ads_images",
        access: ["r", "", "crud", "crud"],
        row: "image_hash = '{k}'",
        columns: "product, account, content_hash, image_hash",
        values: "'{p}', 'act_1', sha256('{k}'), '{k}'",
        touch: ("created_at", "'epoch'"),
        forged: &[],
    },
    Table {
        name: "public.ads_publication_items",
        access: ["r", "", "crud", "crud"],
        row: "publication_id = '{u}' and key = '{k}'",
        columns: "publication_id, position, product, kind, key, object",
        values: "'{u}', length('{k}'), '{p}', 'ad', '{k}', '{}'",
        touch: ("object_id", "'17'"),
        forged: &[],
    },
    Table {
        name: "public.ads_insights_daily",
        access: ["r", "", "crud", "crud"],
        row: "campaign_id = '{k}'",
        columns:
            "account, level, object_id, day, product, campaign_id, currency, spend_minor, impressions, reach, clicks,
            link_clicks, video_plays, video_thruplays, video_p25, video_p50, video_p75, video_p100, actions,
            action_values_minor, read_at",
        values:
            "'act_1', 'campaign', abs(hashtext('{k}'))::text, '2026-01-01', '{p}', '{k}', 'USD', 1, 1, 1, 1, 1, 1, 1, 1,
            1, 1, 1, '{}', '{}', now()",
        touch: ("spend_minor", "7"),
        forged: &[],
    },
    Table {
        name: "public.ads_object_states",
        access: ["r", "", "crud", "crud"],
        row: "name = '{k}'",
        columns: "object_id, account, kind, product, name, read_at",
        values: "abs(hashtext('{k}'))::text, 'act_1', 'campaign', '{p}', '{k}', now()",
        touch: ("status", "'touched'"),
        forged: &[],
    },
    Table {
        name: "public.ads_changes",
        access: ["r", "", "crud", "crud"],
        row: "object_id = '{k}'",
        columns: "id, account, product, kind, object_id, field, detected_at",
        values: "gen_random_uuid(), 'act_1', '{p}', 'campaign', '{k}', 'status', now()",
        touch: ("new_value", "'touched'"),
        forged: &[],
    },
    Table {
        name: "shared.ads_own_changes",
        access: ["", "", "crud", "crud"],
        row: "object_id = '{k}'",
        columns: "id, object_id, fields, begun_at",
        values: "gen_random_uuid(), '{k}', '{}', now()",
        touch: ("settled_at", "'epoch'"),
        forged: &[],
    },
    Table {
        name: "shared.ads_account_syncs",
        access: ["", "", "crud", "crud"],
        row: "account = '{k}'",
        columns: "account, currency, time_zone, read_at",
        values: "'{k}', 'USD', 'UTC', now()",
        touch: ("ads_until", "'epoch'"),
        forged: &[],
    },
    Table {
        name: "shared.ads_insight_reads",
        access: ["", "", "crud", "crud"],
        row: "account = '{k}'",
        columns: "account, level",
        values: "'{k}', 'campaign'",
        touch: ("retry_at", "'epoch'"),
        forged: &[],
    },
];
