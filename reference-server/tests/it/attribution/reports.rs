//! Reports over HTTP: two products, both models, windows, refunds, cohorts.

use acd_platform::attribution::{
    AttributionModel, Credit, GetLifetimeValue, GetReport, GroupBy, ListPath, Origin, PathEntry, Window,
};
use serde_json::json;

use super::{NOON, Two, identify, landing, refund, rows, sale, source, usd};

#[tokio::test]
async fn a_conversion_is_credited_to_touches_in_another_product() {
    let two = Two::start().await;
    two.pct.sells().await;
    let (first, last) =
        ("https://g.test/?utm_source=meta&utm_medium=cpc&utm_campaign=spring&ad_id=7", "https://p.test/?gclid=x");
    two.send(&two.gapradar, json!([landing("g-visitor", "2031-05-15T10:00:00Z", first)])).await;
    two.send(&two.gapradar, json!([identify("77", "g-visitor", "ann@example.com")])).await;
    two.send(&two.pct, json!([landing("p-visitor", "2031-05-19T10:00:00Z", last)])).await;
    two.send(
        &two.pct,
        json!([identify("ann", "p-visitor", "ann@example.com"), sale("ann", "2031-05-20T11:00:00Z", "1", 12.5)]),
    )
    .await;
    two.send(&two.pct, json!([sale("nobody", "2031-05-20T11:00:00Z", "2", 3.0)])).await;

    let by = |model, group_by| GetReport { model: Some(model), group_by: Some(group_by), ..GetReport::default() };
    two.clock.advance(chrono::TimeDelta::minutes(1));
    let report = two.pct.report(by(AttributionModel::FirstTouch, GroupBy::Source)).await;
    assert_eq!((&report.total, &report.unattributed), (&usd(2, 0, 1_550, 0), &usd(1, 0, 300, 0)));
    assert_eq!(rows(report), [(source("meta"), usd(1, 0, 1_250, 0))]);
    let report = two.pct.report(by(AttributionModel::LastTouch, GroupBy::Source)).await;
    assert_eq!(rows(report), [(source("google"), usd(1, 0, 1_250, 0))]);
    let report = two.pct.report(by(AttributionModel::FirstTouch, GroupBy::Ad)).await;
    let text = |value: &str| Some(value.to_owned());
    let ad = Origin { medium: text("cpc"), campaign: text("spring"), ad_id: text("7"), ..source("meta") };
    assert_eq!(rows(report), [(ad, usd(1, 0, 1_250, 0))]);
    let report = two.pct.report(by(AttributionModel::FirstTouch, GroupBy::Product)).await;
    let gapradar = Origin { product: Some("gapradar".parse().unwrap()), ..Origin::default() };
    assert_eq!(rows(report), [(gapradar, usd(1, 0, 1_250, 0))]);

    // The other product counts nothing of its own, and sees nothing of this one's.
    let report = two.gapradar.report(GetReport::default()).await;
    assert_eq!((report.rows.len(), report.total), (0, Credit::default()));
    let all =
        two.server.admin().attribution().report(&by(AttributionModel::FirstTouch, GroupBy::Source)).await.unwrap();
    assert_eq!(rows(all), [(source("meta"), usd(1, 0, 1_250, 0))]);
}

