//! Reports: <https://developers.facebook.com/docs/marketing-api/insights>. The figures are made up, but always the same
//! for the same ad and day, and they add up: a campaign's are the sum of its ads'. As Meta's they are corrected later on:
//! purchases go on being reported for 28 days after the click.

use chrono::{Datelike as _, Days, NaiveDate, TimeDelta, Weekday};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::error::GraphError;
use super::kind::{self, Kind};
use super::nodes::{Node, Nodes};
use super::params::{Params, as_text};
use super::read;
use super::state::State;

/// How long a report is in the making, by the simulator's clock.
const TAKES: TimeDelta = TimeDelta::seconds(2);
/// How many months back there is data.
const MONTHS_BACK: u32 = 37;
/// What a report shows unasked.
pub(super) const SHOWN: &str =
    "account_id,async_status,async_percent_completion,time_ref,time_completed,date_start,date_stop,is_running";
const LEVELS: [&str; 4] = ["account", "campaign", "adset", "ad"];
/// Of a day's purchases, the share in percent that is reported so many days later.
const REPORTED: [(i64, u64); 5] = [(28, 100), (7, 95), (3, 90), (1, 80), (0, 60)];
/// Breakdowns: what a row is split by, and the share of each value in percent.
const BREAKDOWNS: [(&str, &[(&str, u64)]); 6] = [
    ("age", &[("18-24", 22), ("25-34", 34), ("35-44", 24), ("45-54", 12), ("55-64", 5), ("65+", 3)]),
    ("gender", &[("female", 54), ("male", 44), ("unknown", 2)]),
    ("country", &[("US", 70), ("CA", 20), ("GB", 10)]),
    ("publisher_platform", &[("facebook", 55), ("instagram", 40), ("messenger", 5)]),
    ("device_platform", &[("mobile", 88), ("desktop", 12)]),
    ("impression_device", &[("iphone", 50), ("android_smartphone", 38), ("desktop", 12)]),
];

/// What is counted; all of it adds up but the reach, which is estimated as Meta's is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Figures {
    cents: u64,
    impressions: u64,
    clicks: u64,
    purchases: u64,
}

impl Figures {
    /// What an ad did on a day, as it is reported today: its part of the budget, and a rate that varies by ad and day.
    fn of(ad: &Node, budget_cents: u64, day: NaiveDate, today: NaiveDate) -> Self {
        let seed = mix(ad.id ^ (u64::from(day.num_days_from_ce().unsigned_abs()) << 32));
        let cents = budget_cents * (80 + seed % 20) / 100;
        let impressions = cents * 1000 / (600 + (seed >> 8) % 900);
        let clicks = impressions * (8 + (seed >> 16) % 20) / 1000;
        let age = (today - day).num_days();
        let reported = REPORTED.iter().find(|(days, _)| *days <= age).map_or(0, |(_, percent)| *percent);
        Self { cents, impressions, clicks, purchases: clicks * (2 + (seed >> 24) % 4) / 100 * reported / 100 }
    }

    fn add(&mut self, other: Self) {
        self.cents += other.cents;
        self.impressions += other.impressions;
        self.clicks += other.clicks;
        self.purchases += other.purchases;
    }

    fn share(self, percent: u64) -> Self {
        let part = |all: u64| all * percent / 100;
        Self {
            cents: part(self.cents),
            impressions: part(self.impressions),
            clicks: part(self.clicks),
            purchases: part(self.purchases),
        }
    }

    fn reach(self) -> u64 {
        self.impressions * 4 / 5
    }

