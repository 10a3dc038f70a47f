//! What happens on a day: first visits that end in a sign-up, products taken up, money, daily use, and passers-by.

use super::calendar::{ACTIVE_DAYS, Day};
use super::catalog::{APP_PAGES, BROWSERS, ORIGINS, PAGES, PLACES, PRODUCTS};
use super::people::{Adoption, Deal, Milestone, People, User};
use super::random::Random;
use super::rows::EventRow;
use super::visit::{Step, Visit};

/// Steps of a new user's first visit after the sign-up itself.
const FIRST_STEPS: usize = 5;

/// The events of the day, as many as the calendar says, in order.
pub(super) fn events(people: &People, day: Day) -> Vec<EventRow> {
    let mut schedule = Schedule { day, places: std::iter::repeat_with(|| None).take(day.events()).collect() };
    // People who signed up or come back: all of them exist, whichever day the seeded time begins.
    let known = people.signed_up(day.before(ACTIVE_DAYS), day);
    for user in people.signed_up(day, day) {
        schedule.arrival(user);
    }
    for user in known {
        for adoption in &user.adoptions {
            if adoption.day == day && adoption.day != user.signup().day {
                schedule.further_product(user, adoption);
            }
        }
    }
    for user in known {
        for adoption in &user.adoptions {
            if let Some(milestone) = adoption.milestone(day) {
                schedule.milestone(user, adoption, milestone);
            }
        }
    }
    schedule.fill(people);
    schedule.places.into_iter().flatten().collect()
}

struct Schedule {
    day: Day,
    places: Vec<Option<EventRow>>,
}

impl Schedule {
    fn put(&mut self, place: usize, visit: &Visit<'_>, step: Step) {
        if let Some(slot @ None) = self.places.get_mut(place) {
            *slot = Some(visit.event(self.day, place, step));
        }
    }

    /// The next free place; none when the day is full from there on.
    fn free(&self, from: usize) -> Option<usize> {
        (from..self.places.len()).find(|place| self.places[*place].is_none())
    }

    /// The steps of a visit, each at the next free place after a short pause. Those after midnight are left out.
    fn spread(&mut self, first: usize, visit: &Visit<'_>, steps: Vec<Step>, random: &mut Random) {
        let mut from = first;
        for step in steps {
            let Some(place) = self.free(from) else { return };
            self.put(place, visit, step);
            from = place + 1 + random.below(3);
        }
    }

    fn arrival(&mut self, user: &User) {
        let adoption = user.signup();
        let mut random = Random::of("arrival", [self.day.0, adoption.at.timestamp_millis()]);
        let known = Visit::of_user(user, adoption, &mut random);
        let unknown = Visit { origin: Some(random.one_of(&ORIGINS)), user: None, ..known };
        for step in 0..user.arrival.pages {
            let page = if step == 0 { PAGES[0] } else { random.pick(&PAGES[1..]) };
            // Only the first page was reached from elsewhere.
            let visit = if step == 0 { unknown } else { Visit { origin: None, ..unknown } };
            self.put(user.arrival.place(step), &visit, Step::Page(page));
        }
        let mut steps = vec![Step::signed_up(adoption), Step::identify(user, adoption)];
        steps.extend(started(adoption));
        steps.push(Step::Page(APP_PAGES[0]));
        steps.extend(adoption.product.actions.iter().take(2).map(|action| Step::action(action, &mut random)));
        for (nth, step) in steps.into_iter().take(1 + FIRST_STEPS).enumerate() {
            self.put(user.arrival.place(user.arrival.pages + nth), &known, step);
        }
    }

    fn further_product(&mut self, user: &User, adoption: &Adoption) {
        let mut random = Random::of("further", [self.day.0, adoption.at.timestamp_millis()]);
        let visit = Visit::of_user(user, adoption, &mut random);
        let landing = Visit { user: None, origin: ORIGINS.iter().find(|origin| origin.utm[0] == "portal28"), ..visit };
        self.put(adoption.place - 1, &landing, Step::Page(PAGES[0]));
        self.put(adoption.place, &visit, Step::identify(user, adoption));
        self.put(adoption.place + 1, &visit, started(adoption).unwrap_or_else(|| Step::signed_up(adoption)));
    }

    fn milestone(&mut self, user: &User, adoption: &Adoption, milestone: Milestone) {
        let mut random = Random::of("milestone", [self.day.0, adoption.at.timestamp_millis()]);
        let visit = Visit::of_user(user, adoption, &mut random);
        let steps = match milestone {
            Milestone::TrialEnded => vec![Step::trial_ended(adoption)],
            Milestone::Subscribed(plan) => vec![
                Step::Page(PAGES[2]),
                Step::paid("Checkout Started", plan, None),
                Step::paid("Subscription Started", plan, Some(random.uuid())),
            ],
            Milestone::Renewed(plan) => vec![Step::paid("Subscription Renewed", plan, Some(random.uuid()))],
            Milestone::Canceled(plan) => {
                vec![Step::Page(APP_PAGES[3]), Step::paid("Subscription Canceled", plan, None)]
            }
        };
        let first = random.below(self.places.len() * 9 / 10);
        self.spread(first, &visit, steps, &mut random);
    }

