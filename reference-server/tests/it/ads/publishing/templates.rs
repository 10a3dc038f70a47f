//! Templates, launches from them, and copies of campaigns.

use acd_meta::ads::Status;
use acd_platform::ads::ListObjects;
use acd_platform::ads::publications::{CloneCampaign, CreatePublication, PublicationState, PublishedKind, TemplateUse};
use acd_platform::ads::templates::{
    CreateAdTemplate, ListAdTemplates, TemplateVariable, UpdateAdTemplate, VariableKind,
};
use serde_json::{Map, Value, json};

use super::super::hub::Hub;
use super::support::{ended_as, ids, plan, working};
use crate::users::{refusal, topics};

/// One ad with a creative, of which headline and page vary by row, and the rest by launch.
fn template(page: &str) -> CreateAdTemplate {
    let mut plan = serde_json::to_value(plan(page, 1)).unwrap();
    plan["campaign"]["name"] = json!("${campaign}");
    plan["ad_sets"][0]["object"]["daily_budget"] = json!("${budget}");
    plan["creatives"][0]["object"]["object_story_spec"]["link_data"]["link"] = json!("${page}");
    plan["creatives"][0]["object"]["object_story_spec"]["link_data"]["name"] = json!("${headline}");
    plan["ads"][0]["object"]["name"] = json!("${campaign}: ${headline}");
    plan["utm"] = json!({ "source": "facebook", "medium": "paid", "campaign": "${utm}", "content": "{{ad.id}}" });
    let variable = TemplateVariable::new;
    CreateAdTemplate {
        product: None,
        name: "Traffic".to_owned(),
        variables: vec![
            variable("campaign", VariableKind::Text),
            TemplateVariable { default: Some("1000".to_owned()), ..variable("budget", VariableKind::Number) },
            variable("page", VariableKind::Link),
            variable("headline", VariableKind::Text),
            variable("utm", VariableKind::Utm),
        ],
        plan: object(plan),
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn a_launch_from_a_template_takes_one_call() {
    let hub = Hub::start().await;
    let _working = working(&hub.server.app);
    let pct = hub.product("pct").await;
    let made = pct.ads().templates().create(&template(&hub.page)).await.unwrap();
    let wanted = TemplateUse::new(made.id)
        .value("campaign", "Spring")
        .value("utm", "spring & summer")
        .value("page", "https://pct.tools/")
        .row([("headline", "One")])
        .row([("headline", "Two"), ("page", "https://pct.tools/two?utm_x=1")]);
    let launched = pct.ads().publications().create(&CreatePublication::from_template(wanted.clone())).await.unwrap();
    assert_eq!((launched.template_id, launched.counts.ads), (Some(made.id), 2));
    let shown = ended_as(&pct, launched.id, PublicationState::Succeeded).await;
    let mut names = Vec::new();
    for id in ids(&shown, PublishedKind::Ad) {
        names.push(pct.ads().ads().get(&id.as_str().into()).await.unwrap().name.unwrap());
    }
    assert_eq!(names, ["Spring: One", "Spring: Two"]);
    let creative = &ids(&shown, PublishedKind::Creative)[1];
    let creative = pct.ads().creatives().get(&creative.as_str().into()).await.unwrap();
    let tags = "utm_source=facebook&utm_medium=paid&utm_campaign=spring%20%26%20summer&utm_content={{ad.id}}";
    assert_eq!(creative.url_tags.as_deref(), Some(tags));
    assert_eq!(creative.object_story_spec.unwrap()["link_data"]["link"], "https://pct.tools/two?utm_x=1");
    // Another product has no such template; nor has anybody once it is deleted.
    let everreach = hub.product("everreach").await;
    let stolen = CreatePublication::from_template(wanted.clone());
    assert_eq!(refusal(everreach.ads().publications().create(&stolen).await).0, 404);
    pct.ads().templates().delete(made.id).await.unwrap();
    assert_eq!(refusal(pct.ads().publications().create(&CreatePublication::from_template(wanted)).await).0, 404);
    assert_eq!(pct.ads().publications().get(launched.id).await.unwrap().publication.template_id, None);
}

#[tokio::test]
async fn templates_are_kept_changed_and_deleted_by_their_product() {
    let hub = Hub::start().await;
    let (pct, everreach) = (hub.product("pct").await, hub.product("everreach").await);
    let templates = pct.ads().templates();
    let made = templates.create(&template(&hub.page)).await.unwrap();
    assert_eq!(templates.create(&template(&hub.page)).await.unwrap(), made, "the same again is the same");
    let other = CreateAdTemplate { variables: Vec::new(), plan: object(json!({ "ads": [] })), ..template("4") };
    assert_eq!(refusal(templates.create(&other).await), (422, "invalid_body".to_owned()));
    let other = CreateAdTemplate { plan: template("5").plan, ..template(&hub.page) };
    assert_eq!(refusal(templates.create(&other).await), (409, "template_name_taken".to_owned()));
    let second = templates.create(&CreateAdTemplate { name: "Second".to_owned(), ..other }).await.unwrap();
    let renamed = UpdateAdTemplate { name: Some("Traffic".to_owned()), ..UpdateAdTemplate::default() };
    assert_eq!(refusal(templates.update(second.id, &renamed).await), (409, "template_name_taken".to_owned()));
    let emptied = UpdateAdTemplate { variables: Some(Vec::new()), ..UpdateAdTemplate::default() };
    assert_eq!(refusal(templates.update(made.id, &emptied).await), (422, "invalid_body".to_owned()));
    let renamed = UpdateAdTemplate { name: Some("Clicks".to_owned()), ..UpdateAdTemplate::default() };
    assert_eq!(templates.update(made.id, &renamed).await.unwrap().name, "Clicks");
    assert_eq!(templates.get(made.id).await.unwrap().variables, made.variables, "what was refused changed nothing");
    let list = templates.list_all(ListAdTemplates { limit: Some(1), ..ListAdTemplates::default() });
    let names: Vec<_> = list.items().collect(9).await.unwrap().into_iter().map(|template| template.name).collect();
    assert_eq!(names, ["Clicks", "Second"]);

    let theirs = everreach.ads().templates();
    assert!(theirs.list(&ListAdTemplates::default()).await.unwrap().data.is_empty());
    assert_eq!(refusal(theirs.get(made.id).await).0, 404);
    assert_eq!(refusal(theirs.update(made.id, &renamed).await).0, 404);
    assert_eq!(refusal(theirs.delete(made.id).await).0, 404);
    templates.delete(second.id).await.unwrap();
    assert_eq!(refusal(templates.delete(second.id).await).0, 404);
    let told: Vec<_> =
        topics(&hub.server).await.into_iter().filter(|topic| topic.starts_with("ads.template")).collect();
    let expected = ["created", "created", "updated", "deleted"].map(|what| format!("ads.template_{what}"));
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_campaign_is_copied_with_its_ad_sets_and_ads() {
    let hub = Hub::start().await;
    let _working = working(&hub.server.app);
    let (pct, everreach) = (hub.product("pct").await, hub.product("everreach").await);
    let original = pct.ads().publications().create(&CreatePublication::of(plan(&hub.page, 5))).await.unwrap();
    let original = ended_as(&pct, original.id, PublicationState::Succeeded).await;
    let campaign = original.publication.campaign_id.clone().unwrap();
    let how = CloneCampaign { name: Some("Autumn".to_owned()), ..CloneCampaign::default() };
    assert_eq!(refusal(everreach.ads().publications().clone_campaign(&campaign, &how).await).0, 404);
    let publications = pct.ads().publications();
    let copy = publications.clone_campaign(&campaign, &how).idempotency_key("copy").await.unwrap();
    assert_eq!(copy.source_campaign_id.as_ref(), Some(&campaign));
    let shown = ended_as(&pct, copy.id, PublicationState::Succeeded).await;
    let again = publications.clone_campaign(&campaign, &how).idempotency_key("copy").await.unwrap();
    assert_eq!(again.id, copy.id);
    assert_eq!(["Campaign", "AdSet", "AdCreative", "Ad"].map(|kind| hub.of_kind(kind)), [2, 2, 5, 10]);
    let copied = pct.ads().campaigns().get(&shown.publication.campaign_id.unwrap()).await.unwrap();
    assert_eq!((copied.name.as_deref(), copied.status), (Some("Autumn"), Some(Status::Paused)));
    let sets = pct.ads().ad_sets().list(&ListObjects::default()).await.unwrap().data;
    assert_eq!((sets.len(), sets[0].daily_budget, &sets[0].targeting), (2, sets[1].daily_budget, &sets[1].targeting));
    assert_ne!(sets[0].campaign_id, sets[1].campaign_id);
    assert_eq!(refusal(publications.clone_campaign(&"17".into(), &how).await).0, 404);
}