    /// The figure of this name, as text; none where Meta has none, as no cost of no click.
    fn value(self, name: &str) -> Option<Value> {
        let ratio = |over: f64, under: u64| (under > 0).then(|| json!(format!("{:.6}", over / under as f64)));
        let spend = self.cents as f64 / 100.0;
        let action = |kind: &str, count: String| json!({ "action_type": kind, "value": count });
        match name {
            "impressions" => Some(json!(self.impressions.to_string())),
            "reach" => Some(json!(self.reach().to_string())),
            "spend" => Some(json!(format!("{spend:.2}"))),
            "clicks" | "inline_link_clicks" | "unique_clicks" => Some(json!(self.clicks.to_string())),
            "ctr" | "inline_link_click_ctr" => ratio(self.clicks as f64 * 100.0, self.impressions),
            "cpc" | "cost_per_inline_link_click" => ratio(spend, self.clicks),
            "cpm" => ratio(spend * 1000.0, self.impressions),
            "cpp" => ratio(spend * 1000.0, self.reach()),
            "frequency" => ratio(self.impressions as f64, self.reach()),
            "video_play_actions" if self.impressions > 1 => {
                Some(json!([action("video_view", (self.impressions / 2).to_string())]))
            }
            "video_thruplay_watched_actions"
            | "video_p25_watched_actions"
            | "video_p50_watched_actions"
            | "video_p75_watched_actions"
            | "video_p100_watched_actions" => {
                let watched = self.impressions / 2 * watched_percent(name) / 100;
                (watched > 0).then(|| json!([action("video_view", watched.to_string())]))
            }
            "actions" if self.clicks > 0 => {
                let mut actions = vec![action("link_click", self.clicks.to_string())];
                if self.purchases > 0 {
                    actions.push(action("offsite_conversion.fb_pixel_purchase", self.purchases.to_string()));
                }
                Some(json!(actions))
            }
            "action_values" if self.purchases > 0 => {
                let value = format!("{:.2}", self.purchases as f64 * 49.9);
                Some(json!([action("offsite_conversion.fb_pixel_purchase", value)]))
            }
            "cost_per_action_type" if self.clicks > 0 => {
                Some(json!([action("link_click", format!("{:.6}", spend / self.clicks as f64))]))
            }
            "purchase_roas" if self.purchases > 0 && self.cents > 0 => {
                let roas = self.purchases as f64 * 49.9 / spend;
                Some(json!([action("omni_purchase", format!("{roas:.6}"))]))
            }
            _ => None,
        }
    }
}

/// Of the plays of a video, the share in percent that go so far.
fn watched_percent(metric: &str) -> u64 {
    match metric {
        "video_p25_watched_actions" => 60,
        "video_p50_watched_actions" => 40,
        "video_p75_watched_actions" => 30,
        "video_p100_watched_actions" => 20,
        _ => 35,
    }
}

/// SplitMix64's finaliser: neighbouring ids and days give unlike figures.
pub(super) const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// `GET …/insights`: at once, or the rows of a finished report.
pub(super) fn read(state: &State, call: &Call, node: &Node) -> Result<Option<Value>, GraphError> {
    let url = read::edge_url(&call.base, node, "insights");
    if node.kind == Kind::AdReportRun {
        if percent_done(node, call) < 100 {
            return Err(GraphError::new(
                2601,
                "(#2601) The report is not ready: its async_status is not Job Completed",
            ));
        }
        let asked = node.fields.get("asked").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut params = Params::default();
        asked.iter().for_each(|(name, value)| params.add(name, value.clone()));
        let target = state
            .nodes
            .find(node.text("target"))
            .ok_or_else(|| GraphError::no_such_object("GET", node.text("target")))?;
        let rows = rows(&state.nodes, target, &params, node.created.date_naive())?;
        return page(&rows, &call.params, &url).map(Some);
    }
    if !matches!(node.kind, Kind::AdAccount | Kind::Campaign | Kind::AdSet | Kind::Ad) {
        return Ok(None);
    }
    page(&rows(&state.nodes, node, &call.params, call.now.date_naive())?, &call.params, &url).map(Some)
}

