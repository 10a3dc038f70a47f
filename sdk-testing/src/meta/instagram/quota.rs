//! How much an account may make and publish in 24 hours.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::clock;
use super::super::error::{GraphError, refusal};
use super::super::nodes::Node;
use super::super::read;
use super::super::state::State;

/// The window, and what fits into it. Meta's pages name 100 posts elsewhere.
const WINDOW: TimeDelta = TimeDelta::hours(24);
const POSTS: usize = 50;
const CONTAINERS: usize = 400;

/// When each account made a container, and when it published one. What is deleted afterwards counts all the same.
#[derive(Debug, Default)]
pub(in super::super) struct Posts {
    containers: HashMap<u64, VecDeque<DateTime<Utc>>>,
    posts: HashMap<u64, VecDeque<DateTime<Utc>>>,
}

impl Posts {
    /// Counts a container, or refuses it.
    pub(super) fn make(&mut self, user: u64, now: DateTime<Utc>) -> Result<(), GraphError> {
        count(self.containers.entry(user).or_default(), CONTAINERS, "containers were made", now)
    }

    /// Counts a post, or refuses it.
    pub(super) fn publish(&mut self, user: u64, now: DateTime<Utc>) -> Result<(), GraphError> {
        count(self.posts.entry(user).or_default(), POSTS, "posts were published", now)
    }

    fn published(&self, user: u64, since: DateTime<Utc>) -> usize {
        self.posts.get(&user).into_iter().flatten().filter(|at| **at > since).count()
    }
}

fn count(times: &mut VecDeque<DateTime<Utc>>, most: usize, what: &str, now: DateTime<Utc>) -> Result<(), GraphError> {
    while times.front().is_some_and(|at| *at + WINDOW <= now) {
        times.pop_front();
    }
    if times.len() >= most {
        let explanation = format!("{most} {what} in the last 24 hours, which is all an account may.");
        return Err(GraphError::refused(&refusal::POSTS_USED_UP, explanation));
    }
    times.push_back(now);
    Ok(())
}

/// `GET /{user}/content_publishing_limit`
pub(super) fn read(state: &State, call: &Call, user: &Node) -> Result<Value, GraphError> {
    let window = call.now - WINDOW;
    let since = match call.params.text("since") {
        None => window,
        Some(text) => match clock::read(&text) {
            Some(since) if since >= window && since <= call.now => since,
            _ => return Err(GraphError::invalid("since", "must be a time within the last 24 hours")),
        },
    };
    let known = json!({
        "quota_usage": state.media.posts.published(user.id, since),
        "config": { "quota_total": POSTS, "quota_duration": WINDOW.num_seconds() },
    });
    let selected = read::selection(&call.params)?;
    let mut row = Map::new();
    for name in selected.iter().map(|field| field.name.as_str()) {
        let value = known.get(name).ok_or_else(|| {
            let message =
                format!("(#100) Tried accessing nonexisting field ({name}) on node type (ContentPublishingLimit)");
            GraphError::new(100, message)
        })?;
        row.insert(name.to_owned(), value.clone());
    }
    if row.is_empty() {
        row.insert("quota_usage".to_owned(), known["quota_usage"].clone());
    }
    Ok(json!({ "data": [row] }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_rolls() {
        let (mut posts, start) = (Posts::default(), DateTime::<Utc>::UNIX_EPOCH);
        posts.publish(7, start).unwrap();
        for _ in 1..POSTS {
            posts.publish(7, start + TimeDelta::hours(1)).unwrap();
        }
        let refused = posts.publish(7, start + WINDOW - TimeDelta::seconds(1)).unwrap_err();
        assert_eq!((refused.code, refused.subcode), (9, Some(2_207_042)));
        posts.publish(8, start).unwrap();
        posts.publish(7, start + WINDOW).unwrap();
        assert!(posts.publish(7, start + WINDOW).is_err(), "only the first was a day ago");
        assert_eq!(posts.published(7, start + TimeDelta::hours(1)), 1);
    }
}
