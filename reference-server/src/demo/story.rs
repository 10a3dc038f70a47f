//! The steps of the demo, in order.

use std::time::{Duration, Instant};

use acd_core::{Bearer, Client, Secret};
use acd_platform::events::{self, Event, EventCounts};
use acd_platform::keys::{CreateApiKey, Scope};
use acd_platform::persons::{self, Person};
use acd_platform::{Page, ProductSlug};
use acd_testing::MetaSimulator;
use chrono::Utc;

use super::ads::Cast;
use super::meta;
use super::server::Server;
use super::traffic::{self, EVENTS_A_VISIT, Run};
use super::view::View;
use crate::cli::Context;
use crate::gateway::{Authenticator, Keys};
use crate::kernel::clock::Clock;
use crate::kernel::migrate::Migrator;
use crate::kernel::principal::Principal;
use crate::kernel::request_id::RequestId;

type Error = Box<dyn std::error::Error + Send + Sync>;

const PEOPLE: usize = 250;
const PRODUCTS: [&str; 2] = ["waitlistlab", "portal28"];
const DELIVERED_WITHIN: Duration = Duration::from_secs(60);

/// How the demo ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every fact was as it should be.
    Good,
    /// The table says what was not.
    Wrong,
}

/// Runs the story. With `exit` it stops everything at the end, else it leaves the server up until Ctrl-C.
///
/// # Errors
/// When a step cannot be carried out at all.
pub async fn run(context: &Context, exit: bool) -> Result<Outcome, Error> {
    let mut view = View::default();
    println!("ACD demo: two products, one person, nothing lost\n");

    let step = view.step("database");
    let session = context.connect().await?;
    let applied = Migrator::new(context.config.migrations_dir.as_deref())?.up(session.db.pool(), None).await?;
    step.done(&format!("PostgreSQL is up, {} migrations applied", applied.len()));

    let step = view.step("seed");
    let reports = crate::seed::run(&session.db, Utc::now().date_naive()).await?;
    let (new, all) =
        reports.iter().fold((0, 0), |(new, all), table| (new + table.inserted, all + table.inserted + table.unchanged));
    let took = step.done(&format!("fifteen products seeded: {new} new rows of {all}"));
    let rate = if new > 0 { format!(", {:.0} rows/s", new as f64 / took.as_secs_f64()) } else { String::new() };
    view.fact("seed of 15 products", format!("{all} rows there, {new} new{rate}"), all >= 50_000);

    let keys = make_keys(context, &session.db).await?;
    let simulator = MetaSimulator::start().await?;
    let settings = meta::settings(&simulator);
    let mut server = Server::start(context.config.listen, &context.config.data_dir, settings).await?;
    println!("  ✓ server at {} — docs at {}/docs", server.url, server.url);
    println!("  ✓ Meta is simulated at {}/__sim/", simulator.url());

    let run = Run(format!("{:x}", Utc::now().timestamp_micros()));
    let queues = context.config.data_dir.join("demo-queues").join(&run.0);
    let clients = PRODUCTS
        .iter()
        .zip(&keys.products)
        .map(|(product, key)| traffic::client(&server.url, key, queues.join(product)))
        .collect::<Result<Vec<_>, _>>()?;

    let step = view.step("two products send");
    let started = Instant::now();
    for person in 0..PEOPLE {
        for (client, product) in clients.iter().zip(PRODUCTS) {
            traffic::visit(client, &run, product, person)?;
        }
    }
    for client in &clients {
        client.flush().await?;
    }
    let sent = 2 * PEOPLE as u64 * EVENTS_A_VISIT;
    let took = started.elapsed();
    step.done(&format!("{sent} events sent through the SDK and acknowledged"));
    view.fact(
        "live traffic through the SDK",
        format!("{sent} events, {:.0} events/s", sent as f64 / took.as_secs_f64()),
        true,
    );

    let step = view.step("Segment's own client");
    match traffic::segment_client(&server.url, &keys.products[0]).await? {
        Ok(calls) => {
            step.done(&format!("Segment's Node.js client sent {calls} calls, unmodified"));
            view.fact("Segment's client, unmodified", format!("{calls} calls, 0 errors"), true);
        }
        Err(why) => {
            step.done(&format!("Segment's client left out: {why}"));
            view.fact("Segment's client, unmodified", format!("left out: {why}"), true);
        }
    }

    let reader = |key: &Secret| -> Result<Client, acd_core::Error> {
        Client::builder(&server.url).auth(Bearer::new(key)?).build()
    };
    let (first, second, admin) = (reader(&keys.products[0])?, reader(&keys.products[1])?, reader(&keys.admin)?);
    one_person(&mut view, &run, [&first, &second, &admin]).await?;
    isolation(&mut view, &run, [&first, &second, &admin]).await?;

    let step = view.step("kill -9");
    let mut killed = None;
    for person in PEOPLE..2 * PEOPLE {
        for (client, product) in clients.iter().zip(PRODUCTS) {
            traffic::visit(client, &run, product, person)?;
        }
        step.progress((person - PEOPLE) as u64, PEOPLE as u64);
        // Long enough for batches to be under way when the server dies.
        #[expect(clippy::disallowed_methods, reason = "a demonstration runs in real time")]
        tokio::time::sleep(Duration::from_millis(4)).await;
        if person == PEOPLE + PEOPLE / 2 {
            let folder = context.config.data_dir.clone();
            killed = Some(server.kill_and_restart(&folder).await?);
            break;
        }
    }
    let Some((restarted, down)) = killed else { return Err("the server was not killed".into()) };
    server = restarted;
    for person in PEOPLE + PEOPLE / 2 + 1..2 * PEOPLE {
        for (client, product) in clients.iter().zip(PRODUCTS) {
            traffic::visit(client, &run, product, person)?;
        }
    }
    for client in &clients {
        delivered(client).await?;
    }
    let mut counted = 0;
    let mut distinct = std::collections::HashSet::new();
    for client in [&first, &second] {
        for event in all_events(client, &run).await? {
            counted += 1;
            distinct.insert((event.product, event.message_id));
        }
    }
    let wanted = 2 * sent;
    step.done("the server was killed in mid-traffic, restarted, and the SDK went on");
    view.fact("kill -9 and restart", format!("{:.2} s without a server", down.as_secs_f64()), true);
    let lost = wanted.saturating_sub(distinct.len() as u64);
    let twice = counted - distinct.len() as u64;
    view.fact(
        "events after the kill",
        format!("{wanted} tracked, {lost} lost, {twice} stored twice"),
        lost + twice == 0,
    );

    let [advertiser, seller] = &keys.products;
    let products = [(advertiser, PRODUCTS[0]), (seller, PRODUCTS[1])];
    let sales = clients.last().ok_or("no product has a client")?;
    Cast::new(&simulator, &server.url, &keys.admin, products, sales)?.play(&mut view, &run).await?;
    for client in clients {
        client.shutdown().await;
    }

    println!();
    let good = view.close();
    if exit {
        server.stop().await?;
        session.close().await?;
    } else {
        println!("\nThe server stays up until Ctrl-C:");
        println!("  docs           {}/docs", server.url);
        println!("  Meta           {}/__sim/", simulator.url());
        println!("  administrator  {}", keys.admin.expose());
        for (product, key) in PRODUCTS.iter().zip(&keys.products) {
            println!("  {product:<14} {}", key.expose());
        }
        server.wait().await?;
        session.close().await?;
    }
    Ok(if good { Outcome::Good } else { Outcome::Wrong })
}

