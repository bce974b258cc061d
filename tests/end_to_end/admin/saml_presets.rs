//! Presets of SAML identity providers: what a new connection begins with, what the owner is told to do, and that people
//! sign in with what each provider really sends (IDP_QUIRKS).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatehouse::domain::ids::{ConnectionId, TenantId};
use gatehouse_local::demo_idp::issue::encrypt::Encryption;
use gatehouse_local::demo_idp::issue::{Attribute, EMAIL, IssuedNameId, PERSISTENT, Sign, TRANSIENT, URI};
use gatehouse_tests::app::tokens;
use gatehouse_tests::{Answer, Api, Browser, Idp, Visitor, problem};
use serde_json::{Value, json};

use super::people::People;

const CLAIMS: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";

/// What a provider sends of Grace Hopper, as it is set up by our instructions.
struct Fixture {
    preset: &'static str,
    entity_id: &'static str,
    name_id: (&'static str, &'static str),
    attributes: Vec<(String, &'static str)>,
    sign: Sign,
    encrypts: bool,
}

fn plain(email: &'static str) -> Vec<(String, &'static str)> {
    let names = [("email", email), ("firstName", "Grace"), ("lastName", "Hopper")];
    names.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

fn claims(email: &'static str) -> Vec<(String, &'static str)> {
    let names = [
        ("emailaddress", email),
        ("givenname", "Grace"),
        ("surname", "Hopper"),
    ];
    names
        .map(|(name, value)| (format!("{CLAIMS}{name}"), value))
        .to_vec()
}

fn fixtures() -> Vec<Fixture> {
    let usual = |preset, entity_id, email, sign| Fixture {
        preset,
        entity_id,
        name_id: (email, EMAIL),
        attributes: plain(email),
        sign,
        encrypts: false,
    };
    let mut entra = claims("grace.entra@acme.com");
    entra.push((
        "http://schemas.microsoft.com/identity/claims/objectidentifier".to_owned(),
        "6f1c9a52-0000-4000-8000-00000000e17a",
    ));
    entra.push((format!("{CLAIMS}name"), "grace.upn@acme.com"));
    let shibboleth = [
        ("urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "ghopper@acme.com"),
        ("urn:oid:0.9.2342.19200300.100.1.3", "grace.shibboleth@acme.com"),
        ("urn:oid:2.5.4.42", "Grace"),
        ("urn:oid:2.5.4.4", "Hopper"),
    ];
    vec![
        Fixture {
            attributes: claims("grace.adfs@acme.com"),
            ..usual(
                "adfs",
                "http://fs.acme.com/adfs/services/trust",
                "grace.adfs@acme.com",
                Sign::Both,
            )
        },
        Fixture {
            attributes: claims("grace.auth0@acme.com"),
            ..usual(
                "auth0",
                "urn:acme.eu.auth0.com",
                "grace.auth0@acme.com",
                Sign::Assertion,
            )
        },
        Fixture {
            preset: "entra_id",
            entity_id: "https://sts.windows.net/8f1f4b5e-0000-4000-8000-000000000000/",
            name_id: ("grace.upn@acme.com", EMAIL),
            attributes: entra,
            sign: Sign::Assertion,
            encrypts: false,
        },
        usual(
            "google_workspace",
            "https://accounts.google.com/o/saml2?idpid=C01abc234",
            "grace.google@acme.com",
            Sign::Assertion,
        ),
        usual(
            "jumpcloud",
            "https://jumpcloud.com/acme",
            "grace.jumpcloud@acme.com",
            Sign::Response,
        ),
        usual(
            "keycloak",
            "https://kc.acme.com/realms/acme",
            "grace.keycloak@acme.com",
            Sign::Both,
        ),
        usual(
            "okta",
            "http://www.okta.com/exk1a2b3c4",
            "grace.okta@acme.com",
            Sign::Both,
        ),
        usual(
            "onelogin",
            "https://app.onelogin.com/saml/metadata/0b5c0a53-7a4e-4b3a-9f3f-6f6f1a2b3c4d",
            "grace.onelogin@acme.com",
            Sign::Assertion,
        ),
        Fixture {
            name_id: ("a1b2c3d4-opaque", PERSISTENT),
            ..usual(
                "ping",
                "https://auth.pingone.eu/acme",
                "grace.ping@acme.com",
                Sign::Both,
            )
        },
        usual(
            "rippling",
            "https://www.rippling.com/saml/acme",
            "grace.rippling@acme.com",
            Sign::Response,
        ),
        Fixture {
            preset: "shibboleth",
            entity_id: "https://idp.acme.com/idp/shibboleth",
            name_id: ("_8f1c2a", TRANSIENT),
            attributes: shibboleth.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            sign: Sign::Response,
            encrypts: true,
        },
        usual(
            "generic",
            "https://idp.acme.com/metadata",
            "grace.generic@acme.com",
            Sign::Assertion,
        ),
    ]
}

impl Fixture {
    fn email(&self) -> &'static str {
        let named = |name: &str| name.to_lowercase().contains("email") || name.ends_with("100.1.3");
        self.attributes.iter().find(|(name, _)| named(name)).unwrap().1
    }

    /// A sign-in by this provider's answer.
    async fn sign_in(&self, people: &People, browser: &Browser) -> Answer {
        let world = &people.world;
        let sent = world.begin(browser, &world.by_connection()).await;
        let asked = world.idp.asked(&sent);
        let mut issue = world
            .idp
            .response(world, &Visitor::new("unused@acme.com"), Some(&asked.id));
        issue.name_id = Some(IssuedNameId::new(self.name_id.0, self.name_id.1));
        let attributes = self.attributes.iter().map(|(name, value)| Attribute {
            name_format: name.starts_with("urn:oid").then(|| URI.to_owned()),
            ..Attribute::new(name, [*value])
        });
        issue.attributes = attributes.collect();
        issue.sign = self.sign;
        if self.encrypts {
            let saml = world.connection.protocol.saml().unwrap();
            let der = STANDARD.decode(&saml.sp_encryption_certificates[0]).unwrap();
            issue.encryption = Some(Encryption::new(der));
        }
        world.deliver(browser, &issue, Some(&asked.relay_state)).await
    }
}

/// Makes a connection of the preset with the fixture's metadata, active; the world's is that one then.
async fn connect(people: &mut People, fixture: &Fixture) -> Value {
    let asked = json!({ "protocol": "saml", "name": fixture.preset, "saml": { "preset": fixture.preset } });
    let made = people.owner.post("/owner/v1/connections", &asked).await;
    assert_eq!(made.status, 201, "{}: {}", fixture.preset, made.body);
    let record = made.json();
    let path = format!("/owner/v1/connections/{}", record["id"].as_str().unwrap());
    people.world.idp = Idp::new(fixture.entity_id);
    let metadata = json!({ "source": "metadata_xml", "xml": super::idp::metadata(&people.world.idp) });
    let set = people.owner.set_idp(&path, &metadata).await;
    assert_eq!(set.status, 200, "{}: {}", fixture.preset, set.body);
    let activate = format!(
        "{}/connections/{}/activate",
        people.acme.path,
        record["id"].as_str().unwrap()
    );
    let active = people
        .operator
        .post(&activate, &json!({ "without_test": "a fixture" }))
        .await;
    assert_eq!(active.status, 200, "{}: {}", fixture.preset, active.body);
    let handle = people
        .world
        .gatehouse
        .store
        .tenant(&TenantId::parse(&people.acme.id).unwrap());
    let id = ConnectionId::parse(record["id"].as_str().unwrap()).unwrap();
    people.world.connection = handle.connection(&id).await.unwrap().unwrap();
    record
}

/// SE-11: with each preset's defaults alone, people sign in with what that provider sends: name and address arrive, and
/// the second sign-in is the same person's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_11_each_saml_provider_signs_people_in_by_its_presets_defaults() {
    let mut people = People::start().await;
    for fixture in fixtures() {
        connect(&mut people, &fixture).await;
        let mut subjects = Vec::new();
        for _ in 0..2 {
            let answer = fixture.sign_in(&people, &people.world.browser()).await;
            assert_eq!(
                answer.status,
                303,
                "{}: {} {}",
                fixture.preset,
                answer.code(),
                answer.body
            );
            let code = answer.parameter("code").unwrap();
            let claims = tokens(&people.world.redeem(&code).await).claims;
            assert_eq!(claims["email"], fixture.email(), "{}", fixture.preset);
            let name = (&claims["given_name"], &claims["family_name"]);
            assert_eq!(name, (&json!("Grace"), &json!("Hopper")), "{}", fixture.preset);
            subjects.push(claims["sub"].clone());
        }
        assert_eq!(subjects[0], subjects[1], "{}", fixture.preset);
    }
}

/// SE-11: a connection begins with its preset's defaults, says what to do at the provider with its own addresses, and what
/// was given beside the preset wins. Another provider's metadata is noticed by the machine's checks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_11_saml_presets_are_served_with_defaults_and_instructions() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let presets = owner.get("/owner/v1/saml-presets").await.json();
    let presets = presets["items"].as_array().unwrap().clone();
    let names = presets
        .iter()
        .map(|preset| preset["preset"].as_str().unwrap())
        .collect::<Vec<_>>();
    let wanted = [
        "adfs",
        "auth0",
        "entra_id",
        "generic",
        "google_workspace",
        "jumpcloud",
        "keycloak",
        "okta",
        "onelogin",
        "ping",
        "rippling",
        "shibboleth",
    ];
    assert_eq!(names, wanted);
    for preset in &presets {
        let asked = json!({ "protocol": "saml", "name": "IdP", "saml": { "preset": preset["preset"] } });
        let made = owner.post("/owner/v1/connections", &asked).await.json();
        for field in ["subject", "attributes", "idp_initiated"] {
            assert_eq!(made[field], preset[field], "{} {field}", preset["preset"]);
        }
        assert_eq!(
            made["saml"]["name_id_format"], preset["name_id_format"],
            "{}",
            preset["preset"]
        );
        assert_eq!(made["saml"]["preset"], preset["preset"]);
        let steps = made["instructions"].to_string();
        let side = &made["service_provider"];
        let own = [&side["acs_url"], &side["metadata_url"]].map(|url| url.as_str().unwrap());
        assert!(own.iter().any(|url| steps.contains(url)), "{steps}");
    }