/// `POST …/insights`: a report in the making.
pub(super) fn start(state: &mut State, call: &Call, node: &Node) -> Result<Option<Value>, GraphError> {
    if !matches!(node.kind, Kind::AdAccount | Kind::Campaign | Kind::AdSet | Kind::Ad) {
        return Ok(None);
    }
    let today = call.now.date_naive();
    rows(&state.nodes, node, &call.params, today)?;
    let (since, until) = range(&call.params, today)?;
    let asked: Map<String, Value> = call
        .params
        .names()
        .filter(|name| !matches!(*name, "access_token" | "appsecret_proof"))
        .filter_map(|name| Some((name.to_owned(), json!(call.params.text(name)?))))
        .collect();
    let owner = if node.kind == Kind::AdAccount { node.id } else { node.owner };
    let fields = json!({
        "target": node.public_id(), "asked": asked, "time_ref": call.now.timestamp(),
        "date_start": since.to_string(), "date_stop": until.to_string(),
    });
    let fields = fields.as_object().cloned().unwrap_or_default();
    let id = state.nodes.create(Kind::AdReportRun, owner, fields, call.now).id;
    Ok(Some(json!({ "report_run_id": id.to_string() })))
}

/// How far a report is.
pub(super) fn percent_done(run: &Node, call: &Call) -> i64 {
    ((call.now - run.created).num_milliseconds() * 100 / TAKES.num_milliseconds()).clamp(0, 100)
}

/// The members of a report that change with time.
pub(super) fn progress(run: &Node, call: &Call) -> Map<String, Value> {
    let percent = percent_done(run, call);
    let status = match percent {
        0 => "Job Not Started",
        1..=99 => "Job Running",
        _ => "Job Completed",
    };
    let mut fields =
        json!({ "async_status": status, "async_percent_completion": percent, "is_running": percent < 100 });
    if percent == 100 {
        fields["time_completed"] = json!((run.created + TAKES).timestamp());
    }
    fields.as_object().cloned().unwrap_or_default()
}

fn page(rows: &[Value], params: &Params, url: &str) -> Result<Value, GraphError> {
    let numbered: Vec<(u64, &Value)> = (1..=rows.len() as u64).rev().zip(rows).collect();
    read::page(&numbered, params, url, |(number, _)| *number, |(_, row)| Ok((*row).clone()))
}

fn rows(nodes: &Nodes, target: &Node, params: &Params, today: NaiveDate) -> Result<Vec<Value>, GraphError> {
    let own = match target.kind {
        Kind::AdAccount => "account",
        Kind::Campaign => "campaign",
        Kind::AdSet => "adset",
        _ => "ad",
    };
    let level = params.text("level").unwrap_or_else(|| own.to_owned());
    if !LEVELS.contains(&level.as_str()) {
        return Err(GraphError::invalid("level", format!("must be one of {{{}}}", LEVELS.join(", "))));
    }
    let fields = wanted_fields(params)?;
    let breakdowns = breakdowns(params)?;
    let (since, until) = range(params, today)?;
    let mut ads: Vec<&Node> =
        if target.kind == Kind::Ad { vec![target] } else { read::children(nodes, target, Kind::Ad) };
    ads.retain(|ad| nodes.effective_status(ad) == "ACTIVE");
    let account = if target.kind == Kind::AdAccount { Some(target) } else { nodes.get(target.owner) };
    let mut rows = Vec::new();
    for (from, to) in periods(since, until, params)? {
        let mut groups: Vec<(Option<&Node>, Figures)> = Vec::new();
        for ad in &ads {
            let group = match level.as_str() {
                "account" => account,
                "campaign" => ad.link("campaign_id").and_then(|id| nodes.get(id)),
                "adset" => ad.link("adset_id").and_then(|id| nodes.get(id)),
                _ => Some(*ad),
            };
            let figures = delivered(nodes, ad, (from, to), today);
            match groups.iter_mut().find(|(known, _)| known.map(|node| node.id) == group.map(|node| node.id)) {
                Some((_, sum)) => sum.add(figures),
                None => groups.push((group, figures)),
            }
        }
        for (group, figures) in groups.iter().filter(|(_, figures)| figures.impressions > 0) {
            for (values, figures) in split(*figures, &breakdowns) {
                rows.push(row(nodes, account, *group, &fields, figures, &values, (from, to)));
            }
        }
    }
    sort(&mut rows, params);
    Ok(rows)
}

