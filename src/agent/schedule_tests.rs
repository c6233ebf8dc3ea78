//! Every rule of the schedule on plain numbers.

use super::*;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
/// A moment far from 0.
const NOW: i64 = 1_800_000_000;

/// Keys that were new `age` seconds before NOW, of one hour unless said.
fn keys(profile: &str, idp: &str, age: i64, lifetime: i64) -> Session {
    Session {
        profile: profile.into(),
        aws_profile: profile.into(),
        identity_provider: idp.into(),
        key_id: format!("ASIA{profile}"),
        parents: Vec::new(),
        expires_at: NOW - age + lifetime,
        before: (20 * MINUTE).max(lifetime / 10).min(lifetime / 2),
        lifetime,
    }
}

fn renew(idp: &str, profiles: &[&str]) -> Next {
    Next::Renew {
        identity_provider: idp.into(),
        profiles: profiles.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn corp() -> Subject {
    Subject::IdentityProvider("corp".into())
}

#[test]
fn keys_are_renewed_a_little_before_they_are_short_and_never_in_their_first_half() {
    for lifetime in [15 * MINUTE, HOUR, 2 * HOUR, 12 * HOUR] {
        let mut seen = BTreeSet::new();
        for n in 0..200 {
            let mut session = keys("prod", "corp", 0, lifetime);
            session.key_id = format!("ASIA{n}");
            let due = session.due_at();
            let short = session.expires_at - session.before;
            assert!(due <= short, "{lifetime}");
            assert!(due >= short - session.before / 4, "{lifetime}");
            assert!(due >= NOW + lifetime / 2, "{lifetime}");
            assert_eq!(due, session.due_at());
            seen.insert(due);
        }
        // Half of 15 minutes leaves no room.
        assert_eq!(seen.len() > 50, lifetime > 15 * MINUTE, "{lifetime}");
    }
}

#[test]
fn nothing_is_done_before_it_is_due_and_then_at_once() {
    let session = keys("prod", "corp", 0, HOUR);
    let due = session.due_at();
    let schedule = Schedule::default();
    let all = [session];
    assert_eq!(schedule.next(&all, NOW), Next::Wait(Some(due)));
    assert_eq!(schedule.next(&all, due - 1), Next::Wait(Some(due)));
    assert_eq!(schedule.next(&all, due), renew("corp", &["prod"]));
    assert_eq!(schedule.next(&[], NOW), Next::Wait(None));
}

#[test]
fn one_sign_in_serves_all_of_a_provider_that_are_due_soon() {
    let all = [
        keys("a", "corp", 55 * MINUTE, HOUR),
        keys("b", "corp", 33 * MINUTE, HOUR),
        // New keys stay, and so does who is far from due, and another provider's.
        keys("c", "corp", 10 * MINUTE, HOUR),
        keys("d", "corp", 7 * HOUR, 12 * HOUR),
        keys("e", "other", 45 * MINUTE, HOUR),
    ];
    let schedule = Schedule::default();
    assert_eq!(schedule.next(&all, NOW), renew("corp", &["a", "b"]));
    assert_eq!(
        schedule.next(&all[1..4], NOW),
        Next::Wait(Some(all[1].due_at()))
    );
    assert_eq!(schedule.next(&all[4..], NOW), renew("other", &["e"]));
}

#[test]
fn after_a_suspend_expired_keys_are_renewed_in_the_order_in_which_they_were_due() {
    let all = [
        keys("a", "corp", HOUR, HOUR),
        keys("b", "other", 30 * MINUTE, HOUR),
    ];
    let mut schedule = Schedule::default();
    let morning = NOW + 14 * HOUR;
    assert_eq!(schedule.next(&all, morning), renew("corp", &["a"]));
    schedule.failed(corp(), Kind::NeedsYou, &all, "", morning, 0);
    assert_eq!(schedule.next(&all, morning), renew("other", &["b"]));
}

#[test]
fn a_clock_that_jumps_moves_only_what_depends_on_it() {
    let all = [keys("prod", "corp", 0, HOUR)];
    let due = all[0].due_at();
    let schedule = Schedule::default();
    assert_eq!(schedule.next(&all, NOW - 40 * HOUR), Next::Wait(Some(due)));
    assert_eq!(
        schedule.next(&all, NOW + 40 * HOUR),
        renew("corp", &["prod"])
    );
}

#[test]
fn a_pause_that_began_in_the_future_is_over() {
    let all = [keys("prod", "corp", HOUR, HOUR)];
    for kind in [Kind::Unreachable, Kind::Refused] {
        let mut schedule = Schedule::default();
        schedule.failed(corp(), kind, &all, "", NOW + 30 * HOUR, 0);
        assert_eq!(schedule.next(&all, NOW), renew("corp", &["prod"]));
    }
}

#[test]
fn what_cannot_be_reached_is_asked_less_and_less_often_but_every_half_hour() {
    let all = [keys("prod", "corp", HOUR, HOUR)];
    for dice in [0, 7, 12_345, u64::MAX] {
        let mut schedule = Schedule::default();
        let (mut now, mut waits) = (NOW, Vec::new());
        for _ in 0..12 {
            let pause = schedule.failed(corp(), Kind::Unreachable, &all, "", now, dice);
            waits.push(pause.wait);
            let end = now + pause.wait;
            assert_eq!(schedule.next(&all, end - 1), Next::Wait(Some(end)));
            assert_eq!(schedule.next(&all, end), renew("corp", &["prod"]));
            now = end;
        }
        for (times, wait) in waits.iter().enumerate() {
            let plain = (MINUTE << times.min(10)).min(30 * MINUTE);
            assert!((plain * 4 / 5..=plain * 6 / 5).contains(wait), "{waits:?}");
            assert!(*wait <= 30 * MINUTE, "{waits:?}");
        }
    }
}

#[test]
fn a_sign_in_that_worked_ends_the_back_off() {
    let all = [keys("prod", "corp", HOUR, HOUR)];
    let mut schedule = Schedule::default();
    for _ in 0..5 {
        schedule.failed(corp(), Kind::Unreachable, &all, "", NOW, 0);
    }
    schedule.worked("corp", &["prod"]);
    assert!(schedule.pauses().is_empty());
    let pause = schedule.failed(corp(), Kind::Unreachable, &all, "", NOW, 0);
    assert!(pause.wait <= 72);
}

#[test]
fn another_network_ends_the_wait_for_what_could_not_be_reached_only() {
    let all = [
        keys("a", "corp", HOUR, HOUR),
        keys("b", "other", HOUR, HOUR),
    ];
    let mut schedule = Schedule::default();
    schedule.failed(corp(), Kind::Unreachable, &all, "", NOW, 0);
    let other = Subject::IdentityProvider("other".into());
    schedule.failed(other, Kind::Refused, &all, "", NOW, 0);
    assert!(matches!(schedule.next(&all, NOW), Next::Wait(_)));
    schedule.network_changed();
    assert_eq!(schedule.next(&all, NOW), renew("corp", &["a"]));
}

#[test]
fn what_was_refused_waits_for_new_keys_another_configuration_or_a_long_while() {
    let all = [keys("prod", "corp", HOUR, HOUR)];
    let refused = || {
        let mut schedule = Schedule::default();
        schedule.failed(corp(), Kind::Refused, &all, "one", NOW, 5);
        schedule
    };
    let mut schedule = refused();
    schedule.look(&all, "one");
    schedule.network_changed();
    assert_eq!(
        schedule.next(&all, NOW + 1),
        Next::Wait(Some(NOW + 6 * HOUR))
    );
    assert_eq!(schedule.renewal_of(&all[0], NOW + 1), None);
    assert_eq!(
        schedule.next(&all, NOW + 6 * HOUR),
        renew("corp", &["prod"])
    );
    schedule.look(&all, "two");
    assert_eq!(schedule.next(&all, NOW + 1), renew("corp", &["prod"]));
    let mut renewed = all.clone();
    renewed[0].key_id = "ASIANEW".into();
    let mut schedule = refused();
    schedule.look(&renewed, "one");
    assert!(schedule.pauses().is_empty());
}

#[test]
fn new_keys_of_a_parent_are_a_reason_to_try_its_children_again() {
    let child = |parent: &str| Session {
        parents: vec![parent.into()],
        ..keys("far", "corp", 50 * MINUTE, HOUR)
    };
    for subject in [corp(), Subject::Profile("far".into())] {
        let mut schedule = Schedule::default();
        schedule.failed(subject, Kind::NeedsYou, &[child("ASIAOLD")], "", NOW, 0);
        schedule.look(&[child("ASIAOLD")], "");
        assert_ne!(
            schedule.next(&[child("ASIAOLD")], NOW),
            renew("corp", &["far"])
        );
        schedule.look(&[child("ASIANEW")], "");
        assert_eq!(
            schedule.next(&[child("ASIANEW")], NOW),
            renew("corp", &["far"])
        );
    }
}

#[test]
fn keys_that_went_are_no_reason_to_try_again_what_was_refused() {
    let all = [keys("a", "corp", HOUR, HOUR), keys("b", "corp", HOUR, HOUR)];
    let mut schedule = Schedule::default();
    schedule.failed(corp(), Kind::Refused, &all, "one", NOW, 5);
    schedule.look(&all[..1], "one");
    assert_eq!(
        schedule.next(&all[..1], NOW + 1),
        Next::Wait(Some(NOW + 6 * HOUR))
    );
}

#[test]
fn a_role_that_is_refused_does_not_hold_up_the_others() {
    let all = [keys("a", "corp", HOUR, HOUR), keys("b", "corp", HOUR, HOUR)];
    let mut schedule = Schedule::default();
    let a = Subject::Profile("a".into());
    schedule.failed(a, Kind::Refused, &all, "", NOW, 0);
    assert_eq!(schedule.next(&all, NOW), renew("corp", &["b"]));
    // The keys of others are no reason to try it again.
    let mut renewed = all.clone();
    renewed[1].key_id = "ASIANEW".into();
    schedule.look(&renewed, "");
    schedule.worked("corp", &["b"]);
    assert_eq!(schedule.pauses().len(), 1);
}

#[test]
fn a_new_agent_knows_what_was_refused_and_asks_again_what_was_unreachable() {
    let all = [keys("prod", "corp", HOUR, HOUR)];
    for (kind, waits) in [(Kind::Refused, true), (Kind::Unreachable, false)] {
        let mut old = Schedule::default();
        old.failed(corp(), kind, &all, "", NOW, 0);
        let mut new = Schedule::resumed(old.pauses().to_vec());
        new.look(&all, "");
        assert_eq!(
            matches!(new.next(&all, NOW), Next::Wait(_)),
            waits,
            "{kind:?}"
        );
    }
}

#[test]
fn keys_that_are_gone_are_nobodys_business() {
    let mut schedule = Schedule::default();
    let all = [keys("prod", "corp", HOUR, HOUR)];
    schedule.failed(corp(), Kind::Refused, &all, "", NOW, 0);
    schedule.look(&[], "");
    assert_eq!(schedule.next(&[], NOW), Next::Wait(None));
}

#[test]
fn the_person_is_told_before_the_keys_are_over() {
    for lifetime in [15 * MINUTE, HOUR, 12 * HOUR] {
        let session = keys("prod", "corp", 0, lifetime);
        assert!(session.alarm_at() < session.expires_at);
        assert!(session.alarm_at() > session.due_at());
    }
}
