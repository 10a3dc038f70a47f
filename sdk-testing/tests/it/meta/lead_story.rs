//! Simulator and client against each other: a lead from the subscription to the answers, tokens, labels.

use std::time::Duration;

use acd_core::Secret;
use acd_core::webhook::{Scheme, Verifier};
use acd_meta::ads::creatives::{CreateCreative, LinkData, ObjectStorySpec, StoryContent};
use acd_meta::leads::{LeadAnswer, LeadFields, ListLeads};
use acd_meta::webhooks::{ChangeEvent, WebhookBody, WebhookField, WebhookObject};
use acd_meta::{AdAccountId, AppId, ErrorKind, Filter, FilterOperator, LeadFormId, MetaClient, MetaError as _, PageId};
use acd_testing::{ManualClock, MetaEffect, MetaFault};
use bytes::Bytes;
use http::HeaderMap;

use super::Meta;
use super::webhooks::Callback;

impl Meta {
    fn client(&self, token: &str) -> MetaClient {
        let secret = self.simulator.world().app_secret.as_str();
        MetaClient::builder(token).app_secret(secret).base_url(self.simulator.url()).build().unwrap()
    }
}

#[tokio::test]
async fn a_lead_arrives_signed_is_verified_and_fetched() {
    let (meta, mut callback) = (Meta::start().await, Callback::refusing(0).await);
    let world = meta.simulator.world();
    let (app, page_id) = (AppId::from(world.app_id.as_str()), PageId::from(world.page.as_str()));
    let form = LeadFormId::from(world.lead_form.as_str());
    let client = meta.client(&world.access_token);
    let fields = [WebhookField::Leadgen];
    let as_app = client.as_app(&app).unwrap();
    let refused = as_app.webhooks().subscribe(&app, &WebhookObject::Page, &callback.url, &"theirs".into(), &fields);
    assert_eq!(refused.await.unwrap_err().api().map(|error| error.code), Some(2200));
    let subscribed = as_app.webhooks().subscribe(&app, &WebhookObject::Page, &callback.url, &"ours".into(), &fields);
    assert!(subscribed.await.unwrap().success);
    assert_eq!(as_app.webhooks().subscriptions(&app).await.unwrap().data[0].object, WebhookObject::Page);
    assert!(client.webhooks().add_page(&page_id, &fields).await.is_err(), "the token is not the page's");
    let page = client.with_token(client.pages().token(&page_id).await.unwrap()).unwrap();
    page.webhooks().add_page(&page_id, &fields).await.unwrap();
    assert_eq!(page.webhooks().page_apps(&page_id).await.unwrap().data[0].subscribed_fields, fields);

    let answers = [LeadAnswer { name: "full_name".to_owned(), values: vec!["Zoë".to_owned()] }];
    let created = page.leads().create_test(&form, &answers).await.unwrap().id;
    let (headers, body) = callback.messages.recv().await.unwrap();
    let verifier = Verifier::new(Scheme::Meta, [Secret::from(world.app_secret.as_str())]).unwrap();
    let delivery = verifier.verify(&headers, body.clone()).unwrap().json::<WebhookBody>().unwrap();
    let Some((entry, change)) = delivery.event().changes().next() else { panic!("nothing is told") };
    let ChangeEvent::Leadgen(told) = &change.event else { panic!("no lead: {change:?}") };
    assert_eq!((entry.id.as_str(), &told.leadgen_id, &told.form_id), (page_id.as_str(), &created, &form));
    let lead = page.leads().get(&told.leadgen_id, &LeadFields::all()).await.unwrap();
    assert_eq!((lead.answer("full_name"), lead.is_organic), (Some("Zoë"), Some(true)));
    let newer = Filter::new("time_created", FilterOperator::GreaterThan, 0);
    let query = ListLeads { filtering: vec![newer], ..ListLeads::default() };
    assert_eq!(page.leads().all_of_form(&form, query).items().collect(9).await.unwrap(), [lead]);

    assert_forgeries_are_refused(&verifier, &headers, &body);
    as_app.webhooks().unsubscribe(&app, &WebhookObject::Page, &[]).await.unwrap();
    page.webhooks().remove_page(&page_id).await.unwrap();
    assert!(page.webhooks().page_apps(&page_id).await.unwrap().data.is_empty());
}

