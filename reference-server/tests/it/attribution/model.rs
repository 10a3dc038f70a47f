//! The report in SQL beside a plain model of it in memory, over random stories.

use std::collections::BTreeMap;

use acd_platform::attribution::{AttributionModel, Credit, GetReport, MoneySum, Window};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::{NOON, Product, Two, rows, source};

const STORIES: usize = 12;
const PRODUCTS: [&str; 2] = ["pct", "gapradar"];

/// One step of a story: in which product, and how many seconds before noon it happened.
#[derive(Clone, Debug)]
enum Step {
    /// An id came from a source.
    Touch { product: usize, id: usize, source: usize, ago: i64 },
    /// A user bought or gave back.
    Order { product: usize, user: usize, ago: i64, order: usize, cents: i64, refund: bool },
    /// Two users of a product are one.
    Alias { product: usize, one: usize, other: usize },
    /// A user of one product has the address of a user of the other.
    Address { product: usize, user: usize, address: usize },
}

/// Ids are few and times lie on a coarse grid, so that steps meet in the same person, second and half hour.
fn step() -> impl Strategy<Value = Step> {
    let product = 0..PRODUCTS.len();
    let ago = (0_i64..7 * 24 * 4).prop_map(|quarter| quarter * 900);
    prop_oneof![
        6 => (product.clone(), 0..8_usize, 0..5_usize, ago.clone())
            .prop_map(|(product, id, source, ago)| Step::Touch { product, id, source, ago }),
        6 => (product.clone(), 0..8_usize, ago, 0..6_usize, 0..10_000_i64, proptest::bool::weighted(0.3))
            .prop_map(|(product, user, ago, order, cents, refund)| Step::Order { product, user, ago, order, cents, refund }),
        1 => (product.clone(), 0..8_usize, 0..8_usize).prop_map(|(product, one, other)| Step::Alias { product, one, other }),
        2 => (product, 0..8_usize, 0..4_usize).prop_map(|(product, user, address)| Step::Address { product, user, address }),
    ]
}

fn at(ago: i64) -> DateTime<Utc> {
    NOON.parse::<DateTime<Utc>>().unwrap() - TimeDelta::seconds(ago)
}

impl Step {
    fn event(&self) -> Value {
        let user = |id: usize| format!("u-{id}");
        match self {
            Self::Touch { id, source, ago, .. } => json!({ "type": "page", "userId": user(*id), "timestamp": at(*ago),
                "context": { "page": { "url": format!("https://x.test/?utm_source=s-{source}") } } }),
            Self::Order { user: id, ago, order, cents, refund, .. } => {
                json!({ "type": "track", "userId": user(*id), "timestamp": at(*ago),
                "event": if *refund { "Order Refunded" } else { "Order Completed" },
                "properties": { "order_id": order, "revenue": *cents as f64 / 100.0, "currency": "USD" } })
            }
            Self::Alias { one, other, .. } => {
                json!({ "type": "alias", "userId": user(*one), "previousId": user(*other) })
            }
            Self::Address { user: id, address, .. } => {
                json!({ "type": "identify", "userId": user(*id), "traits": { "email": format!("a-{address}@example.com") } })
            }
        }
    }

    fn product(&self) -> usize {
        match self {
            Self::Touch { product, .. }
            | Self::Order { product, .. }
            | Self::Alias { product, .. }
            | Self::Address { product, .. } => *product,
        }
    }
}

