//! The users: who they are, which products they take up, and what they pay.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::calendar::{Day, SIGN_UPS, USER_DAYS};
use super::catalog::{FIRST_NAMES, LAST_NAMES, MAIL_DOMAINS, PLACES, PRODUCTS, Product};
use super::random::Random;

/// How long a trial runs.
pub(super) const TRIAL_DAYS: i64 = 7;
/// What is paid for at a time.
pub(super) const PERIOD_DAYS: i64 = 30;
/// A subscription is canceled this long before what is paid for ends.
const NOTICE_DAYS: i64 = 10;
/// Days after the sign-up at which further products are taken up, and how many of a hundred users do so.
const FURTHER: [(i64, usize); 3] = [(14, 45), (45, 30), (120, 15)];

/// A user and everything that is fixed about them from the start.
#[derive(Debug)]
pub(super) struct User {
    pub(super) id: Uuid,
    pub(super) person: Uuid,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) locale: &'static str,
    pub(super) timezone: &'static str,
    pub(super) ip: String,
    pub(super) arrival: Arrival,
    /// The product of the sign-up first.
    pub(super) adoptions: Vec<Adoption>,
}

/// The places of the day that belong to a user's first visit.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) first: usize,
    pub(super) stride: usize,
    /// Pages seen before signing up.
    pub(super) pages: usize,
}

impl Arrival {
    pub(super) fn place(&self, step: usize) -> usize {
        self.first + step * self.stride
    }
}

/// A product that a user takes up.
#[derive(Debug)]
pub(super) struct Adoption {
    pub(super) product: &'static Product,
    pub(super) day: Day,
    /// The place in that day at which it is taken up.
    pub(super) place: usize,
    pub(super) at: DateTime<Utc>,
    pub(super) anonymous_id: Uuid,
    pub(super) role: &'static str,
    pub(super) deal: Deal,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deal {
    Free {
        bundled: bool,
    },
    /// A trial that nobody paid for afterwards.
    Trial(Plan),
    /// A trial, then a subscription, perhaps with an end after so many periods.
    Paid {
        plan: Plan,
        periods: Option<i64>,
        past_due: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    Starter,
    Pro,
    Enterprise,
}

impl Plan {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Starter => "starter",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
        }
    }

    /// US dollars a period.
    pub(super) fn price(self) -> i64 {
        match self {
            Self::Starter => 19,
            Self::Pro => 49,
            Self::Enterprise => 299,
        }
    }
}

/// What happens between a user and a product on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Milestone {
    TrialEnded,
    Subscribed(Plan),
    Renewed(Plan),
    Canceled(Plan),
}

/// How an adoption stands at the end of the seeded time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) plan: &'static str,
    pub(super) status: &'static str,
    pub(super) source: &'static str,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

impl Adoption {
    pub(super) fn milestone(&self, on: Day) -> Option<Milestone> {
        let age = on.0 - self.day.0;
        match self.deal {
            Deal::Trial(_) if age == TRIAL_DAYS => Some(Milestone::TrialEnded),
            Deal::Paid { plan, .. } if age == TRIAL_DAYS => Some(Milestone::Subscribed(plan)),
            Deal::Paid { plan, periods, .. } if age > TRIAL_DAYS => {
                let paid = age - TRIAL_DAYS;
                match periods {
                    Some(periods) if paid == periods * PERIOD_DAYS - NOTICE_DAYS => Some(Milestone::Canceled(plan)),
                    Some(periods) if paid >= periods * PERIOD_DAYS => None,
                    _ => (paid % PERIOD_DAYS == 0).then_some(Milestone::Renewed(plan)),
                }
            }
            _ => None,
        }
    }

    /// Whether the product is open to the user on this day.
    pub(super) fn usable(&self, on: Day) -> bool {
        let age = on.0 - self.day.0;
        age > 0
            && match self.deal {
                Deal::Free { .. } => true,
                Deal::Trial(_) => age < TRIAL_DAYS,
                Deal::Paid { periods, .. } => periods.is_none_or(|periods| age < TRIAL_DAYS + periods * PERIOD_DAYS),
            }
    }