struct DemoKeys {
    products: [Secret; 2],
    admin: Secret,
}

async fn make_keys(context: &Context, db: &crate::kernel::db::Db) -> Result<DemoKeys, Error> {
    let clock = Clock::system();
    let keys = Keys::new(db.clone(), clock.clone(), Authenticator::new(db.clone(), clock, context.key_hasher()?, None));
    let make = async |product: Option<&str>, scopes: &[Scope]| -> Result<Secret, Error> {
        let product = product.map(str::parse::<ProductSlug>).transpose()?;
        let wanted = CreateApiKey {
            name: "demo".to_owned(),
            product,
            scopes: scopes.to_vec(),
            // A key that was left over from a demo opens nothing the next day.
            expires_at: Utc::now().checked_add_signed(chrono::TimeDelta::hours(12)),
        };
        let made = keys.create(&Principal::service(RequestId::new()), wanted, None).await?;
        Ok(Secret::new(made.secret.unwrap_or_default()))
    };
    let scopes = [
        Scope::EventsWrite,
        Scope::EventsRead,
        Scope::PersonsRead,
        Scope::ConsentsWrite,
        Scope::AdsRead,
        Scope::AdsWrite,
        Scope::LeadsRead,
        Scope::ConversionsRead,
        Scope::ConversionsManage,
        Scope::AttributionRead,
        Scope::AttributionWrite,
    ];
    Ok(DemoKeys {
        products: [make(Some(PRODUCTS[0]), &scopes).await?, make(Some(PRODUCTS[1]), &scopes).await?],
        admin: make(None, &[Scope::Admin]).await?,
    })
}

