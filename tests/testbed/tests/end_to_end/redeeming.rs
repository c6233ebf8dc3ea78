//! What STS believes, what it refuses and in which words.

use crate::client::Browser;
use crate::token_service::{Keys, call, keys, redeem, refusal, tag};
use mai_testbed::{
    AssertionFault, Fault, Namespaces, PASSWORD, PairOrder, Role, RoleRules, Signed, Testbed, User,
};

const READ_ONLY: &str = "111111111111/ReadOnly";

fn assertion(testbed: &Testbed, user: &str) -> String {
    Browser::default()
        .login(&testbed.face("simple"), user, PASSWORD)
        .saml_response()
}

fn with_fault(fault: AssertionFault) -> String {
    let testbed = Testbed::start();
    testbed.set(Fault::Assertion(fault));
    refusal(&redeem(
        &testbed,
        &assertion(&testbed, "ada"),
        READ_ONLY,
        &[],
    ))
}

#[test]
fn every_wrong_assertion_is_refused_in_words_of_its_own() {
    use AssertionFault::*;
    let invalid = "400 InvalidIdentityToken";
    let cases = [
        (
            Expired,
            "400 ExpiredTokenException: Token must be redeemed within 5 minutes of issuance".into(),
        ),
        (
            Stale,
            "400 ExpiredTokenException: Token must be redeemed within 5 minutes of issuance".into(),
        ),
        (
            ValidFor(-1),
            "400 ExpiredTokenException: Response has expired".into(),
        ),
        (NotYetValid, format!("{invalid}: Response is not yet valid")),
        (
            Truncated,
            format!("{invalid}: SAMLResponse is not a readable SAML 2.0 Response"),
        ),
        (
            Doctype,
            format!("{invalid}: SAMLResponse is not a readable SAML 2.0 Response"),
        ),
        (
            BareAssertion,
            format!("{invalid}: SAMLResponse is not a readable SAML 2.0 Response"),
        ),
        (NotBase64, format!("{invalid}: Invalid base64 SAMLResponse")),
        (
            BadSignature,
            format!("{invalid}: Response signature invalid"),
        ),
        (Unsigned, format!("{invalid}: Response signature invalid")),
        (
            Issuer("x".into()),
            format!("{invalid}: Issuer not present in specified provider"),
        ),
        (
            Audience("x".into()),
            format!("{invalid}: Response does not contain the required audience"),
        ),
        (
            NoRoleSessionName,
            format!("{invalid}: RoleSessionName is required in AuthnResponse"),
        ),
        (
            RoleSessionName("ada lovelace".into()),
            format!(
                "{invalid}: RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{{2,64}}"
            ),
        ),
        (
            Recipient("https://x.test/saml".into()),
            "403 AccessDenied: Not authorized to perform sts:AssumeRoleWithSAML".into(),
        ),
        (
            NoNameId,
            "403 AccessDenied: Not authorized to perform sts:AssumeRoleWithSAML".into(),
        ),
        (
            AuthnFailed,
            "403 IDPRejectedClaim: The identity provider reported that authentication failed"
                .into(),
        ),
        (
            NoPassive,
            "403 IDPRejectedClaim: The identity provider reported that authentication failed"
                .into(),
        ),
    ];
    for (fault, expected) in cases {
        assert_eq!(with_fault(fault.clone()), expected, "{fault:?}");
    }
    let huge = with_fault(Huge);
    assert!(
        huge.starts_with("400 ValidationError: 1 validation error detected: Value 'P"),
        "{huge}"
    );
    assert!(
        huge.ends_with("have length less than or equal to 100000"),
        "{huge}"
    );
}

#[test]
fn an_encrypted_assertion_is_redeemed_all_the_same() {
    for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
        let testbed = Testbed::start();
        testbed.sign(signed);
        testbed.set(Fault::Assertion(AssertionFault::Encrypted));
        keys(&redeem(
            &testbed,
            &assertion(&testbed, "ada"),
            READ_ONLY,
            &[],
        ));
        testbed.set(Fault::Assertion(AssertionFault::Unsigned));
        let answer = redeem(&testbed, &assertion(&testbed, "ada"), READ_ONLY, &[]);
        assert_eq!(
            refusal(&answer),
            "400 InvalidIdentityToken: Response signature invalid"
        );
    }
}

