//! A visit, and the steps of it as events.

use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::calendar::Day;
use super::catalog::{BROWSERS, Origin, Product};
use super::people::{Adoption, Plan, User};
use super::random::Random;
use super::rows::{EventRow, traits};

/// Who is there, where, and with what.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    pub(super) product: &'static Product,
    /// None until they are known.
    pub(super) user: Option<&'a User>,
    pub(super) anonymous_id: Uuid,
    /// How they got to this page; none when they were there already.
    pub(super) origin: Option<&'static Origin>,
    pub(super) browser: &'static str,
    pub(super) locale: &'static str,
    pub(super) timezone: &'static str,
    pub(super) ip: &'a str,
}

/// One thing done during a visit.
pub(super) enum Step {
    /// A page: path and title.
    Page((&'static str, &'static str)),
    Track(&'static str, Value),
    Identify(Value),
}

impl Step {
    pub(super) fn signed_up(adoption: &Adoption) -> Self {
        let plan = adoption.standing(Day(adoption.day.0 + 1)).map_or("free", |standing| standing.plan);
        Self::Track("Signed Up", json!({ "plan": plan, "role": adoption.role }))
    }

    pub(super) fn identify(user: &User, adoption: &Adoption) -> Self {
        let plan = adoption.standing(Day(adoption.day.0 + 1)).map_or("free", |standing| standing.plan);
        Self::Identify(traits(user, plan))
    }

    /// Something about money. Revenue is named and counted as in Segment's specification: US dollars.
    pub(super) fn paid(event: &'static str, plan: Plan, order: Option<Uuid>) -> Self {
        let mut properties = json!({ "plan": plan.as_str(), "currency": "USD" });
        if let Some(order) = order {
            properties["revenue"] = plan.price().into();
            properties["order_id"] = order.simple().to_string().into();
        }
        Self::Track(event, properties)
    }

    pub(super) fn trial_ended(adoption: &Adoption) -> Self {
        let started = adoption.at.to_rfc3339_opts(SecondsFormat::Secs, true);
        Self::Track("Trial Ended", json!({ "converted": false, "trial_started_at": started }))
    }

    pub(super) fn action(event: &'static str, random: &mut Random) -> Self {
        let properties = json!({
            "project_id": format!("prj_{:08x}", random.next() >> 32),
            "duration_ms": random.between(120, 45_000),
            "items": random.between(1, 24),
        });
        Self::Track(event, properties)
    }
}

impl<'a> Visit<'a> {
    pub(super) fn of_user(user: &'a User, adoption: &Adoption, random: &mut Random) -> Self {
        Self {
            product: adoption.product,
            user: Some(user),
            anonymous_id: adoption.anonymous_id,
            origin: None,
            browser: random.pick(&BROWSERS),
            locale: user.locale,
            timezone: user.timezone,
            ip: &user.ip,
        }
    }

    /// The step as it is stored.
    pub(super) fn event(&self, day: Day, place: usize, step: Step) -> EventRow {
        let mut random = Random::of("event", [day.0, i64::try_from(place).unwrap_or_default()]);
        let received_at = day.moment(place);
        let sent_at = received_at - TimeDelta::milliseconds(random.between(15, 250));
        let timestamp = sent_at - TimeDelta::milliseconds(random.between(1, 4_000));
        let (kind, event, properties, traits, page) = match step {
            Step::Page((path, title)) => {
                let properties = json!({ "path": path, "title": title });
                ("page", Some(title), Some(properties), None, Some((path, title)))
            }
            Step::Track(event, properties) => ("track", Some(event), Some(properties), None, None),
            Step::Identify(traits) => ("identify", None, None, Some(traits), None),
        };
        let [utm_source, utm_medium, utm_campaign, utm_term, utm_content] = self.utm();
        let url = page.map(|(path, _)| self.url(path));
        EventRow {
            id: random.uuid_at(received_at),
            product: self.product.slug,
            kind,
            event,
            message_id: format!("ajs-next-{}-{}", timestamp.timestamp_millis(), random.uuid()),
            user_id: self.user.map(|user| user.id.to_string()),
            anonymous_id: self.anonymous_id.to_string(),
            timestamp,
            original_timestamp: timestamp,
            sent_at,
            received_at,
            properties,
            traits,
            context: self.context(page, url.as_deref()),
            utm_source,
            utm_medium,
            utm_campaign,
            utm_term,
            utm_content,
            referrer: self.referrer(),
            url,
        }
    }

    fn utm(&self) -> [Option<&'static str>; 5] {
        let present = |text: &'static str| (!text.is_empty()).then_some(text);
        self.origin.map(|origin| origin.utm.map(present)).unwrap_or_default()
    }

    fn referrer(&self) -> Option<&'static str> {
        self.origin.map(|origin| origin.referrer).filter(|referrer| !referrer.is_empty())
    }

    fn url(&self, path: &str) -> String {
        let names = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"];
        let pairs = names.into_iter().zip(self.utm()).filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        let query = pairs.collect::<Vec<_>>().join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        format!("https://{}{path}{mark}{query}", self.product.domain)
    }

    fn context(&self, page: Option<(&str, &str)>, url: Option<&str>) -> Value {
        let mut context = json!({
            "ip": self.ip,
            "userAgent": self.browser,
            "locale": self.locale,
            "timezone": self.timezone,
            "library": { "name": "analytics.js", "version": "next-1.81.1" },
            "app": { "name": self.product.name },
        });
        if let Some((path, title)) = page {
            context["page"] = json!({ "path": path, "title": title, "url": url, "referrer": self.referrer() });
        }
        // Segment's names: the campaign itself is `name`.
        let names = ["source", "medium", "name", "term", "content"];
        let campaign: Map<String, Value> = names
            .into_iter()
            .zip(self.utm())
            .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
            .collect();
        if !campaign.is_empty() {
            context["campaign"] = campaign.into();
        }
        context
    }
}
