use acd_meta::accounts::{
    AdAccountFields, ListPages, PageFields, PixelAggregation, PixelFields, PixelStats, UpdatePixel,
};
use acd_meta::ads::ad_sets::OptimizationGoal;
use acd_meta::ads::creatives::CreateCreative;
use acd_meta::ads::targeting::{AudienceRef, GeoLocations, Targeting};
use acd_meta::audiences::{AudienceKey, AudienceUsers, CreateAudience};
use acd_meta::estimates::AdFormat;
use acd_meta::targeting_search::{PlaceType, SearchPlaces, SearchTargeting, TargetingRef, TargetingType};
use acd_meta::{ErrorKind, PageId, PixelId};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use serde_json::json;

use super::typed::Client;
use super::{campaign, refusal};

fn in_country(code: &str) -> Targeting {
    Targeting { geo_locations: GeoLocations::countries([code]), ..Targeting::default() }
}

#[tokio::test]
async fn the_narrower_a_targeting_the_fewer_it_reaches() {
    let client = Client::start().await;
    let search = client.meta.targeting_search();
    let sports = search.interests("basket", None).await.unwrap().data;
    let interest = sports[0].named().unwrap();
    let query = SearchPlaces { location_types: Some(vec![PlaceType::City]), ..SearchPlaces::new("menlo") };
    let city = search.places(&query).await.unwrap().data.remove(0).place_key();

    let everybody = in_country("US");
    let adults = Targeting { age_min: Some(25), age_max: Some(34), ..everybody.clone() };
    let women = Targeting { genders: vec![2], ..adults.clone() };
    let players = Targeting { interests: vec![interest], ..women.clone() };
    let here = GeoLocations { cities: vec![city], ..GeoLocations::default() };
    let town = Targeting { geo_locations: here, ..players.clone() };
    let mut last = i64::MAX;
    for targeting in [everybody, adults, women, players, town] {
        let estimate = client.meta.estimates().reach(&client.account, &targeting).await.unwrap();
        assert!(estimate.estimate_ready && estimate.users_lower_bound < last, "{estimate:?}");
        assert!(estimate.users_lower_bound <= estimate.users_upper_bound);
        last = estimate.users_lower_bound;
    }
}

#[tokio::test]
async fn an_audience_bounds_what_is_reached_once_it_is_known() {
    let client = Client::start().await;
    let audiences = client.meta.audiences();
    let id = audiences.create(&client.account, &CreateAudience::customer_file("Customers")).await.unwrap().id;
    let people = AudienceUsers::of(AudienceKey::ExternId, (0..5000).map(|n| n.to_string()));
    audiences.add_users(&id, &people, None).await.unwrap();
    let alike = CreateAudience::lookalike("Alike", id.clone(), "US", 0.01);
    let growing = audiences.create(&client.account, &alike).await.unwrap().id;
    let estimate = async |id| {
        let targeting = Targeting { custom_audiences: vec![AudienceRef { id }], ..in_country("US") };
        let call = client.meta.estimates().delivery(&client.account, &OptimizationGoal::Reach, &targeting, None);
        call.await.unwrap().data[0]
    };
    let known = estimate(id.clone()).await;
    assert_eq!((known.estimate_mau_lower_bound, known.estimate_ready), (5000, true));
    let unknown = estimate(growing).await;
    assert_eq!((unknown.estimate_mau_lower_bound, unknown.estimate_ready), (-1, false));
    audiences.delete(&id).await.unwrap();
    let gone = Targeting { custom_audiences: vec![AudienceRef { id }], ..in_country("US") };
    let error = client.meta.estimates().reach(&client.account, &gone).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, Some("100/1870065")));
}

