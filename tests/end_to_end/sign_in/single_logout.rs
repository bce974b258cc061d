//! The identity provider ends sessions (SE-13): IdP-initiated single logout (saml-profiles 4.4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use gatehouse::domain::connection::{ConnectionState, Protocol, RequestBinding};
use gatehouse::saml::certificate::Certificate;
use gatehouse::saml::redirect_binding::{RedirectMessage, RedirectParameter};
use gatehouse::secrets::SecretName;
use gatehouse_tests::logout::name_id;
use gatehouse_tests::{Browser, Idp, Logout, Tokens, Visitor, World, app};

const ADA: &str = "ada@acme.com";

/// A deployment whose identity provider has an address for logout.
async fn world() -> World {
    let mut world = World::deployed().await;
    set_slo(&mut world, RequestBinding::Redirect).await;
    world
}

async fn set_slo(world: &mut World, binding: RequestBinding) {
    world
        .set_connection(|connection| {
            let Protocol::Saml(saml) = &mut connection.protocol else {
                panic!("no SAML connection");
            };
            let idp = saml.idp.as_mut().unwrap();
            idp.slo_url = Some("https://idp.acme.com/slo?tenant=1".to_owned());
            idp.slo_binding = binding;
        })
        .await;
}

/// Signs in at the identity provider's session `index`.
async fn signed_in(world: &World, browser: &Browser, email: &str, index: Option<&str>) -> Tokens {
    let asked = world.asked(browser).await;
    let mut issue = world.idp.response(world, &Visitor::new(email), Some(&asked.id));
    issue.session_index = index.map(str::to_owned);
    let answer = world.deliver(browser, &issue, Some(&asked.relay_state)).await;
    let code = answer.parameter("code").unwrap();
    app::tokens(&world.redeem(&code).await)
}

async fn is_over(world: &World, tokens: &Tokens) -> bool {
    let refreshed = world.refresh(tokens.text("refresh_token")).await;
    let userinfo = world.userinfo(tokens.text("access_token")).await;
    assert_eq!(
        refreshed.status == 200,
        userinfo.status == 200,
        "{} {}",
        refreshed.body,
        userinfo.body
    );
    refreshed.status != 200
}

/// What the identity provider is answered by redirect: RelayState, and the verified message.
async fn answered(world: &World, url: &str) -> (Option<String>, String) {
    let query = url.split_once("?tenant=1&").unwrap().1;
    let message = RedirectMessage::parse(query).unwrap();
    assert_eq!(message.parameter(), RedirectParameter::Response);
    let name = SecretName::SpSigning(world.connection.id.clone());
    let ring = world.gatehouse.key_ring(&name).await.unwrap().unwrap();
    let ours = ring.current().certificate().clone();
    let xml = message.verify(&[ours]).unwrap().to_owned();
    (message.relay_state().map(str::to_owned), xml)
}

/// The session that the request names ends, with everything the app got for it; others go on. No cookie takes part.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_13_the_named_session_ends_and_others_go_on() {
    let world = world().await;
    let (office, home) = (world.browser(), world.browser());
    let at_office = signed_in(&world, &office, ADA, Some("s-1")).await;
    let at_home = signed_in(&world, &home, ADA, Some("s-2")).await;
    let grace = signed_in(&world, &world.browser(), "grace@acme.com", Some("s-1")).await;
    let logout = Logout::new(&world, ADA).of("s-1");
    let answer = world.log_out(&logout, Some("idp-state")).await;
    assert_eq!(answer.status, 303, "{} {}", answer.code(), answer.body);
    let (relay_state, xml) = answered(&world, &answer.raw_location()).await;
    assert_eq!(relay_state.as_deref(), Some("idp-state"));
    assert!(xml.contains(&format!("InResponseTo=\"{}\"", logout.id)), "{xml}");
    assert!(xml.contains("status:Success"), "{xml}");
    assert!(
        xml.contains("Destination=\"https://idp.acme.com/slo?tenant=1\""),
        "{xml}"
    );
    assert!(is_over(&world, &at_office).await);
    assert!(!is_over(&world, &at_home).await);
    assert!(!is_over(&world, &grace).await);
    // The office browser must sign in again, the other need not.
    let asked = office.get(&world.authorize_path(&world.by_connection())).await;
    assert!(asked.parameter("code").is_none(), "{}", asked.raw_location());
    let fresh = home.get(&world.authorize_path(&world.by_connection())).await;
    assert!(fresh.parameter("code").is_some(), "{}", fresh.raw_location());
}