/// What the report must say, from the steps alone and from who is who as the persons API tells.
fn expected(
    steps: &[Step],
    person_of: &BTreeMap<(usize, usize), String>,
    product: usize,
    model: AttributionModel,
    window: Window,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> (BTreeMap<String, Credit>, Credit) {
    // A visit is an id, a source and a half hour, at its earliest moment.
    let mut visits: BTreeMap<(usize, usize, usize, i64), DateTime<Utc>> = BTreeMap::new();
    for step in steps {
        if let Step::Touch { product, id, source, ago } = step {
            let time = at(*ago);
            let visit = visits.entry((*product, *id, *source, time.timestamp() / 1_800)).or_insert(time);
            *visit = time.min(*visit);
        }
    }
    let orders: Vec<(usize, usize, DateTime<Utc>, usize, i64, bool)> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Order { product, user, ago, order, cents, refund } => {
                Some((*product, *user, at(*ago), *order, *cents, *refund))
            }
            _ => None,
        })
        .filter(|order| order.0 == product)
        .collect();
    let mut credits: BTreeMap<String, (u64, u64, i64, i64)> = BTreeMap::new();
    for (_, user, time, order, cents, refund) in &orders {
        let original = orders
            .iter()
            .enumerate()
            .filter(|(_, other)| *refund && !other.5 && other.3 == *order)
            // Of several of the same time the one whose event came first.
            .min_by_key(|(index, other)| (other.2, *index));
        let (user, time) = original.map_or((*user, *time), |(_, other)| (other.1, other.2));
        if time < from || time >= to {
            continue;
        }
        let person = &person_of[&(product, user)];
        let touches = visits.iter().filter_map(|((touched, id, source, _), visit)| {
            let own = person_of[&(*touched, *id)] == *person;
            let within = *visit <= time && *visit >= time - TimeDelta::days(window.days().into());
            (own && within).then_some((*visit, *source))
        });
        // Sources of the same moment are told apart by nothing that the caller knows: such stories are not asked.
        let best = match model {
            AttributionModel::FirstTouch => touches.min_by_key(|(visit, _)| *visit),
            _ => touches.max_by_key(|(visit, _)| *visit),
        };
        let credit = credits.entry(best.map_or(String::new(), |(_, source)| format!("s-{source}"))).or_default();
        if *refund {
            credit.1 += 1;
            credit.3 += cents;
        } else {
            credit.0 += 1;
            credit.2 += cents;
        }
    }
    let credit = |(conversions, refunds, revenue, refunded): (u64, u64, i64, i64)| {
        let money = MoneySum {
            currency: "USD".to_owned(),
            revenue_minor: revenue,
            refunded_minor: refunded,
            net_minor: revenue - refunded,
        };
        let values = if (revenue, refunded) == (0, 0) { Vec::new() } else { vec![money] };
        Credit { conversions, refunds, values }
    };
    let unattributed = credit(credits.remove("").unwrap_or_default());
    (credits.into_iter().map(|(name, sums)| (name, credit(sums))).collect(), unattributed)
}

/// Two sources of the same moment would tie, and each touch lies on a quarter of an hour: give each source its own second.
fn apart(mut steps: Vec<Step>) -> Vec<Step> {
    for step in &mut steps {
        if let Step::Touch { source, ago, .. } = step {
            *ago += i64::try_from(*source).unwrap();
        }
    }
    steps
}

#[tokio::test]
async fn the_report_is_that_of_a_plain_model_over_random_stories() {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let stories = proptest::collection::vec(step(), 20..80).prop_map(apart);
    let mut credited = 0;
    for story in 0..STORIES {
        let steps = stories.new_tree(&mut runner).unwrap().current();
        let two = Two::start().await;
        let products: [&Product; 2] = [&two.pct, &two.gapradar];
        for product in products {
            product.sells().await;
        }
        for step in &steps {
            two.send(products[step.product()], json!([step.event()])).await;
        }
        let mut person_of = BTreeMap::new();
        for (at, product) in PRODUCTS.iter().enumerate() {
            for id in 0..8 {
                let path = format!("/v1/persons/lookup?user_id=u-{id}&product={product}");
                let reply = two.server.http().get(&path).bearer(&two.server.admin_key).send().await;
                if reply.status == 200 {
                    person_of.insert((at, id), reply.json()["id"].as_str().unwrap().to_owned());
                }
            }
        }
        let (noon, day) = (at(0), at(3 * 24 * 3_600));
        for (at, product) in products.into_iter().enumerate() {
            for model in [AttributionModel::FirstTouch, AttributionModel::LastTouch] {
                for (window, from, to) in [
                    (Window::OneDay, day, noon),
                    (Window::SevenDays, day, noon),
                    (Window::NinetyDays, noon - TimeDelta::days(30), noon + TimeDelta::seconds(1)),
                    (Window::OneDay, noon - TimeDelta::days(30), day),
                ] {
                    let query = GetReport {
                        model: Some(model),
                        window: Some(window),
                        from: Some(from),
                        to: Some(to),
                        ..GetReport::default()
                    };
                    let report = product.report(query).await;
                    let unattributed = report.unattributed.clone();
                    let found: BTreeMap<_, _> = rows(report).into_iter().collect();
                    let (wanted, rest) = expected(&steps, &person_of, at, model, window, (from, to));
                    credited += wanted.len();
                    let wanted: BTreeMap<_, _> =
                        wanted.into_iter().map(|(name, credit)| (source(&name), credit)).collect();
                    assert_eq!(
                        (&found, &unattributed),
                        (&wanted, &rest),
                        "story {story}, {model} {window} {from}: {steps:#?}"
                    );
                }
            }
        }
    }
    assert!(credited > 200, "the stories say something: {credited}");
}