#[tokio::test]
async fn an_ad_set_is_estimated_and_checked_as_it_is() {
    let client = Client::start().await;
    let campaign = client.create("campaigns", campaign()).await;
    let ad_set = |targeting: serde_json::Value| {
        json!({
            "name": "s", "campaign_id": campaign, "daily_budget": 5000, "billing_event": "IMPRESSIONS",
            "optimization_goal": "LINK_CLICKS", "targeting": targeting,
        })
    };
    let places = json!({ "countries": ["US"] });
    let id = client.create("adsets", ad_set(json!({ "geo_locations": places }))).await;
    let estimate = client.meta.estimates().delivery_of(&id.as_str().into()).await.unwrap().data;
    assert!(estimate[0].estimate_mau_lower_bound > 100_000_000);
    let older = client.simulator.url() + &format!("/v25.0/{id}/delivery_estimate");
    let token = &client.simulator.world().access_token;
    let older: serde_json::Value =
        reqwest::get(format!("{older}?access_token={token}")).await.unwrap().json().await.unwrap();
    assert!(older["data"][0]["estimate_dau"].is_i64(), "left with v26");

    for (targeting, expected) in [
        (json!({ "geo_locations": places, "interests": [{ "id": "6003017204650" }] }), (100, Some(1_487_694))),
        (
            json!({ "geo_locations": places, "flexible_spec": [{ "interests": [{ "id": "6003017204650" }] }] }),
            (100, Some(1_487_694)),
        ),
        (json!({ "geo_locations": places, "custom_audiences": [{ "id": "7" }] }), (100, Some(1_870_065))),
        (json!({ "geo_locations": {} }), (100, None)),
    ] {
        let answer = client.post(&format!("{}/adsets", client.account), ad_set(targeting.clone())).await;
        assert_eq!(refusal(&answer), expected, "{targeting}");
        let query = format!("optimization_goal=REACH&targeting_spec={targeting}");
        let answer = client.get(&format!("{}/delivery_estimate?{query}", client.account)).await;
        assert_eq!(refusal(&answer), expected, "{targeting}");
    }
}

#[tokio::test]
async fn what_targetings_are_made_of_is_found_and_checked() {
    let client = Client::start().await;
    let search = client.meta.targeting_search();
    let names = |found: Vec<acd_meta::targeting_search::TargetingOption>| -> Vec<String> {
        found.into_iter().filter_map(|option| option.name).collect()
    };
    let related = search.related_interests(&["Baseball"]).await.unwrap().data;
    assert!(names(related).contains(&"Basketball".to_owned()));
    let behaviours = search.category(&TargetingType::Behaviors, None).await.unwrap().data;
    assert!(behaviours.iter().all(|option| option.kind == Some(TargetingType::Behaviors) && !option.path.is_empty()));
    let checked = search.check_interests(&["6003087413192", "6003017204650"]).await.unwrap().data;
    assert_eq!(checked.iter().map(|option| option.valid).collect::<Vec<_>>(), [Some(true), Some(false)]);
    assert!(search.locales("English (U").await.unwrap().data.iter().any(|locale| locale.key == 6));
    let query = SearchPlaces { match_country_code: Some(true), ..SearchPlaces::new("de") };
    let places = search.places(&query).await.unwrap().data;
    assert!(places.iter().any(|place| place.key == "DE" && place.kind == PlaceType::Country));

    let account = &client.account;
    let query = SearchTargeting { limit_type: Some(TargetingType::WorkPositions), ..SearchTargeting::new("analyst") };
    assert_eq!(names(search.detailed(account, &query).await.unwrap().data), ["Business Analyst"]);
    assert!(search.browse(account, Some(100)).await.unwrap().data.len() > 10);
    let reference = |kind, id: &str| TargetingRef { kind, id: id.to_owned() };
    let list =
        [reference(TargetingType::Interests, "6003087413192"), reference(TargetingType::Behaviors, "6003087413192")];
    let validated = search.validate(account, &list).await.unwrap().data;
    assert_eq!(validated.iter().map(|option| option.valid).collect::<Vec<_>>(), [Some(true), Some(false)]);
    assert!(!search.suggest(account, &list[..1]).await.unwrap().data.is_empty());
    assert_eq!(refusal(&client.get("search?type=adshoe&q=x").await), (100, None));
    assert_eq!(refusal(&client.get("search?type=adinterest").await), (100, None));
}

#[tokio::test]
async fn a_creative_is_shown_before_there_is_an_ad() {
    let client = Client::start().await;
    let page = &client.simulator.world().page;
    let spec = json!({ "page_id": page, "link_data": { "link": "https://shop.example/", "message": "Grüße <all>" } });
    let story = serde_json::from_value(spec.clone()).unwrap();
    let creative = CreateCreative { object_story_spec: Some(story), ..CreateCreative::new() };
    let estimates = client.meta.estimates();
    let shown = estimates.preview_new(&client.account, &creative, &AdFormat::InstagramReels).await.unwrap().data;
    let frame = &shown[0].body;
    let page = frame.split_once("base64,").and_then(|(_, rest)| rest.split_once('"')).map(|(page, _)| page);
    let page = String::from_utf8(STANDARD.decode(page.unwrap()).unwrap()).unwrap();
    assert!(page.contains("Grüße &lt;all&gt;"), "{page}");

    let id = client.create("adcreatives", json!({ "name": "k", "object_story_spec": spec })).await;
    let again = estimates.preview_creative(&id.as_str().into(), &AdFormat::MobileFeedStandard).await.unwrap().data;
    assert!(again[0].body.starts_with("<iframe"));
    let error = estimates.preview_creative(&id.as_str().into(), &AdFormat::from("BILLBOARD")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, Some("100")));
    let error = estimates.preview_new(&client.account, &CreateCreative::new(), &AdFormat::InstagramReels).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Rejected);
}