/// CH-13: the app hears of it, by the public id of the session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_13_a_session_that_the_identity_provider_ends_is_told() {
    let world = world().await;
    let tokens = signed_in(&world, &world.browser(), ADA, Some("s-1")).await;
    assert_eq!(world.log_out(&Logout::new(&world, ADA), None).await.status, 303);
    assert!(is_over(&world, &tokens).await);
    world.relay().await;
    let told = world.on_the_bus("session.ended");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["subject"], tokens.claims["sid"]);
    assert_eq!(told[0]["data"]["user"], tokens.claims["sub"]);
}

/// Without SessionIndex all sessions of the person at this connection end: two of one SessionIndex, and one without.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_13_without_a_session_index_all_end() {
    let world = world().await;
    let mut sessions = Vec::new();
    for index in [Some("s-1"), Some("s-1"), None, Some("s-2")] {
        sessions.push(signed_in(&world, &world.browser(), ADA, index).await);
    }
    let long = "x".repeat(3_000);
    sessions.push(signed_in(&world, &world.browser(), ADA, Some(&long)).await);
    let one = world.log_out(&Logout::new(&world, ADA).of("s-1"), None).await;
    assert_eq!(one.status, 303);
    let mut over = Vec::new();
    for tokens in &sessions {
        over.push(is_over(&world, tokens).await);
    }
    assert_eq!(over, [true, true, false, false, false]);
    assert_eq!(world.log_out(&Logout::new(&world, ADA), None).await.status, 303);
    for tokens in &sessions {
        assert!(is_over(&world, tokens).await);
    }
}

/// More sessions than one transaction ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_13_many_sessions_end() {
    let world = world().await;
    let mut sessions = Vec::new();
    for _ in 0..30 {
        sessions.push(signed_in(&world, &world.browser(), ADA, Some("s-1")).await);
    }
    assert_eq!(world.log_out(&Logout::new(&world, ADA), None).await.status, 303);
    for tokens in &sessions {
        assert!(is_over(&world, tokens).await);
    }
}

/// By HTTP-POST, answered by HTTP-POST.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_13_by_post() {
    let mut world = world().await;
    set_slo(&mut world, RequestBinding::Post).await;
    let tokens = signed_in(&world, &world.browser(), ADA, Some("s-1")).await;
    let logout = Logout::new(&world, ADA).of("s-1");
    let answer = world.log_out_by_post(&logout, Some("idp-state")).await;
    assert_eq!(answer.status, 200, "{} {}", answer.code(), answer.body);
    assert!(
        answer
            .body
            .contains("action=\"https://idp.acme.com/slo?tenant=1\""),
        "{}",
        answer.body
    );
    assert_eq!(answer.hidden("RelayState"), "idp-state");
    let xml = String::from_utf8(STANDARD.decode(answer.hidden("SAMLResponse")).unwrap()).unwrap();
    assert!(
        xml.contains("<ds:SignatureValue>") && xml.contains("LogoutResponse"),
        "{xml}"
    );
    assert!(is_over(&world, &tokens).await);
}

/// S-4: the name may come encrypted to us.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s_04_an_encrypted_name_is_opened() {
    let world = world().await;
    let tokens = signed_in(&world, &world.browser(), ADA, Some("s-1")).await;
    let name = SecretName::SpDecryption(world.connection.id.clone());
    let ring = world.gatehouse.key_ring(&name).await.unwrap().unwrap();
    let certificate = STANDARD.decode(ring.current().certificate().base64()).unwrap();
    let logout = Logout::new(&world, ADA).hidden(certificate);
    let answer = world.log_out_by_post(&logout, None).await;
    assert_eq!(answer.status, 200.max(answer.status.as_u16()), "{}", answer.body);
    assert_eq!(answer.code(), "");
    assert!(is_over(&world, &tokens).await);
}