    /// What is known at the start of this day; nothing when the product is taken up later.
    pub(super) fn standing(&self, at: Day) -> Option<Standing> {
        let age = at.0 - self.day.0;
        if age <= 0 {
            return None;
        }
        let trial_end = self.at + TimeDelta::days(TRIAL_DAYS);
        let stands = |plan, status, source, expires_at| Some(Standing { plan, status, source, expires_at });
        match self.deal {
            Deal::Free { bundled } => stands("free", "active", if bundled { "bundle" } else { "signup" }, None),
            Deal::Trial(plan) | Deal::Paid { plan, .. } if age <= TRIAL_DAYS => {
                stands(plan.as_str(), "trialing", "signup", Some(trial_end))
            }
            Deal::Trial(plan) => stands(plan.as_str(), "expired", "signup", Some(trial_end)),
            Deal::Paid { plan, periods: Some(periods), .. }
                if age > TRIAL_DAYS + periods * PERIOD_DAYS - NOTICE_DAYS =>
            {
                let end = trial_end + TimeDelta::days(periods * PERIOD_DAYS);
                stands(plan.as_str(), "canceled", "stripe", Some(end))
            }
            Deal::Paid { plan, past_due: true, .. } => stands(plan.as_str(), "past_due", "stripe", None),
            Deal::Paid { plan, .. } => stands(plan.as_str(), "active", "stripe", None),
        }
    }
}

impl User {
    /// The user who takes this seat (from 0 to 4) among those that sign up on the day.
    fn of(day: Day, seat: usize) -> Self {
        let number = day.0 * SIGN_UPS + i64::try_from(seat).unwrap_or_default();
        let mut random = Random::of("user", [number, 0]);
        let seats = usize::try_from(SIGN_UPS).unwrap_or(1);
        // A fifth of the day's places, 111 at least: the first visit takes from the first 100, further products the rest.
        let region = |day: Day| seat * day.events() / seats;
        let arrival =
            Arrival { first: region(day) + random.below(40), stride: 1 + random.below(3), pages: 2 + random.below(3) };
        let signed_up = day.moment(arrival.place(arrival.pages));
        let (first, last) = (random.pick(&FIRST_NAMES), random.pick(&LAST_NAMES));
        let domain = random.pick(&MAIL_DOMAINS);
        let (locale, timezone, net) = random.pick(&PLACES);
        let ip = format!("{net}.{}", random.between(1, 254));
        let role = random.pick(&["owner", "owner", "owner", "admin", "member", "member", "viewer"]);
        let mut adoptions = vec![Adoption {
            product: weighted(&mut random),
            day,
            place: arrival.place(arrival.pages),
            at: signed_up,
            anonymous_id: random.uuid(),
            role,
            deal: deal(&mut random, false),
        }];
        for (nth, (delay, chance)) in FURTHER.into_iter().enumerate() {
            let (wanted, product, anonymous_id) = (random.percent(chance), weighted(&mut random), random.uuid());
            let deal = deal(&mut random, true);
            if wanted && adoptions.iter().all(|adoption| adoption.product.slug != product.slug) {
                let day = Day(day.0 + delay);
                let place = region(day) + 100 + 3 * nth + 1;
                let at = day.moment(place);
                adoptions.push(Adoption { product, day, place, at, anonymous_id, role: "member", deal });
            }
        }
        Self {
            id: random.uuid_at(signed_up),
            person: random.uuid_at(signed_up),
            email: format!("{first}.{last}.{number}@{domain}").to_lowercase(),
            name: format!("{first} {last}"),
            locale,
            timezone,
            ip,
            arrival,
            adoptions,
        }
    }