#[tokio::test]
async fn a_window_ends_the_credit_of_a_touch() {
    let two = Two::start().await;
    two.pct.sells().await;
    let touches = json!([
        landing("v", "2031-05-13T13:00:00Z", "https://p.test/?utm_source=early"),
        landing("v", "2031-05-19T12:00:00Z", "https://p.test/?utm_source=late"),
    ]);
    two.send(&two.pct, touches).await;
    two.send(&two.pct, json!([identify("ann", "v", "ann@example.com"), sale("ann", NOON, "1", 1.0)])).await;
    two.clock.advance(chrono::TimeDelta::minutes(1));
    let found = async |model, window| {
        let report =
            two.pct.report(GetReport { model: Some(model), window: Some(window), ..GetReport::default() }).await;
        report.rows.first().and_then(|row| row.origin.source.clone())
    };
    for (model, window, expected) in [
        (AttributionModel::FirstTouch, Window::SevenDays, Some("early")),
        // A day before to the second is within.
        (AttributionModel::FirstTouch, Window::OneDay, Some("late")),
        (AttributionModel::FirstTouch, Window::NinetyDays, Some("early")),
        (AttributionModel::LastTouch, Window::OneDay, Some("late")),
        (AttributionModel::LastTouch, Window::TwentyEightDays, Some("late")),
    ] {
        assert_eq!(found(model, window).await.as_deref(), expected, "{model} {window}");
    }
    two.send(&two.pct, json!([sale("ann", "2031-05-20T12:00:00.001Z", "2", 1.0)])).await;
    let query = GetReport {
        window: Some(Window::OneDay),
        from: Some("2031-05-20T12:00:00.001Z".parse().unwrap()),
        ..GetReport::default()
    };
    let report = two.pct.report(query).await;
    assert_eq!((report.rows.len(), report.unattributed), (0, usd(1, 0, 100, 0)), "a millisecond too late");
}

#[tokio::test]
async fn a_refund_takes_from_its_conversion_whenever_it_comes() {
    let two = Two::start().await;
    two.pct.sells().await;
    two.send(&two.pct, json!([landing("v", "2031-05-14T12:00:00Z", "https://p.test/?utm_source=meta")])).await;
    two.send(
        &two.pct,
        json!([identify("ann", "v", "ann@example.com"), sale("ann", "2031-05-15T12:00:00Z", "1", 10.0)]),
    )
    .await;
    // A server reports it, under another id, after another touch; and one that nobody ordered.
    two.send(&two.pct, json!([landing("v", "2031-05-17T12:00:00Z", "https://p.test/?utm_source=later")])).await;
    two.send(&two.pct, json!([refund("back-office", "2031-05-18T12:00:00Z", "1", -4.0)])).await;
    two.send(&two.pct, json!([refund("ann", "2031-05-18T12:00:00Z", "unknown", 1.0)])).await;
    let day = |day: u8| Some(format!("2031-05-{day}T00:00:00Z").parse().unwrap());
    let report = two.pct.report(GetReport { from: day(15), to: day(16), ..GetReport::default() }).await;
    assert_eq!(report.total, usd(1, 1, 1_000, 400));
    assert_eq!(rows(report), [(source("meta"), usd(1, 1, 1_000, 400))]);
    let report = two.pct.report(GetReport { from: day(16), to: day(20), ..GetReport::default() }).await;
    assert_eq!(rows(report), [(source("later"), usd(0, 1, 0, 100))]);
}

#[tokio::test]
async fn merged_persons_share_their_touches() {
    let two = Two::start().await;
    two.pct.sells().await;
    two.send(&two.pct, json!([landing("a", "2031-05-15T12:00:00Z", "https://p.test/?utm_source=one")])).await;
    two.send(&two.pct, json!([landing("b", "2031-05-16T12:00:00Z", "https://p.test/?utm_source=two")])).await;
    two.send(&two.pct, json!([landing("c", "2031-05-17T12:00:00Z", "https://p.test/?utm_source=three")])).await;
    two.send(
        &two.pct,
        json!([sale("ann", "2031-05-18T12:00:00Z", "1", 1.0), sale("ben", "2031-05-18T12:00:00Z", "2", 1.0)]),
    )
    .await;
    let found = async |model| rows(two.pct.report(GetReport { model: Some(model), ..GetReport::default() }).await);
    assert_eq!(found(AttributionModel::FirstTouch).await, []);
    // Ben's second device, then Ben and Ann turn out to be one: all are merged into the oldest, the visitor a.
    let known = json!([identify("ben", "c", "ben@example.com"), identify("ben", "b", "ben@example.com"),
        { "type": "alias", "userId": "ann", "previousId": "ben" }, { "type": "alias", "userId": "ann", "previousId": "a" }]);
    two.send(&two.pct, known).await;
    assert_eq!(found(AttributionModel::FirstTouch).await, [(source("one"), usd(2, 0, 200, 0))]);
    assert_eq!(found(AttributionModel::LastTouch).await, [(source("three"), usd(2, 0, 200, 0))]);
    let cohorts = two.pct.client.attribution().lifetime_value(&GetLifetimeValue::default()).await.unwrap().cohorts;
    assert_eq!(cohorts.len(), 1);
    assert_eq!((cohorts[0].origin.clone(), cohorts[0].customers), (source("one"), 1), "two users, one person");
}