/// E-38: percent escapes in lower case; the signature covers the raw octets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_38_lower_case_escapes_are_verified_as_they_came() {
    let world = world().await;
    let tokens = signed_in(&world, &world.browser(), ADA, Some("s-1")).await;
    let logout = Logout::new(&world, ADA);
    let query = logout.query_in_lower_case(&world.idp.key);
    assert!(
        query.contains("%3d") || query.contains("%2b") || query.contains("%2f"),
        "{query}"
    );
    let answer = world
        .browser()
        .get(&format!("{}?{query}", world.slo_path()))
        .await;
    assert_eq!(answer.status, 303, "{} {}", answer.code(), answer.body);
    assert!(is_over(&world, &tokens).await);
}

/// An answer needs an address; the sessions end without one, and in a connection that was suspended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_13_ends_sessions_also_where_nobody_can_be_answered() {
    let mut world = World::deployed().await;
    let tokens = signed_in(&world, &world.browser(), ADA, Some("s-1")).await;
    world
        .set_connection(|connection| connection.state = ConnectionState::Suspended)
        .await;
    let answer = world.log_out(&Logout::new(&world, ADA), None).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (200, ""));
    assert!(answer.body.contains("signed out"), "{}", answer.body);
    assert!(is_over(&world, &tokens).await);
}

/// Somebody unknown is logged out as well as anybody: the answer tells nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_13_an_unknown_name_gets_the_same_answer() {
    let world = world().await;
    let answer = world.log_out(&Logout::new(&world, "nobody@acme.com"), None).await;
    let (_, xml) = answered(&world, &answer.raw_location()).await;
    assert!(xml.contains("status:Success"));
}

/// One change to a request that passes, and the code of its refusal. Nothing ends by any of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_13_each_refusal_has_its_code_and_ends_nothing() {
    type Change = fn(&mut Logout);
    let changes: [(&str, Change); 11] = [
        ("issuer_mismatch", |l| {
            l.issuer = "https://evil.example/saml".into()
        }),
        ("destination_missing", |l| l.destination = None),
        ("destination_mismatch", |l| {
            l.destination = Some("https://evil.example/slo".into())
        }),
        ("logout_request_expired", |l| {
            l.until = Some(l.issued - TimeDelta::minutes(4))
        }),
        ("logout_request_expired", |l| {
            (l.issued, l.until) = (l.issued - TimeDelta::minutes(9), None);
        }),
        ("logout_request_expired", |l| {
            (l.issued, l.until) = (
                l.issued - TimeDelta::hours(2),
                Some(l.issued + TimeDelta::days(1)),
            );
        }),
        ("logout_request_not_yet_issued", |l| {
            l.issued += TimeDelta::minutes(4)
        }),
        ("logout_name_id_missing", |l| l.name = String::new()),
        ("name_id_invalid", |l| {
            l.name = name_id(ADA) + &name_id("grace@acme.com")
        }),
        ("logout_session_indexes", |l| l.indexes = vec![String::new()]),
        ("logout_request_expected", |l| l.element = "LogoutResponse"),
    ];
    let world = world().await;
    let tokens = signed_in(&world, &world.browser(), ADA, Some("s-1")).await;
    for (code, change) in changes {
        let mut logout = Logout::new(&world, ADA);
        change(&mut logout);
        for answer in [
            world.log_out(&logout, None).await,
            world.log_out_by_post(&logout, None).await,
        ] {
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code));
        }
    }
    assert!(!is_over(&world, &tokens).await);
    assert_eq!(
        world.log_out(&Logout::new(&world, ADA), None).await.status,
        303,
        "the twin passes"
    );
    assert!(is_over(&world, &tokens).await);
}