    /// The product of the sign-up.
    pub(super) fn signup(&self) -> &Adoption {
        &self.adoptions[0]
    }
}

fn weighted(random: &mut Random) -> &'static Product {
    let mut left = random.below(100);
    PRODUCTS
        .iter()
        .find(|product| {
            let here = left < product.weight;
            left = left.saturating_sub(product.weight);
            here
        })
        .unwrap_or(&PRODUCTS[0])
}

fn deal(random: &mut Random, further: bool) -> Deal {
    let plan = random.pick(&[Plan::Starter, Plan::Starter, Plan::Starter, Plan::Pro, Plan::Pro, Plan::Enterprise]);
    let (free, converts, ends) = (random.percent(45), random.percent(55), random.percent(25));
    let (periods, past_due, bundled) = (random.between(1, 6), random.percent(4), random.percent(30));
    match () {
        () if free => Deal::Free { bundled: further && bundled },
        () if converts => Deal::Paid { plan, periods: ends.then_some(periods), past_due },
        () => Deal::Trial(plan),
    }
}

/// All users of the seeded time.
#[derive(Debug)]
pub(super) struct People {
    first: Day,
    users: Vec<User>,
}

impl People {
    /// Those who signed up before this day.
    pub(super) fn before(until: Day) -> Self {
        let first = until.before(USER_DAYS);
        let seats = usize::try_from(SIGN_UPS).unwrap_or_default();
        let users = (first.0..until.0).flat_map(|day| (0..seats).map(move |seat| User::of(Day(day), seat))).collect();
        Self { first, users }
    }

    pub(super) fn all(&self) -> &[User] {
        &self.users
    }

    /// Those who signed up in the days from the one to the other, the last included.
    pub(super) fn signed_up(&self, from: Day, to: Day) -> &[User] {
        let place = |day: Day| usize::try_from((day.0 - self.first.0) * SIGN_UPS).unwrap_or_default();
        self.users.get(place(from)..place(Day(to.0 + 1)).min(self.users.len())).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milestones_and_standing_tell_the_same_story() {
        let day = Day(20_000);
        let user = User::of(day, 0);
        let with = |deal| Adoption { deal, ..User::of(day, 0).adoptions.swap_remove(0) };
        let plan = Plan::Pro;
        let paid = with(Deal::Paid { plan, periods: Some(2), past_due: false });
        let story: Vec<_> = (0..200).filter_map(|age| Some((age, paid.milestone(Day(day.0 + age))?))).collect();
        let expected =
            [(7, Milestone::Subscribed(plan)), (37, Milestone::Renewed(plan)), (57, Milestone::Canceled(plan))];
        assert_eq!(story, expected);
        let standing = |age| paid.standing(Day(day.0 + age)).map(|standing| standing.status);
        let all = [0, 1, 7, 8, 57, 58].map(standing);
        assert_eq!(all, [None, Some("trialing"), Some("trialing"), Some("active"), Some("active"), Some("canceled")]);
        assert!(paid.usable(Day(day.0 + 66)) && !paid.usable(Day(day.0 + 67)));
        assert_eq!(user.id.get_version_num(), 7);
    }

    #[test]
    fn a_window_has_two_thousand_users_and_shares_those_of_the_window_before() {
        let (today, tomorrow) = (People::before(Day(20_000)), People::before(Day(20_001)));
        assert_eq!(today.all().len(), 2_000);
        let ids = |people: &People| people.all().iter().map(|user| user.id).collect::<Vec<_>>();
        assert_eq!(ids(&today)[5..], ids(&tomorrow)[..1_995]);
        assert_eq!(today.signed_up(Day(19_999), Day(19_999)).len(), 5);
        assert!(today.signed_up(Day(20_000), Day(20_000)).is_empty());
        let products: usize = today.all().iter().map(|user| user.adoptions.len()).sum();
        assert!(products > 3_200, "several products a user, in all {products}");
    }
}
