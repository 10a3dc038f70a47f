//! What one user with eight fields costs to normalise, hash and write as JSON, beside the official Node SDK on the same users.

use std::hint::black_box;
use std::time::{Duration, Instant};

use acd_meta::conversions::{UserData, UserKey};
use serde_json::Value;

use crate::rival::Rival;
use crate::table::median;
use crate::{Result, Settings};

const ROUNDS: usize = 15;
const USERS: usize = 500;
/// Users a round: enough for a just-in-time compiler to settle within the first rounds, which do not count.
const OURS: u32 = 200_000;
const THEIRS: u32 = 20_000;
const WARM_UP: usize = 3;

/// A user as a form gives it. Both sides have the same rules for these values.
type User = [(UserKey, String); 8];

fn users() -> Vec<User> {
    const FIRST: [&str; 5] = ["Mary", "John", " Valéry ", "ANNA", "Владимир"];
    const LAST: [&str; 5] = ["Smith", "Müller", "Garcia ", "NGUYEN", "Rossi"];
    const CITY: [&str; 5] = ["Menlo Park", "New York", "London", "SAN JOSE", "Berlin"];
    const STATE: [&str; 5] = ["CA", "NY", " tx", "WA", "FL"];
    let user = |nth: usize| {
        let of = |list: [&str; 5], step: usize| list[(nth / step) % list.len()].to_owned();
        [
            (UserKey::Email, format!(" Mary.Smith+{nth}@Mail-{}.Example.COM", nth % 7)),
            (UserKey::Phone, format!("+1 (650) {:03}-{:04}", 200 + nth % 700, nth)),
            (UserKey::FirstName, of(FIRST, 1)),
            (UserKey::LastName, of(LAST, 5)),
            (UserKey::City, of(CITY, 3)),
            (UserKey::State, of(STATE, 2)),
            (UserKey::Zip, format!("{:05}-1234", 10_000 + nth)),
            (UserKey::Country, "US".to_owned()),
        ]
    };
    (0..USERS).map(user).collect()
}

fn hashed(user: &User) -> UserData {
    user.iter().fold(UserData::new(), |data, (key, value)| data.with(*key, value))
}

/// The official SDK with the same users.
struct Official(Rival);

impl Official {
    fn start(settings: &Settings, users: &[User]) -> Result<Self> {
        let mut rival = Rival::start(&mut settings.node("hash.js"))?;
        let object =
            |user: &User| user.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect();
        rival.tell(&Value::Array(users.iter().map(|user| Value::Object(object(user))).collect()).to_string())?;
        Ok(Self(rival))
    }

    fn round(&mut self, what: &str) -> Result<Duration> {
        Ok(Duration::from_nanos(self.0.ask(&format!("{what} {THEIRS}"))?.parse()?))
    }
}

fn our_round(users: &[User], mut what: impl FnMut(&User)) -> Duration {
    let start = Instant::now();
    for user in users.iter().cycle().take(OURS as usize) {
        what(black_box(user));
    }
    start.elapsed()
}

fn nanos(time: Duration, users: u32) -> f64 {
    time.as_secs_f64() * 1e9 / f64::from(users)
}

pub(crate) fn run(settings: &Settings) -> Result<()> {
    let users = users();
    let mut official = Official::start(settings, &users)?;
    let theirs: Vec<Value> = serde_json::from_str(&official.0.ask("show")?)?;
    for (user, theirs) in users.iter().zip(&theirs) {
        let ours = serde_json::to_value(hashed(user))?;
        if *theirs != ours {
            return Err(format!("the two sides differ:\n{theirs}\n{ours}").into());
        }
    }

    let [mut ours_hashed, mut ours_json, mut node_hashed, mut node_json] = [const { Vec::new() }; 4];
    for round in 0..WARM_UP + ROUNDS {
        let hash = our_round(&users, |user| drop(black_box(hashed(user))));
        let node_hash = official.round("hash")?;
        let mut written = Vec::with_capacity(1024);
        let json = our_round(&users, |user| {
            written.clear();
            // Writing into memory cannot fail.
            let _ = serde_json::to_writer(&mut written, &hashed(user));
            black_box(&written);
        });
        let node_written = official.round("json")?;
        if round >= WARM_UP {
            ours_hashed.push(nanos(hash, OURS));
            ours_json.push(nanos(json, OURS));
            node_hashed.push(nanos(node_hash, THEIRS));
            node_json.push(nanos(node_written, THEIRS));
        }
    }
    official.0.end()?;

    println!("One user with 8 fields; medians of {ROUNDS} rounds, in nanoseconds a user and users a second");
    println!(
        "{:28} {:>8} {:>10} {:>28} {:>10} {:>6}",
        "", "acd-meta", "1/s", "facebook-nodejs-business-sdk", "1/s", "times"
    );
    for (name, mut ours, mut node) in
        [("normalised and hashed", ours_hashed, node_hashed), ("and written as JSON", ours_json, node_json)]
    {
        let (ours, node) = (median(&mut ours), median(&mut node));
        let (per_second, theirs) = (1e9 / ours, 1e9 / node);
        println!("{name:28} {ours:>8.0} {per_second:>10.0} {node:>28.0} {theirs:>10.0} {:>6.1}", node / ours);
    }
    println!("wanted of the first row: at least 10 times");
    Ok(())
}