#[tokio::test]
async fn a_token_reaches_accounts_and_pages_and_acts_as_a_page() {
    let client = Client::start().await;
    let account = client.meta.accounts().get(&client.account, &AdAccountFields::all()).await.unwrap();
    assert_eq!((account.currency.as_deref(), account.account_status), (Some("USD"), Some(1)));
    assert_eq!(client.meta.accounts().list(&Default::default()).await.unwrap().data.len(), 2);
    let pages = client.meta.pages().list(&ListPages::default()).await.unwrap().data;
    assert!(pages[0].tasks.as_ref().unwrap().contains(&"ADVERTISE".to_owned()));
    let id: PageId = pages[0].id.clone();
    let page = client.meta.with_token(client.meta.pages().token(&id).await.unwrap()).unwrap();
    let read = page.pages().get(&id, &PageFields::all()).await.unwrap();
    assert_eq!(read.instagram_business_account.unwrap().id.as_str(), client.simulator.world().instagram_user);
    assert_eq!(refusal(&client.get(&format!("{id}?fields=tasks")).await), (100, None), "a field of the list alone");
}

#[tokio::test]
async fn a_pixel_counts_what_came_in_by_the_hour() {
    let client = Client::start().await;
    let pixels = client.meta.pixels();
    let id: PixelId = pixels.create(&client.account, "Shop").await.unwrap().id;
    let change = UpdatePixel { enable_automatic_matching: Some(true), ..UpdatePixel::new() };
    pixels.update(&id, &change).await.unwrap();
    let now =
        client.simulator.snapshot()["now"].as_str().and_then(|now| DateTime::parse_from_rfc3339(now).ok()).unwrap();
    let event = json!({
        "event_name": "Lead", "event_time": now.timestamp(), "action_source": "website",
        "event_source_url": "https://shop.example/a",
        "user_data": { "em": "0".repeat(64), "client_user_agent": "Mozilla/5.0" },
    });
    assert_eq!(client.post(&format!("{id}/events"), json!({ "data": [event, event] })).await["events_received"], 2);
    let url = format!("{}/tr/?id={id}&ev=PageView&dl=https://shop.example/b", client.simulator.url());
    reqwest::get(url).await.unwrap().error_for_status().unwrap();

    let sums = async |query: PixelStats| -> Vec<(String, u64)> {
        let hours = pixels.stats(&id, &query).await.unwrap().data;
        hours.into_iter().flat_map(|hour| hour.data).map(|count| (count.value, count.count)).collect()
    };
    let pair = |value: &str, count| (value.to_owned(), count);
    let by = PixelStats::new;
    assert_eq!(sums(by(PixelAggregation::Event)).await, [pair("Lead", 2), pair("PageView", 1)]);
    assert_eq!(sums(by(PixelAggregation::Host)).await, [pair("shop.example", 3)]);
    assert_eq!(sums(by(PixelAggregation::MatchKeys)).await, [pair("em", 2)]);
    let of_leads = PixelStats { event: Some("Lead".to_owned()), ..by(PixelAggregation::EventSource) };
    assert_eq!(sums(of_leads).await, [pair("SERVER", 2)]);
    let pixel = pixels.get(&id, &PixelFields::all()).await.unwrap();
    assert_eq!((pixel.enable_automatic_matching, pixel.last_fired_time.is_some()), (Some(true), true));
    assert!(pixel.code.unwrap().contains(id.as_str()));
    let unknown = PixelStats::new(PixelAggregation::from("mood"));
    assert_eq!(pixels.stats(&id, &unknown).await.unwrap_err().kind(), ErrorKind::Rejected);
}

#[tokio::test]
async fn a_page_loads_the_pixels_script_from_the_simulator() {
    let client = Client::start().await;
    let answer = reqwest::get(format!("{}/en_US/fbevents.js", client.simulator.url())).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/x-javascript; charset=utf-8");
    assert!(answer.text().await.unwrap().contains("fbq.callMethod"));
}
