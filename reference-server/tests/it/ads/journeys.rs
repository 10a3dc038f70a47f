//! What products want of the hub, from the beginning to the end.

use acd_meta::MinorUnits;
use acd_meta::ads::PromotedObject;
use acd_meta::ads::ad_sets::{BillingEvent, CreateAdSet, DestinationType, OptimizationGoal};
use acd_meta::ads::campaigns::{CreateCampaign, Objective};
use acd_meta::ads::creatives::{CallToAction, CallToActionType, CallToActionValue, StoryContent};
use acd_meta::ads::targeting::{GeoLocations, PublisherPlatform, Targeting};
use acd_platform::ads::insights::GetInsights;
use acd_platform::ads::publications::{CreatePublication, PublicationPlan, PublicationState, PublishedKind};
use acd_platform::consents::{ConsentSource, Purpose, PutConsents};
use acd_platform::keys::Scope;
use acd_platform::meta_events::{MetaEvent, MetaEventOutcome, PutConversionSwitch};
use chrono::Utc;
use serde_json::json;

use super::hub::Hub;
use super::publishing::support::{ended_as, ids, plan, working};

const UTM: &str = "utm_source=facebook&utm_medium=paid_social&utm_campaign={{campaign.id}}&utm_term={{adset.id}}&utm_content={{ad.id}}";

fn of_objective(mut plan: PublicationPlan, objective: Objective, goal: OptimizationGoal) -> PublicationPlan {
    let campaign =
        CreateCampaign { is_adset_budget_sharing_enabled: Some(false), ..CreateCampaign::new("Spring", objective, []) };
    plan.campaign = Some(campaign);
    plan.ad_sets[0].object.optimization_goal = goal;
    plan
}

#[tokio::test]
async fn awareness_and_leads_campaigns_say_where_visits_come_from() {
    let hub = Hub::start().await;
    let _working = working(&hub.server.app);
    let pct = hub.product("pct").await;
    let awareness = of_objective(plan(&hub.page, 1), Objective::Awareness, OptimizationGoal::Reach);
    let mut leads = of_objective(plan(&hub.page, 1), Objective::Leads, OptimizationGoal::LeadGeneration);
    let page = PromotedObject { page_id: Some(hub.page.as_str().into()), ..PromotedObject::default() };
    leads.ad_sets[0].object.promoted_object = Some(page);
    leads.ad_sets[0].object.destination_type = Some(DestinationType::OnAd);
    let story = leads.creatives[0].object.object_story_spec.as_mut().map(|story| &mut story.content);
    let Some(StoryContent::LinkData(link)) = story else { panic!("the plan's creatives are links") };
    let form = hub.simulator().world().lead_form.as_str().into();
    link.call_to_action = Some(CallToAction {
        kind: CallToActionType::SignUp,
        value: Some(CallToActionValue { lead_gen_form_id: Some(form), ..CallToActionValue::default() }),
    });
    for (plan, objective) in [(awareness, Objective::Awareness), (leads, Objective::Leads)] {
        let accepted = pct.ads().publications().create(&CreatePublication::of(plan)).await.unwrap();
        let shown = ended_as(&pct, accepted.id, PublicationState::Succeeded).await;
        let campaign = shown.publication.campaign_id.clone().unwrap();
        assert_eq!(pct.ads().campaigns().get(&campaign).await.unwrap().objective, Some(objective));
        let creative = ids(&shown, PublishedKind::Creative)[0].clone();
        let creative = pct.ads().creatives().get(&creative.as_str().into()).await.unwrap();
        assert_eq!(creative.url_tags.as_deref(), Some(UTM));
        pct.ads().insights().get(&GetInsights::of(campaign.as_str())).await.unwrap();
    }
}

#[tokio::test]
async fn an_ad_for_facebook_and_instagram_and_its_pixels_event_go_through_the_hub() {
    let hub = Hub::start().await;
    let _working = working(&hub.server.app);
    hub.product("content_factory").await;
    let scopes = [
        Scope::AdsRead,
        Scope::AdsWrite,
        Scope::ConversionsSend,
        Scope::ConversionsRead,
        Scope::ConversionsManage,
        Scope::ConsentsWrite,
    ];
    let factory = hub.server.product("content_factory", &scopes).await;
    let world = hub.simulator().world().clone();
    let mut wanted = plan(&hub.page, 1);
    let us = GeoLocations::countries(["US"]);
    let everywhere = vec![PublisherPlatform::Facebook, PublisherPlatform::Instagram];
    let targeting = Targeting { geo_locations: us, publisher_platforms: everywhere.clone(), ..Targeting::default() };
    wanted.ad_sets[0].object = CreateAdSet {
        daily_budget: Some(MinorUnits(1_000)),
        ..CreateAdSet::new(
            "Both",
            PublicationPlan::CAMPAIGN,
            OptimizationGoal::LinkClicks,
            BillingEvent::Impressions,
            targeting,
        )
    };
    let story = wanted.creatives[0].object.object_story_spec.as_mut().unwrap();
    story.instagram_user_id = Some(world.instagram_user.as_str().into());
    let accepted = factory.ads().publications().create(&CreatePublication::of(wanted)).await.unwrap();
    let shown = ended_as(&factory, accepted.id, PublicationState::Succeeded).await;
    let creative = ids(&shown, PublishedKind::Creative)[0].clone();
    let creative = factory.ads().creatives().get(&creative.as_str().into()).await.unwrap();
    assert_eq!(creative.object_story_spec.unwrap()["instagram_user_id"], world.instagram_user);
    let ad_set = ids(&shown, PublishedKind::AdSet)[0].clone();
    let ad_set = factory.ads().ad_sets().get(&ad_set.as_str().into()).await.unwrap();
    assert_eq!(ad_set.targeting.unwrap().publisher_platforms, everywhere);

    let switch = PutConversionSwitch { enabled: true, pixel_id: Some(world.pixel), ..PutConversionSwitch::default() };
    factory.meta_events().put_switch(&switch).await.unwrap();
    let agreed = PutConsents::of_user("ann", ConsentSource::Banner, [(Purpose::Advertising, true)]);
    factory.consents().put(&agreed).await.unwrap();
    let event = json!({
        "event_name": "ViewContent", "event_time": Utc::now().timestamp(), "action_source": "website", "event_id": "e1",
        "event_source_url": "https://content.example/", "user_data": { "em": "ann@example.com",
            "client_user_agent": "Mozilla/5.0", "client_ip_address": "203.0.113.9" },
    });
    let event = MetaEvent::new(event.as_object().unwrap().clone()).user("ann");
    assert_eq!(factory.meta_events().send(&event).await.unwrap().outcome, MetaEventOutcome::Accepted);
    hub.server.app.conversions.sender().unwrap().send_due().await.unwrap();
    let arrived = hub.simulator().snapshot()["events"].clone();
    assert_eq!((&arrived[0]["event_id"], &arrived[0]["counts"]), (&json!("e1"), &json!(true)));
}