/// What an ad did from one day to another: it shares its budget with the other ads, and began on the day it was made.
fn delivered(nodes: &Nodes, ad: &Node, (from, to): (NaiveDate, NaiveDate), today: NaiveDate) -> Figures {
    let budget = |id: Option<u64>| {
        let above = id.and_then(|id| nodes.get(id))?;
        let cents = |name| above.text(name).parse::<u64>().ok();
        let budget = cents("daily_budget").or_else(|| Some(cents("lifetime_budget")? / 30))?;
        let sharing = read::children(nodes, above, Kind::Ad);
        Some(budget / sharing.iter().filter(|ad| nodes.effective_status(ad) == "ACTIVE").count().max(1) as u64)
    };
    let cents = budget(ad.link("adset_id")).or_else(|| budget(ad.link("campaign_id"))).unwrap_or_default();
    let mut sum = Figures::default();
    from.max(ad.created.date_naive())
        .iter_days()
        .take_while(|day| *day <= to.min(today))
        .for_each(|day| sum.add(Figures::of(ad, cents, day, today)));
    sum
}

fn wanted_fields(params: &Params) -> Result<Vec<String>, GraphError> {
    let fields: Vec<String> = read::selection(params)?.into_iter().map(|field| field.name).collect();
    if let Some(unknown) = fields.iter().find(|name| !kind::has_field("AdsInsights", name)) {
        return Err(GraphError::new(100, format!("(#100) {unknown} is not valid for fields param.")));
    }
    Ok(if fields.is_empty() { vec!["impressions".to_owned(), "spend".to_owned()] } else { fields })
}