/// A stranger's signature, none, a wrapped one, another tenant's identity provider: nobody is signed out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_13_only_the_connections_own_identity_provider_is_believed() {
    let world = world().await;
    let tokens = signed_in(&world, &world.browser(), ADA, Some("s-1")).await;
    let stranger = Idp::new(&world.idp.entity_id);
    let logout = Logout::new(&world, ADA);
    let browser = world.browser();
    let get = async |query: &str| browser.get(&format!("{}?{query}", world.slo_path())).await.code();
    let post = async |value: &str| world.post_logout(&world.browser(), value, None).await.code();

    let genuine = logout.query(&world.idp.key, None);
    let message = genuine.split('&').next().unwrap();
    assert_eq!(get(message).await, "redirect_unsigned");
    assert_eq!(
        get(&logout.query(&stranger.key, None)).await,
        "redirect_bad_signature"
    );
    assert_eq!(
        get(&format!("{genuine}&RelayState=added")).await,
        "redirect_bad_signature"
    );
    assert_eq!(
        get(&genuine.replace("SAMLRequest=", "SAMLResponse=")).await,
        "logout_request_expected"
    );
    assert_eq!(
        post(&STANDARD.encode(logout.xml())).await,
        "logout_request_unsigned"
    );
    assert_eq!(post(&logout.form_value(&stranger.key)).await, "signature_invalid");
    assert_eq!(post("%%%").await, "not_base64");
    assert_eq!(post("").await, "message_missing");

    // The signed request of somebody else inside one about Ada.
    let other = Logout::new(&world, "grace@acme.com");
    let signed = String::from_utf8(STANDARD.decode(other.form_value(&world.idp.key)).unwrap()).unwrap();
    let inside = signed.trim_start_matches("<?xml version=\"1.0\"?>");
    let wrapped = logout.xml().replace(
        "</saml:Issuer>",
        &format!("</saml:Issuer><samlp:Extensions>{inside}</samlp:Extensions>"),
    );
    assert_eq!(post(&STANDARD.encode(wrapped)).await, "signature_misplaced");
    let edited = signed.replace("grace@acme.com", ADA);
    assert_eq!(post(&STANDARD.encode(edited)).await, "digest_mismatch");
    assert!(!is_over(&world, &tokens).await);
}

/// A request is good once: who records one ends no later session with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_13_a_request_is_carried_out_once() {
    let world = world().await;
    let logout = Logout::new(&world, ADA).of("s-1");
    assert_eq!(world.log_out(&logout, None).await.status, 303);
    let later = signed_in(&world, &world.browser(), ADA, Some("s-1")).await;
    for answer in [
        world.log_out(&logout, None).await,
        world.log_out_by_post(&logout, None).await,
    ] {
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (400, "logout_request_replayed")
        );
    }
    assert!(!is_over(&world, &later).await);
}

/// Only connections that exist, and speak SAML, take logout messages.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_15_the_logout_url_carries_the_connection() {
    let world = world().await;
    let query = Logout::new(&world, ADA).query(&world.idp.key, None);
    for unknown in ["0190c9a0-0000-7000-8000-000000000000", "x", "..%2f"] {
        let answer = world.browser().get(&format!("/saml/{unknown}/slo?{query}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (404, "connection_not_found")
        );
    }
    let bare = world.browser().get(&world.slo_path()).await;
    assert_eq!(
        (bare.status.as_u16(), bare.code().as_str()),
        (400, "redirect_no_message")
    );
}

/// GH-04: the owner reads why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_04_a_refused_logout_is_explained_to_the_owner() {
    let world = world().await;
    let mut logout = Logout::new(&world, ADA);
    logout.issuer = "https://other.example/saml".to_owned();
    assert_eq!(world.log_out(&logout, None).await.status, 400);
    let today = world.gatehouse.clock.now().date_naive();
    let trail = world.gatehouse.store.tenant(&world.tenant.id);
    let trail = trail.audit_of(today, None, 1_000).await.unwrap();
    let record = trail
        .iter()
        .find(|record| record.action == "logout.failed")
        .unwrap();
    assert_eq!(record.data["code"], "issuer_mismatch");
    let told = record.data.to_string();
    assert!(
        told.contains("https://other.example/saml") && !told.contains("ada@"),
        "{told}"
    );
}

/// The certificate in the response is the connection's published one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_02_the_answer_is_signed_by_the_connections_key() {
    let world = world().await;
    let answer = world.log_out(&Logout::new(&world, ADA), None).await;
    let query = answer.raw_location();
    let query = query.split_once("?tenant=1&").unwrap().1.to_owned();
    let message = RedirectMessage::parse(&query).unwrap();
    let foreign = Certificate::from_der(world.idp.key.certificate_der()).unwrap();
    assert!(message.verify(&[foreign]).is_err());
}