    /// Gives the places that are left to visits, several of them at a time.
    fn fill(&mut self, people: &People) {
        let mut random = Random::of("fill", [self.day.0, 0]);
        while let Some(first) = self.free(0) {
            let regular = (!random.percent(35)).then(|| regular(people, self.day, &mut random)).flatten();
            match regular {
                Some((user, adoption)) => {
                    let visit = Visit::of_user(user, adoption, &mut random);
                    let mut steps = vec![Step::Page(random.pick(&APP_PAGES))];
                    let begin = random.below(adoption.product.actions.len());
                    let actions = adoption.product.actions.iter().cycle().skip(begin).take(2 + random.below(5));
                    steps.extend(actions.map(|action| Step::action(action, &mut random)));
                    self.spread(first, &visit, steps, &mut random);
                }
                None => self.passer_by(first, &mut random),
            }
        }
    }

    fn passer_by(&mut self, first: usize, random: &mut Random) {
        let (locale, timezone, net) = random.pick(&PLACES);
        let visit = Visit {
            product: random.one_of(&PRODUCTS),
            user: None,
            anonymous_id: random.uuid(),
            origin: Some(random.one_of(&ORIGINS)),
            browser: random.pick(&BROWSERS),
            locale,
            timezone,
            ip: &format!("{net}.{}", random.between(1, 254)),
        };
        self.spread(first, &visit, vec![Step::Page(random.pick(&PAGES))], random);
        let more = (0..random.below(4)).map(|_| Step::Page(random.pick(&PAGES))).collect();
        self.spread(first + 1, &Visit { origin: None, ..visit }, more, random);
    }
}

fn started(adoption: &Adoption) -> Option<Step> {
    match adoption.deal {
        Deal::Trial(plan) | Deal::Paid { plan, .. } => Some(Step::paid("Trial Started", plan, None)),
        Deal::Free { .. } => None,
    }
}

/// Somebody who uses a product today: newer users come back more often.
fn regular<'a>(people: &'a People, day: Day, random: &mut Random) -> Option<(&'a User, &'a Adoption)> {
    let share = random.fraction();
    let ago = 1 + (share * share * share * (ACTIVE_DAYS - 1) as f64) as i64;
    let user = random.one_of(people.signed_up(day.before(ago), day.before(ago)));
    let usable: Vec<&Adoption> = user.adoptions.iter().filter(|adoption| adoption.usable(day)).collect();
    (!usable.is_empty()).then(|| (user, random.pick(&usable)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_day_is_full_and_the_same_whenever_it_is_told() {
        let day = Day(20_500);
        // The first day of one window is in the middle of another.
        let (late, early) = (People::before(Day(20_590)), People::before(Day(20_540)));
        let events_of_day = events(&late, day);
        assert_eq!(events_of_day.len(), day.events());
        assert_eq!(events_of_day, events(&early, day));
        assert!(events_of_day.is_sorted_by_key(|event| event.received_at));
    }

    #[test]
    fn the_funnel_narrows_step_by_step() {
        let until = 20_590;
        let people = People::before(Day(until));
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for event in (until - 90..until).flat_map(|day| events(&people, Day(day))) {
            *counts.entry(event.event.unwrap_or(event.kind)).or_default() += 1;
        }
        let count = |name: &str| counts.get(name).copied().unwrap_or_default();
        assert_eq!(counts.values().sum::<usize>(), 50_000);
        let funnel = ["Pricing", "identify", "Signed Up", "Trial Started", "Subscription Started"].map(count);
        assert!(funnel.is_sorted_by(|wide, narrow| wide > narrow), "{funnel:?}");
        assert!(
            count("Signed Up") >= 450 && count("Subscription Renewed") > 300 && count("Subscription Canceled") > 20
        );
    }

    #[test]
    fn everybody_signs_up_at_the_time_of_their_row() {
        let people = People::before(Day(20_590));
        let day = Day(20_550);
        let events = events(&people, day);
        for user in people.signed_up(day, day) {
            let id = user.id.to_string();
            let of_user = |event: &&EventRow| event.user_id.as_deref() == Some(&id);
            let signed_up = events.iter().filter(of_user).find(|event| event.event == Some("Signed Up")).unwrap();
            assert_eq!(signed_up.received_at, user.signup().at);
            let anonymous = |event: &&EventRow| event.anonymous_id == signed_up.anonymous_id && event.user_id.is_none();
            assert_eq!(events.iter().filter(anonymous).count(), user.arrival.pages);
        }
    }
}