fn assert_forgeries_are_refused(verifier: &Verifier, headers: &HeaderMap, body: &Bytes) {
    let changed = Bytes::from(body.iter().map(u8::to_ascii_uppercase).collect::<Vec<_>>());
    assert!(verifier.verify(headers, changed).is_err(), "another body");
    assert!(verifier.verify(&HeaderMap::new(), body.clone()).is_err(), "no signature");
    let another = Verifier::new(Scheme::Meta, [Secret::from("another app's")]).unwrap();
    assert!(another.verify(headers, body.clone()).is_err(), "another secret");
}

#[tokio::test]
async fn ad_accounts_are_added_and_removed() {
    let meta = Meta::start().await;
    let world = meta.simulator.world();
    let (app, account) = (AppId::from(world.app_id.as_str()), AdAccountId::from(world.ad_account.as_str()));
    let client = meta.client(&world.access_token);
    client.webhooks().add_account(&account, &app).await.unwrap();
    assert_eq!(client.webhooks().account_apps(&account).await.unwrap().data[0].id, app);
    client.webhooks().remove_account(&account, &app).await.unwrap();
    assert!(client.webhooks().account_apps(&account).await.unwrap().data.is_empty());
}

#[tokio::test]
async fn a_users_token_is_exchanged_before_it_ends() {
    let meta = Meta::start().await;
    let world = meta.simulator.world();
    let app = AppId::from(world.app_id.as_str());
    let user = meta.client(&world.user_access_token);
    let short = Secret::from(world.user_access_token.as_str());
    let long = user.tokens().extend(&app, &short).await.unwrap();
    assert_eq!(long.expires_in, Some(Duration::from_secs(60 * 86_400)));
    meta.simulator.advance(Duration::from_secs(3600));
    let error = user.pages().token(&world.page.as_str().into()).await.unwrap_err();
    let api = error.api().unwrap();
    assert_eq!((error.kind(), api.code, api.subcode), (ErrorKind::Unauthenticated, 190, Some(463)));
    let user = user.with_token(long.token.clone()).unwrap();
    let page = user.pages().token(&world.page.as_str().into()).await.unwrap();
    let info = user.as_app(&app).unwrap().tokens().inspect(&page).await.unwrap();
    assert_eq!((info.kind.as_deref(), info.expires_at), (Some("PAGE"), Some(0)));
    assert!(!user.as_app(&app).unwrap().tokens().inspect(&short).await.unwrap().is_valid);
    assert!(user.tokens().extend(&"17".into(), &long.token).await.is_err(), "another app");
}

#[tokio::test]
async fn a_creative_whose_answer_is_lost_is_created_once() {
    let meta = Meta::start().await;
    let world = meta.simulator.world();
    let clock = ManualClock::new();
    let runtime = clock.runtime();
    let client = MetaClient::builder(world.access_token.as_str()).base_url(meta.simulator.url());
    let client = client.http(move |http| http.runtime(runtime)).build().unwrap();
    let account = AdAccountId::from(world.ad_account.as_str());
    let link = LinkData { link: "https://a.example".to_owned(), ..LinkData::default() };
    let content = StoryContent::LinkData(link);
    let story = ObjectStorySpec { page_id: world.page.as_str().into(), instagram_user_id: None, content };
    let creative = CreateCreative { object_story_spec: Some(story), ..CreateCreative::new() };
    meta.simulator.inject(MetaFault::new(MetaEffect::CutAfter).method("POST").path("/adcreatives").times(1));
    let creatives = client.creatives();
    let settling = async {
        // What Meta is given to show what it did.
        clock.sleeping(Duration::from_secs(2)).await;
        clock.advance(Duration::from_secs(2));
    };
    let (id, ()) = tokio::join!(creatives.create_once(&account, "intent-1", &creative), settling);
    let id = id.unwrap();
    let all = client.creatives().list(&account, &Default::default()).await.unwrap().data;
    assert_eq!(all.iter().map(|found| &found.id).collect::<Vec<_>>(), [&id]);
}