type Breakdown = (&'static str, &'static [(&'static str, u64)]);

fn breakdowns(params: &Params) -> Result<Vec<Breakdown>, GraphError> {
    let wanted = params.texts("breakdowns");
    let known = wanted.iter().map(|name| {
        let found = BREAKDOWNS.iter().find(|(known, _)| known == name).copied();
        found.ok_or_else(|| GraphError::invalid("breakdowns", format!("must not hold {name}")))
    });
    let known: Vec<_> = known.collect::<Result<_, _>>()?;
    let is_combined = |name: &str| matches!(name, "age" | "gender");
    if known.len() > 1 && !known.iter().all(|(name, _)| is_combined(name)) {
        let columns = wanted.join(", ");
        let message = format!("(#2) The combination of the breakdowns {columns} is invalid");
        return Err(GraphError::new(2, message).subcode(Some(1_504_041)).status(400));
    }
    Ok(known)
}

/// Splits figures by every combination of the breakdowns' values; parts without impressions give no row.
fn split(all: Figures, breakdowns: &[Breakdown]) -> Vec<(Map<String, Value>, Figures)> {
    let mut parts = vec![(Map::new(), all)];
    for (name, values) in breakdowns {
        parts = parts
            .into_iter()
            .flat_map(|(keys, figures)| {
                values.iter().map(move |(value, percent)| {
                    let mut keys = keys.clone();
                    keys.insert((*name).to_owned(), json!(value));
                    (keys, figures.share(*percent))
                })
            })
            .filter(|(_, figures)| figures.impressions > 0)
            .collect();
    }
    parts
}

fn row(
    nodes: &Nodes,
    account: Option<&Node>,
    group: Option<&Node>,
    fields: &[String],
    figures: Figures,
    breakdown: &Map<String, Value>,
    (from, to): (NaiveDate, NaiveDate),
) -> Value {
    let mut row = Map::new();
    let above = |kind: Kind, link: &str| {
        group
            .filter(|node| node.kind == kind)
            .or_else(|| nodes.get(group?.link(link)?))
            .filter(|node| node.kind == kind)
    };
    for field in fields {
        let node = match field.split_once('_').map_or("", |(prefix, _)| prefix) {
            "account" => account,
            "campaign" => above(Kind::Campaign, "campaign_id"),
            "adset" => above(Kind::AdSet, "adset_id"),
            "ad" => above(Kind::Ad, "ad_id"),
            _ => None,
        };
        let value = match field.as_str() {
            "objective" | "buying_type" => {
                above(Kind::Campaign, "campaign_id").and_then(|node| node.fields.get(field).cloned())
            }
            "optimization_goal" => above(Kind::AdSet, "adset_id").and_then(|node| node.fields.get(field).cloned()),
            "date_start" | "date_stop" => None,
            name if name.ends_with("_id") => node.map(|node| json!(node.id.to_string())),
            name if name.ends_with("_name") => node.and_then(|node| node.fields.get("name").cloned()),
            "account_currency" => node.and_then(|node| node.fields.get("currency").cloned()),
            name => figures.value(name),
        };
        row.extend(value.map(|value| (field.clone(), value)));
    }
    row.extend(breakdown.clone());
    row.insert("date_start".into(), json!(from.to_string()));
    row.insert("date_stop".into(), json!(to.to_string()));
    Value::Object(row)
}

fn sort(rows: &mut [Value], params: &Params) {
    if let Some((field, is_falling)) = params.texts("sort").first().and_then(|sort| {
        let falling = sort.strip_suffix("_descending").map(|field| (field.to_owned(), true));
        falling.or_else(|| Some((sort.strip_suffix("_ascending")?.to_owned(), false)))
    }) {
        let number =
            |row: &Value| row.get(&field).map(as_text).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
        rows.sort_by(|a, b| number(a).total_cmp(&number(b)));
        if is_falling {
            rows.reverse();
        }
    }
}

/// The first and the last day that are asked for.
fn range(params: &Params, today: NaiveDate) -> Result<(NaiveDate, NaiveDate), GraphError> {
    if let Some(range) = params.json("time_range") {
        let day = |name| range.get(name).and_then(Value::as_str).and_then(|text| text.parse::<NaiveDate>().ok());
        let (Some(since), Some(until)) = (day("since"), day("until")) else {
            return Err(GraphError::invalid(
                "time_range",
                "must be {\"since\":\"YYYY-MM-DD\",\"until\":\"YYYY-MM-DD\"}",
            ));
        };
        if since > until {
            return Err(GraphError::invalid("time_range", "must begin before it ends"));
        }
        if today.checked_sub_months(chrono::Months::new(MONTHS_BACK)).is_some_and(|oldest| since < oldest) {
            let message = "(#3018) The start date of the time range cannot be beyond 37 months from the current date";
            return Err(GraphError::new(3018, message));
        }
        return Ok((since, until));
    }
    let preset = params.text("date_preset").unwrap_or_else(|| "last_30d".to_owned());
    preset_range(&preset, today).ok_or_else(|| GraphError::invalid("date_preset", format!("must not be {preset}")))
}

fn preset_range(preset: &str, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let back = |days| today.checked_sub_days(Days::new(days));
    let yesterday = back(1)?;
    let month = today.with_day(1)?;
    let year = month.with_month(1)?;
    let quarter = month.with_month((month.month0() / 3) * 3 + 1)?;
    let monday = today.week(Weekday::Mon).first_day();
    let sunday = today.week(Weekday::Sun).first_day();
    let earlier = |first: NaiveDate, months| first.checked_sub_months(chrono::Months::new(months));
    Some(match preset {
        "today" => (today, today),
        "yesterday" => (yesterday, yesterday),
        "this_month" => (month, today),
        "last_month" => (earlier(month, 1)?, month.pred_opt()?),
        "this_quarter" => (quarter, today),
        "last_quarter" => (earlier(quarter, 3)?, quarter.pred_opt()?),
        "this_year" => (year, today),
        "last_year" => (earlier(year, 12)?, year.pred_opt()?),
        "last_3d" => (back(3)?, yesterday),
        "last_7d" => (back(7)?, yesterday),
        "last_14d" => (back(14)?, yesterday),
        "last_28d" => (back(28)?, yesterday),
        "last_30d" => (back(30)?, yesterday),
        "last_90d" => (back(90)?, yesterday),
        "this_week_mon_today" => (monday, today),
        "this_week_sun_today" => (sunday, today),
        "last_week_mon_sun" => (monday.checked_sub_days(Days::new(7))?, monday.pred_opt()?),
        "last_week_sun_sat" => (sunday.checked_sub_days(Days::new(7))?, sunday.pred_opt()?),
        "maximum" | "data_maximum" => (earlier(today, MONTHS_BACK)?, today),
        _ => return None,
    })
}

/// The range in parts of `time_increment` days or of calendar months.
fn periods(since: NaiveDate, until: NaiveDate, params: &Params) -> Result<Vec<(NaiveDate, NaiveDate)>, GraphError> {
    let increment = params.text("time_increment").unwrap_or_else(|| "all_days".to_owned());
    let wrong = || GraphError::invalid("time_increment", "must be 1 to 90, monthly or all_days");
    let last_of = |first: NaiveDate| match increment.as_str() {
        "all_days" => Some(until),
        "monthly" => first.with_day(1)?.checked_add_months(chrono::Months::new(1))?.pred_opt(),
        days => match days.parse() {
            Ok(days @ 1..=90) => first.checked_add_days(Days::new(days - 1)),
            _ => None,
        },
    };
    let (mut parts, mut first) = (Vec::new(), since);
    while first <= until {
        let last = last_of(first).ok_or_else(wrong)?.min(until);
        parts.push((first, last));
        first = last.succ_opt().ok_or_else(wrong)?;
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn presets_are_whole_days_before_today() {
        let today = day("2026-03-18");
        for (preset, from, to) in [
            ("last_7d", "2026-03-11", "2026-03-17"),
            ("last_month", "2026-02-01", "2026-02-28"),
            ("last_quarter", "2025-10-01", "2025-12-31"),
            ("last_week_mon_sun", "2026-03-09", "2026-03-15"),
            ("this_week_sun_today", "2026-03-15", "2026-03-18"),
        ] {
            assert_eq!(preset_range(preset, today), Some((day(from), day(to))), "{preset}");
        }
        assert_eq!(preset_range("last_5d", today), None);
    }

    #[test]
    fn increments_cut_the_range_into_parts_without_gaps() {
        let parts = |increment: &str| {
            let mut params = Params::default();
            params.add("time_increment", json!(increment));
            periods(day("2026-01-30"), day("2026-02-02"), &params).map(|parts| parts.len()).map_err(|error| error.code)
        };
        assert_eq!([parts("1"), parts("3"), parts("monthly"), parts("all_days")], [Ok(4), Ok(2), Ok(2), Ok(1)]);
        assert_eq!([parts("0"), parts("91"), parts("weekly")], [Err(100); 3]);
    }

    #[test]
    fn purchases_go_on_being_reported_and_nothing_else_changes() {
        let mut nodes = Nodes::default();
        let ad = nodes.create(Kind::Ad, 1, Map::new(), "2026-03-01T00:00:00Z".parse().unwrap()).clone();
        let told = |today: &str| Figures::of(&ad, 10_000_000, day("2026-03-01"), day(today));
        let purchases = ["2026-03-01", "2026-03-02", "2026-03-04", "2026-03-08", "2026-03-29", "2026-04-29"]
            .map(|today| told(today).purchases);
        assert!(purchases[..5].is_sorted_by(|a, b| a < b) && purchases[4] == purchases[5], "{purchases:?}");
        assert_eq!(told("2026-03-01").clicks, told("2026-04-29").clicks);
    }

    #[test]
    fn parts_of_a_breakdown_never_exceed_the_whole() {
        let all = Figures { cents: 1001, impressions: 999, clicks: 37, purchases: 3 };
        for breakdown in BREAKDOWNS {
            let sum: u64 = split(all, &[breakdown]).iter().map(|(_, part)| part.impressions).sum();
            assert!(sum <= all.impressions && sum + breakdown.1.len() as u64 >= all.impressions, "{}", breakdown.0);
        }
    }
}
