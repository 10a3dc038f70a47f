//! Publishes a carousel of two images on Instagram, and reads where it is and what it reached.
//!
//! `cargo run -p acd-examples --example instagram_carousel`. Meta fetches the images itself: at Meta, name public ones
//! with `FIRST_IMAGE_URL` and `SECOND_IMAGE_URL`.

use std::env;
use std::error::Error as StdError;
use std::process::ExitCode;

use acd_examples::{Meta, report};
use acd_sdk::meta::instagram::{CreateContainer, IgMediaFields, ImagePost, MediaMetric};

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

pub(crate) async fn run() -> Result<(), Box<dyn StdError>> {
    let meta = Meta::from_env().await?;
    let instagram = meta.client.instagram();
    let image = |name: &str, otherwise: &str, alt_text: &str| {
        let url = env::var(name).unwrap_or_else(|_| otherwise.to_owned());
        CreateContainer::image(ImagePost { alt_text: Some(alt_text.to_owned()), ..ImagePost::new(url) })
    };
    let items = [
        image("FIRST_IMAGE_URL", "https://cdn.example.com/before.jpg", "A garden in March"),
        image("SECOND_IMAGE_URL", "https://cdn.example.com/after.jpg", "The same garden in May"),
    ];

    println!("{} posts are left of today's", instagram.limit(&meta.instagram_user).await?.left());
    let caption = "Two months apart. #garden".to_owned();
    // Each item is made and waited for, then what holds them; an answer that is lost leads to no second post.
    let Some(post) = instagram.post_carousel(&meta.instagram_user, &items, Some(caption)).await? else {
        println!("published, but its id was lost on the way: it is the account's newest post");
        return Ok(());
    };

    let media = instagram.media(&post, &IgMediaFields::new().permalink()).await?;
    println!("published: {}", media.permalink.unwrap_or_default());
    let figures = instagram.media_insights(&post, &[MediaMetric::Reach, MediaMetric::Likes]).await?;
    for figure in &figures.data {
        println!("{}: {}", figure.name, figure.number().unwrap_or_default());
    }
    Ok(())
}