/// The same person behind both products' ids.
async fn one_person(view: &mut View, run: &Run, [first, second, admin]: [&Client; 3]) -> Result<(), Error> {
    let step = view.step("one person");
    let started = Instant::now();
    let lookup = async |client: &Client, product: &str| -> Result<Person, Error> {
        let user = run.user(product, 0);
        Ok(client.call(&persons::LOOKUP).query("user_id", user).send_json::<Person>().await?)
    };
    let (one, other) = (lookup(first, PRODUCTS[0]).await?, lookup(second, PRODUCTS[1]).await?);
    let all = admin.call(&persons::GET).path_param("id", one.id).send_json::<Person>().await?;
    let timeline: Page<Event> =
        admin.call(&persons::TIMELINE).path_param("id", one.id).query("limit", 1000).send_json().await?;
    step.done(&format!("{} is known to both products as {}", run.email(0), one.id));
    let wanted = 2 * EVENTS_A_VISIT as usize;
    view.fact(
        "one person across two products",
        format!(
            "{} ids, {} events, found in {:.1} ms",
            all.links.len(),
            timeline.data.len(),
            started.elapsed().as_secs_f64() * 1e3 / 4.0
        ),
        one.id == other.id && all.links.len() == 5 && timeline.data.len() == wanted,
    );
    let seen: Vec<_> = one.links.iter().filter_map(|link| link.product.as_ref()).collect();
    let own = seen.iter().all(|product| product.as_str() == PRODUCTS[0]);
    view.fact(
        "what a product sees of the person",
        format!("{} of its own ids, {} of others", seen.len(), usize::from(!own)),
        own,
    );
    Ok(())
}

/// Each product its own rows, an administrator all.
async fn isolation(view: &mut View, run: &Run, [first, second, admin]: [&Client; 3]) -> Result<(), Error> {
    let step = view.step("isolation");
    let own = all_events(first, run).await?;
    let foreign = own.iter().filter(|event| event.product.as_str() != PRODUCTS[0]).count();
    let target = own.first().ok_or("no event is there")?.id;
    let refused = match second.call(&events::GET).path_param("id", target).send_json::<Event>().await {
        Err(error) => error.status().map(|status| status.as_u16()),
        Ok(_) => None,
    };
    let seen = admin.call(&events::GET).path_param("id", target).send_json::<Event>().await?;
    let counts: EventCounts = admin.call(&events::COUNTS).send_json().await?;
    let products: std::collections::HashSet<_> = counts.counts.iter().map(|count| count.product.as_str()).collect();
    step.done("each product sees its own rows, the administrator all");
    view.fact("rows of another product in a list", foreign.to_string(), foreign == 0);
    view.fact(
        "another product's event by id",
        refused.map_or_else(|| "shown".to_owned(), |status| status.to_string()),
        refused == Some(404),
    );
    view.fact(
        "what the administrator sees",
        format!("{} events of {} products in 30 days", counts.total, products.len()),
        seen.id == target && products.len() == 15,
    );
    Ok(())
}

/// Every event of this run that the client's product has.
async fn all_events(client: &Client, run: &Run) -> Result<Vec<Event>, Error> {
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page: Page<Event> =
            client.call(&events::LIST).query("limit", 1000).query_opt("cursor", cursor.as_ref()).send_json().await?;
        let ours =
            |event: &Event| [&event.user_id, &event.anonymous_id].into_iter().flatten().any(|id| id.contains(&run.0));
        let before = found.len();
        found.extend(page.data.into_iter().filter(ours));
        cursor = page.next_cursor;
        // Newest first: a page without any of ours lies before this run.
        if cursor.is_none() || found.len() == before {
            return Ok(found);
        }
    }
}

/// Flushes until the queue is empty: a server that was just away makes the first attempts fail.
async fn delivered(client: &acd_analytics::AnalyticsClient) -> Result<(), Error> {
    let until = Instant::now() + DELIVERED_WITHIN;
    loop {
        match client.flush().await {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() > until => return Err(error.into()),
            #[expect(clippy::disallowed_methods, reason = "a demonstration runs in real time")]
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
