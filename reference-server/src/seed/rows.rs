//! Rows as the tables have them: a field is a column.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::calendar::Day;
use super::people::{People, User};

/// A row of one table.
pub(super) trait Row: Serialize {
    const TABLE: &'static str;
    const COLUMNS: &'static str;
}

macro_rules! row {
    ($(#[$doc:meta])* $name:ident of $table:literal { $($column:ident $(as $sql:literal)?: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, PartialEq)]
        pub(super) struct $name {
            $($(#[serde(rename = $sql)])? pub(super) $column: $kind,)*
        }

        impl Row for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static str = row!(@names $($column $($sql)?,)*);
        }
    };
    (@names $first:ident $($sql:literal)?, $($rest:tt)*) => {
        concat!(row!(@name $first $($sql)?), row!(@more $($rest)*))
    };
    (@more $next:ident $($sql:literal)?, $($rest:tt)*) => {
        concat!(", ", row!(@name $next $($sql)?), row!(@more $($rest)*))
    };
    (@more) => { "" };
    (@name $column:ident $sql:literal) => { $sql };
    (@name $column:ident) => { stringify!($column) };
}

row!(UserRow of "public.shared_users" {
    id: Uuid,
    email: String,
    name: String,
    avatar_url: String,
    locale: &'static str,
    timezone: &'static str,
    signup_product: &'static str,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
});

row!(EntitlementRow of "public.shared_entitlements" {
    user_id: Uuid,
    product: &'static str,
    plan: &'static str,
    role: &'static str,
    status: &'static str,
    source: &'static str,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
});

row!(PersonRow of "shared.person" {
    id: Uuid,
    traits: Value,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
});

row!(LinkRow of "shared.identity_link" {
    id: Uuid,
    provider: &'static str,
    product: Option<&'static str>,
    external_id: String,
    person_id: Uuid,
    created_at: DateTime<Utc>,
});

row!(AssetRow of "public.shared_assets" {
    id: Uuid,
    product: &'static str,
    owner_id: Uuid,
    kind as "type": &'static str,
    source: &'static str,
    content_hash: String,
    size_bytes: i64,
    url: String,
    thumbnail_url: Option<String>,
    metadata: Value,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
});

row!(EventRow of "public.shared_events" {
    id: Uuid,
    product: &'static str,
    kind as "type": &'static str,
    event: Option<&'static str>,
    message_id: String,
    user_id: Option<String>,
    anonymous_id: String,
    timestamp: DateTime<Utc>,
    original_timestamp: DateTime<Utc>,
    sent_at: DateTime<Utc>,
    received_at: DateTime<Utc>,
    properties: Option<Value>,
    traits: Option<Value>,
    context: Value,
    utm_source: Option<&'static str>,
    utm_medium: Option<&'static str>,
    utm_campaign: Option<&'static str>,
    utm_term: Option<&'static str>,
    utm_content: Option<&'static str>,
    referrer: Option<&'static str>,
    url: Option<String>,
});

/// What products know of a user, as they told it when they identified them.
pub(super) fn traits(user: &User, plan: &str) -> Value {
    json!({ "email": user.email, "name": user.name, "plan": plan })
}

pub(super) fn users(people: &People) -> Vec<UserRow> {
    let row = |user: &User| UserRow {
        id: user.id,
        email: user.email.clone(),
        name: user.name.clone(),
        avatar_url: format!("https://avatars.example.com/{}.png", user.id.simple()),
        locale: user.locale,
        timezone: user.timezone,
        signup_product: user.signup().product.slug,
        created_at: user.signup().at,
        updated_at: user.signup().at,
    };
    people.all().iter().map(row).collect()
}

pub(super) fn entitlements(people: &People, until: Day) -> Vec<EntitlementRow> {
    let rows = people.all().iter().flat_map(|user| {
        user.adoptions.iter().filter_map(|adoption| {
            let standing = adoption.standing(until)?;
            Some(EntitlementRow {
                user_id: user.id,
                product: adoption.product.slug,
                plan: standing.plan,
                role: adoption.role,
                status: standing.status,
                source: standing.source,
                expires_at: standing.expires_at,
                created_at: adoption.at,
                updated_at: adoption.at,
            })
        })
    });
    rows.collect()
}

pub(super) fn persons(people: &People, until: Day) -> Vec<PersonRow> {
    let row = |user: &User| {
        let known = user.adoptions.iter().filter_map(|adoption| {
            Some((adoption.product.slug.to_owned(), traits(user, adoption.standing(until)?.plan)))
        });
        let created_at = user.signup().at;
        PersonRow { id: user.person, traits: Value::Object(known.collect()), created_at, updated_at: created_at }
    };
    people.all().iter().map(row).collect()
}

pub(super) fn links(people: &People, until: Day) -> Vec<LinkRow> {
    let mut rows = Vec::new();
    for user in people.all() {
        let mut random = super::random::Random::of("links", [user.signup().day.0, user.signup().at.timestamp_millis()]);
        let mut link = |provider, product, external_id, created_at| {
            let id = random.uuid_at(created_at);
            rows.push(LinkRow { id, provider, product, external_id, person_id: user.person, created_at });
        };
        link("email", None, user.email.clone(), user.signup().at);
        for adoption in user.adoptions.iter().filter(|adoption| adoption.day < until) {
            link("user", Some(adoption.product.slug), user.id.to_string(), adoption.at);
            link("anonymous", Some(adoption.product.slug), adoption.anonymous_id.to_string(), adoption.at);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_in_sql_and_as_in_json() {
        assert!(AssetRow::COLUMNS.starts_with("id, product, owner_id, type, source"));
        let people = People::before(Day(20_000));
        let json = serde_json::to_value(&links(&people, Day(20_000))[0]).unwrap();
        let names: Vec<&str> = LinkRow::COLUMNS.split(", ").collect();
        assert!(names.iter().all(|name| json.get(name).is_some()) && json.as_object().unwrap().len() == names.len());
    }
}