#[test]
fn a_role_must_be_offered_and_exist() {
    let testbed = Testbed::start();
    testbed.users(|users| {
        users
            .get("ada")
            .roles
            .push(Role::new("333333333333", "Gone").missing())
    });
    let assertion = assertion(&testbed, "ada");
    let denied = "403 AccessDenied: Not authorized to perform sts:AssumeRoleWithSAML";
    for role in [
        "333333333333/Gone",
        "111111111111/Admin",
        "111111111111/readonly",
    ] {
        assert_eq!(
            refusal(&redeem(&testbed, &assertion, role, &[])),
            denied,
            "{role}"
        );
    }
    assert_eq!(
        refusal(&redeem(&testbed, &assertion, "999999999999/ReadOnly", &[])),
        "400 InvalidIdentityToken: Specified provider doesn't exist"
    );
    testbed.role("arn:aws:iam::333333333333:role/Gone", RoleRules::default());
    keys(&redeem(&testbed, &assertion, "333333333333/Gone", &[]));
}

#[test]
fn a_role_that_others_are_offered_is_refused() {
    let testbed = Testbed::start();
    let assertion = assertion(&testbed, "carol");
    let denied = "403 AccessDenied: Not authorized to perform sts:AssumeRoleWithSAML";
    assert_eq!(
        refusal(&redeem(&testbed, &assertion, "222222222222/Admin", &[])),
        denied
    );
    assert_eq!(
        refusal(&redeem(&testbed, &assertion, "111111111111/PowerUser", &[])),
        denied
    );
    keys(&redeem(&testbed, &assertion, READ_ONLY, &[]));
    testbed.any_role(true);
    assert_eq!(
        refusal(&redeem(&testbed, &assertion, "222222222222/Admin", &[])),
        denied
    );
}