#[tokio::test]
async fn lifetime_value_is_by_the_month_of_the_first_touch() {
    let two = Two::start().await;
    two.pct.sells().await;
    two.gapradar.sells().await;
    for (visitor, at, from) in [
        ("a", "2031-05-15T00:00:00Z", "meta"),
        ("b", "2031-05-16T00:00:00Z", "meta"),
        ("c", "2031-05-17T00:00:00Z", "tv"),
    ] {
        two.send(&two.gapradar, json!([landing(visitor, at, &format!("https://g.test/?utm_source={from}"))])).await;
        two.send(&two.gapradar, json!([identify(visitor, visitor, &format!("{visitor}@example.com"))])).await;
        two.send(&two.pct, json!([identify(visitor, visitor, &format!("{visitor}@example.com"))])).await;
    }
    two.clock.set("2031-06-02T12:00:00Z");
    two.send(&two.gapradar, json!([landing("c", "2031-06-01T00:00:00Z", "https://g.test/?utm_source=late")])).await;
    two.send(
        &two.pct,
        json!([
            sale("a", "2031-06-01T00:00:00Z", "1", 5.0),
            sale("a", "2031-06-02T00:00:00Z", "2", 7.0),
            sale("b", "2031-06-01T00:00:00Z", "3", 1.0)
        ]),
    )
    .await;
    two.send(
        &two.pct,
        json!([refund("a", "2031-06-02T00:00:00Z", "2", 2.0), sale("stranger", "2031-06-01T00:00:00Z", "4", 9.0)]),
    )
    .await;
    two.send(&two.gapradar, json!([sale("c", "2031-06-01T00:00:00Z", "1", 100.0)])).await;
    let lifetime = async |client: &acd_platform::PlatformClient, query| {
        let found = client.attribution().lifetime_value(&query).await.unwrap().cohorts;
        found
            .into_iter()
            .map(|cohort| (cohort.month.to_string(), cohort.origin, cohort.customers, cohort.credit))
            .collect::<Vec<_>>()
    };
    let may = "2031-05-01".to_owned();
    let meta = (may.clone(), source("meta"), 2, usd(3, 1, 1_300, 200));
    assert_eq!(lifetime(&two.pct.client, GetLifetimeValue::default()).await, std::slice::from_ref(&meta));
    let admin = two.server.admin();
    let tv = (may, source("tv"), 1, usd(1, 0, 10_000, 0));
    assert_eq!(lifetime(&admin, GetLifetimeValue::default()).await, [meta, tv]);
    let june = GetLifetimeValue { from: Some("2031-06-01T00:00:00Z".parse().unwrap()), ..GetLifetimeValue::default() };
    assert_eq!(lifetime(&admin, june).await, []);
}

