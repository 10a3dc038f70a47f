//! What is created although its answer is lost is created once.

use acd_meta::{AdSetId, CampaignId, CreativeId};
use acd_testing::{MetaEffect, MetaFault};

use super::client::Story;
use super::tree;

/// How many nodes of a kind there are, and how many calls a fault met.
fn count(story: &Story, kind: &str) -> (usize, usize) {
    let snapshot = story.simulator.snapshot();
    let nodes = snapshot["nodes"].as_array().unwrap().iter().filter(|node| node["kind"] == kind).count();
    let faulty = story.simulator.traffic().iter().filter(|exchange| exchange.fault.is_some()).count();
    (nodes, faulty)
}

/// The four things that can be lost, each before and after Meta did it, and with an answer that cannot be read.
#[tokio::test]
async fn a_lost_answer_leads_to_one_object_of_every_kind() {
    let garbage = |body: &str| MetaEffect::Garbage { body: body.to_owned() };
    for effect in [
        MetaEffect::CutAfter,
        MetaEffect::CutBefore,
        garbage("Service Unavailable"),
        garbage(r#"{"id":"1202"#),
        garbage("{}"),
        MetaEffect::Error { code: 2, subcode: None, status: Some(503), is_transient: true },
    ] {
        let story = Story::start(1).await;
        for edge in ["/campaigns", "/adsets", "/adcreatives", "/ads"] {
            story.simulator.inject(MetaFault::new(effect.clone()).method("POST").path(edge).times(1));
        }
        let (meta, account) = (&story.meta, &story.account);
        let made: acd_core::Result<()> = story
            .run(async {
                let campaign: CampaignId = meta.campaigns().create_once(account, "c", &tree::campaign()).await?;
                let set = tree::ad_set("s", &campaign, "US");
                let set: AdSetId = meta.ad_sets().create_once(account, "s", &set).await?;
                let creative = tree::creative("k", &story.simulator.world().page);
                let creative: CreativeId = meta.creatives().create_once(account, "k", &creative).await?;
                let ad = tree::ad("a", &set, &creative);
                let ad = meta.ads().create_once(account, "a", &ad).await?;
                // What is asked for again is what is there.
                assert_eq!(meta.ads().create_once(account, "a", &tree::ad("a", &set, &creative)).await?, ad);
                Ok(())
            })
            .await;
        made.unwrap_or_else(|error| panic!("{effect:?}: {error:?}"));
        for kind in ["Campaign", "AdSet", "AdCreative", "Ad"] {
            assert_eq!(count(&story, kind), (1, 4), "{kind} after {effect:?}");
        }
    }
}