#[test]
fn a_duration_is_refused_above_the_maximum_and_never_clipped() {
    let testbed = Testbed::start();
    let assertion = assertion(&testbed, "ada");
    let ask = |role, seconds| redeem(&testbed, &assertion, role, &[("DurationSeconds", seconds)]);
    assert_eq!(
        refusal(&ask(READ_ONLY, "3601")),
        "400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    );
    for seconds in ["899", "43201"] {
        let text = refusal(&ask(READ_ONLY, seconds));
        assert!(
            text.contains(&format!("Value '{seconds}' at 'durationSeconds'")),
            "{text}"
        );
    }
    for (role, seconds) in [("111111111111/PowerUser", "43200"), (READ_ONLY, "900")] {
        let keys = keys(&ask(role, seconds));
        let left = chrono::DateTime::parse_from_rfc3339(&keys.expiration)
            .unwrap()
            .to_utc()
            - chrono::Utc::now();
        assert!(
            (left.num_seconds() - seconds.parse::<i64>().unwrap()).abs() < 5,
            "{left}"
        );
    }
}

#[test]
fn a_session_ends_with_that_of_the_provider() {
    let testbed = Testbed::start();
    testbed.set(Fault::Assertion(AssertionFault::SessionEndsIn(600)));
    let keys = keys(&redeem(
        &testbed,
        &assertion(&testbed, "ada"),
        READ_ONLY,
        &[],
    ));
    let left = chrono::DateTime::parse_from_rfc3339(&keys.expiration)
        .unwrap()
        .to_utc()
        - chrono::Utc::now();
    assert!((590..=600).contains(&left.num_seconds()), "{left}");
}

#[test]
fn other_partitions_orders_and_prefixes_are_redeemed() {
    let testbed = Testbed::start();
    for (partition, namespaces) in [
        ("aws-cn", Namespaces::Saml),
        ("aws-us-gov", Namespaces::Default),
    ] {
        let mut user =
            User::new("lin").role(Role::new("444444444444", "team/x/Deep").partition(partition));
        user.pair_order = PairOrder::ProviderFirst;
        user.namespaces = namespaces;
        let role = user.roles[0].clone();
        testbed.users(|users| users.add(user));
        let assertion = assertion(&testbed, "lin");
        let fields = [
            ("Action", "AssumeRoleWithSAML"),
            ("RoleArn", &role.arn()),
            ("PrincipalArn", &role.provider_arn()),
            ("SAMLAssertion", &assertion),
        ];
        let answer = crate::token_service::post(&testbed, &[], &fields);
        assert!(answer.text().contains(&format!(
            "arn:{partition}:sts::444444444444:assumed-role/Deep/lin"
        )));
    }
}

#[test]
fn keys_work_until_they_expire() {
    let testbed = Testbed::start();
    let keys = keys(&redeem(
        &testbed,
        &assertion(&testbed, "ada"),
        READ_ONLY,
        &[],
    ));
    let who = |keys: &Keys| call(&testbed, keys, &[("Action", "GetCallerIdentity")]);
    assert_eq!(
        tag(&who(&keys).text(), "Arn"),
        "arn:aws:sts::111111111111:assumed-role/ReadOnly/ada"
    );
    let other = |change: fn(&mut Keys)| {
        let mut keys = keys.clone();
        change(&mut keys);
        refusal(&who(&keys))
    };
    assert!(other(|keys| keys.secret.push('x')).starts_with("403 SignatureDoesNotMatch"));
    assert!(other(|keys| keys.token.push('x')).starts_with("403 InvalidClientTokenId"));
    assert!(other(|keys| keys.id.push('x')).starts_with("403 InvalidClientTokenId"));
    testbed.expire_keys();
    assert!(refusal(&who(&keys)).starts_with("403 ExpiredToken"));
}

#[test]
fn time_passes_when_told_to() {
    let testbed = Testbed::start();
    let assertion = assertion(&testbed, "ada");
    let keys = keys(&redeem(
        &testbed,
        &assertion,
        READ_ONLY,
        &[("DurationSeconds", "900")],
    ));
    testbed.clock(301);
    assert!(
        refusal(&redeem(&testbed, &assertion, READ_ONLY, &[]))
            .starts_with("400 ExpiredTokenException")
    );
    let who = || call(&testbed, &keys, &[("Action", "GetCallerIdentity")]);
    testbed.clock(890);
    assert_eq!(who().status, 200);
    // Past 15 minutes the caller's own clock is off.
    testbed.clock(905);
    assert!(refusal(&who()).starts_with("403 SignatureDoesNotMatch"));
}

#[test]
fn many_roles_fit_into_one_assertion() {
    let testbed = Testbed::start();
    let assertion = assertion(&testbed, "dora");
    assert!(assertion.len() < 100_000, "{}", assertion.len());
    keys(&redeem(&testbed, &assertion, "300000000029/Role14", &[]));
}

#[test]
fn roles_are_chained_for_an_hour_at_most() {
    let testbed = Testbed::start();
    let keys = keys(&redeem(
        &testbed,
        &assertion(&testbed, "ada"),
        READ_ONLY,
        &[],
    ));
    let audit = "arn:aws:iam::210987654321:role/Audit";
    let chain = |more: &[(&str, &str)]| {
        let mut fields = vec![
            ("Action", "AssumeRole"),
            ("RoleArn", audit),
            ("RoleSessionName", "ada"),
        ];
        fields.extend(more);
        call(&testbed, &keys, &fields)
    };
    assert!(refusal(&chain(&[])).starts_with(
        "403 AccessDenied: User: arn:aws:sts::111111111111:assumed-role/ReadOnly/ada"
    ));
    testbed.role(
        audit,
        RoleRules {
            external_id: Some("7f2c".into()),
            trusted: Some(vec!["arn:aws:iam::111111111111:role/ReadOnly".into()]),
            ..RoleRules::default()
        },
    );
    assert!(refusal(&chain(&[])).starts_with("403 AccessDenied"));
    assert!(
        refusal(&chain(&[
            ("ExternalId", "7f2c"),
            ("DurationSeconds", "3601")
        ]))
        .contains("1 hour session limit")
    );
    let chained = crate::token_service::keys(&chain(&[("ExternalId", "7f2c")]));
    let who = call(&testbed, &chained, &[("Action", "GetCallerIdentity")]);
    assert_eq!(tag(&who.text(), "Account"), "210987654321");
}

#[test]
fn any_refusal_can_be_ordered() {
    let testbed = Testbed::start();
    testbed.refuse_next(
        "RegionDisabledException",
        "STS is not activated in this region",
        403,
    );
    testbed.set(Fault::Throttle { times: 1 });
    let answers = [0, 1, 2].map(|_| redeem(&testbed, &"x".repeat(8), READ_ONLY, &[]));
    assert_eq!(refusal(&answers[0]), "400 Throttling: Rate exceeded");
    assert!(refusal(&answers[1]).starts_with("403 RegionDisabledException"));
    assert!(refusal(&answers[2]).starts_with("400 InvalidIdentityToken"));
}