    let own = json!({
        "protocol": "saml", "name": "Mine", "brand": "Acme", "idp_initiated": "off", "subject": "name_id",
        "attributes": { "email": "mail" }, "saml": { "preset": "rippling" },
    });
    let made = owner.post("/owner/v1/connections", &own).await.json();
    let shown = (
        &made["idp_initiated"],
        &made["subject"],
        &made["attributes"]["email"],
        &made["brand"],
    );
    assert_eq!(
        shown,
        (&json!("off"), &json!("name_id"), &json!("mail"), &json!("Acme"))
    );
    let unknown = json!({ "protocol": "saml", "name": "IdP", "saml": { "preset": "acme" } });
    let unknown = owner.post("/owner/v1/connections", &unknown).await;
    assert_eq!(unknown.problem(), problem(422, "connection_field"));

    let okta = json!({ "protocol": "saml", "name": "Okta", "saml": { "preset": "okta" } });
    let okta = owner.post("/owner/v1/connections", &okta).await.json();
    let path = format!("/owner/v1/connections/{}", okta["id"].as_str().unwrap());
    for (issuer, noticed) in [
        ("https://sts.windows.net/x/", true),
        ("http://www.okta.com/exk1", false),
    ] {
        let metadata = super::idp::metadata(&Idp::new(issuer));
        let input = json!({ "source": "metadata_xml", "xml": metadata });
        assert_eq!(owner.set_idp(&path, &input).await.status, 200);
        let checked = owner.act(&format!("{path}/validate")).await.json();
        let findings = checked["validation"]["findings"].as_array().unwrap();
        let found = findings
            .iter()
            .any(|finding| finding["code"] == "issuer_unlike_preset");
        assert_eq!(found, noticed, "{issuer}: {findings:?}");
    }
}

/// SE-11, OL-5: OneLogin's Issuer URL is where its metadata is: given as the metadata URL, it sets everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_11_ol_5_onelogin_is_set_up_by_its_issuer_url() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let idp = Idp::new("https://app.onelogin.com/saml/metadata/0b5c0a53");
    let xml = super::idp::metadata(&idp);
    let served = axum::Router::new().route("/saml/metadata/0b5c0a53", axum::routing::get(async move || xml));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer_url = format!("http://{}/saml/metadata/0b5c0a53", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, served).await.unwrap() });
    let asked = json!({ "protocol": "saml", "name": "OneLogin", "saml": { "preset": "onelogin" } });
    let made = owner.post("/owner/v1/connections", &asked).await.json();
    assert!(made["instructions"].to_string().contains("Issuer URL"));
    let path = format!("/owner/v1/connections/{}", made["id"].as_str().unwrap());
    let set = owner
        .set_idp(&path, &json!({ "source": "metadata_url", "url": issuer_url }))
        .await;
    assert_eq!(set.status, 200, "{}", set.body);
    assert_eq!(set.json()["idp"]["entity_id"], idp.entity_id);
    assert_eq!(set.json()["idp"]["metadata_url"], issuer_url);
}