#[tokio::test]
async fn a_path_shows_each_product_its_own_steps_in_order() {
    let two = Two::start().await;
    two.pct.sells().await;
    two.send(
        &two.gapradar,
        json!([landing("g", "2031-05-15T10:00:00Z", "https://g.test/?utm_source=meta&fbclid=click")]),
    )
    .await;
    two.send(&two.gapradar, json!([identify("77", "g", "ann@example.com")])).await;
    two.send(
        &two.pct,
        json!([landing("p", "2031-05-16T10:00:00Z", "https://p.test/?utm_source=x&utm_term=t&utm_content=c")]),
    )
    .await;
    two.send(
        &two.pct,
        json!([identify("ann", "p", "ann@example.com"), sale("ann", "2031-05-17T11:00:00Z", "o-1", 12.5)]),
    )
    .await;
    two.send(&two.pct, json!([refund("ann", "2031-05-18T11:00:00Z", "o-1", 2.5)])).await;
    let person = two.person(&two.pct, "user_id=ann").await;
    let told = |path: acd_platform::attribution::PersonPath| {
        path.entries
            .iter()
            .map(|entry| match entry {
                PathEntry::Touch(touch) => {
                    format!("{} {}", touch.origin.product.as_ref().unwrap(), touch.origin.source.as_ref().unwrap())
                }
                PathEntry::Conversion(conversion) => {
                    format!("{} {} {:?}", conversion.name, conversion.effect, conversion.amount_minor)
                }
                _ => panic!("{entry:?}"),
            })
            .collect::<Vec<_>>()
    };
    let own = ["pct x", "Sale conversion Some(1250)", "Refund refund Some(250)"];
    let path = two.pct.client.attribution().path(person, &ListPath::default()).await.unwrap();
    let PathEntry::Touch(touch) = &path.entries[0] else { panic!("{path:?}") };
    assert_eq!(
        (touch.term.as_deref(), touch.content.as_deref(), touch.fbclid.as_deref()),
        (Some("t"), Some("c"), None)
    );
    assert!(!path.more);
    assert_eq!(told(path), own);
    let path = two.gapradar.client.attribution().path(person, &ListPath::default()).await.unwrap();
    assert_eq!(told(path), ["gapradar meta"]);
    let admin = two.server.admin();
    let whole = admin.attribution().path(person, &ListPath::default()).await.unwrap();
    assert_eq!(told(whole.clone()), [&["gapradar meta"], &own[..]].concat());
    // Backwards in pages of two.
    let newest = admin.attribution().path(person, &ListPath { limit: Some(2), before: None }).await.unwrap();
    assert!(newest.more);
    let before = Some(newest.entries[0].at());
    let older = admin.attribution().path(person, &ListPath { limit: Some(2), before }).await.unwrap();
    assert!(!older.more);
    assert_eq!([older.entries, newest.entries].concat(), whole.entries);

    let stranger = two.server.product("vellopad", &super::SCOPES).await;
    let refused = stranger.attribution().path(person, &ListPath::default()).await.unwrap_err();
    assert_eq!(refused.status().map(|status| status.as_u16()), Some(404));
}

#[tokio::test]
async fn what_cannot_be_reported_is_refused_by_name() {
    let two = Two::start().await;
    let [rule, _] = two.gapradar.sells().await;
    for (path, status, code) in [
        ("/v1/attribution/report?from=2031-05-10T00:00:00Z&to=2031-05-09T00:00:00Z".to_owned(), 400, "invalid_query"),
        ("/v1/attribution/report?from=2029-05-10T00:00:00Z&to=2031-05-09T00:00:00Z".to_owned(), 400, "invalid_query"),
        ("/v1/attribution/report?window=2d".to_owned(), 400, "invalid_query"),
        ("/v1/attribution/report?model=linear".to_owned(), 400, "invalid_query"),
        ("/v1/attribution/report?group_by=person".to_owned(), 400, "invalid_query"),
        ("/v1/attribution/report?product=gapradar".to_owned(), 404, "not_found"),
        (format!("/v1/attribution/report?rule={}", rule.id), 404, "not_found"),
        ("/v1/attribution/lifetime-value?to=-262143-01-01T00:00:00Z".to_owned(), 400, "invalid_query"),
        ("/v1/attribution/report?from=%2B262142-01-01T00:00:00Z".to_owned(), 400, "invalid_query"),
        (
            "/v1/persons/per_00000000000000000000000000000000/path?before=-262143-01-01T00:00:00Z".to_owned(),
            400,
            "invalid_query",
        ),
        ("/v1/persons/per_00000000000000000000000000000000/path".to_owned(), 404, "not_found"),
    ] {
        two.server.http().get(&path).bearer(&two.pct.key).send().await.problem(status, code);
    }
    let reader = two.server.key("pct", &[acd_platform::keys::Scope::EventsRead]).await;
    two.server.http().get("/v1/attribution/report").bearer(&reader).send().await.problem(403, "missing_scope");
}
