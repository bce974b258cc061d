//! What each provider really sends (tests/fixtures/oidc), through its preset and through `generic`: discovery document,
//! parameters beside the code, claims in the ID token and in userinfo, and how it wants to know us.

use std::collections::BTreeSet;

use gatehouse::app::onboarding::connections::{self, ConnectionEdit};
use gatehouse::app::test_sign_in;
use gatehouse::domain::connection::{Connection, OidcPreset, OidcSettings};
use gatehouse::oidc::presets;
use gatehouse_tests::{Answer, Api, Provider, World};
use serde::Deserialize;
use serde_json::{Value, json};

/// A provider's answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    preset: OidcPreset,
    /// Path of the authority.
    path: String,
    /// The issuer of the discovery document, where it is not the authority; `{url}` is the server's address.
    issuer: Option<String>,
    /// The issuer of ID tokens, where it is another; `{bare}` is the issuer without its scheme.
    token_issuer: Option<String>,
    #[serde(default)]
    sends_iss: bool,
    /// How a client of this provider may authenticate, whatever the document offers.
    accepts: Vec<String>,
    /// Over the discovery document.
    discovery: Value,
    /// Parameters beside the code.
    #[serde(default)]
    callback: Value,
    person: Value,
    /// Over the claims of the ID token.
    claims: Value,
    #[serde(default)]
    only_in_userinfo: Vec<String>,
    /// Settings that an owner of such a provider makes.
    #[serde(default)]
    settings: Value,
    /// Scopes that must be asked for.
    #[serde(default)]
    scopes: Vec<String>,
    /// Scopes that the provider does not know.
    #[serde(default)]
    refused_scopes: Vec<String>,
    /// What happens under `generic`, where the two differ.
    under_generic: Option<String>,
    /// The same person as seen otherwise, and what becomes of it under `generic`.
    same_person: Option<Value>,
    same_person_under_generic: Option<String>,
    /// Somebody whom the preset refuses, by which code; `generic` lets them in, unless it says otherwise.
    stranger: Option<Value>,
    stranger_code: Option<String>,
    stranger_under_generic: Option<String>,
}

fn fixtures() -> Vec<(String, Fixture)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/oidc");
    let mut all: Vec<(String, Fixture)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let fixture = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), fixture)
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn merged(base: &Value, patch: &Value) -> Value {
    let mut all = base.clone();
    if !patch.is_null() {
        gatehouse::http::api::merge_patch(&mut all, patch);
    }
    all
}

struct At {
    world: World,
    provider: Provider,
    fixture: Fixture,
}

impl At {
    async fn new(fixture: &Fixture) -> Self {
        let world = World::start().await;
        let provider = Provider::at(&world.gatehouse.clock, &fixture.path).await;
        let url = provider.url.clone();
        let fill = |text: &str| text.replace("{url}", &url);
        let issuer = fixture.issuer.as_deref().map_or_else(|| provider.issuer(), fill);
        let (_, bare) = issuer.split_once("://").unwrap();
        let in_tokens = fixture.token_issuer.as_deref();
        let in_tokens = in_tokens.map_or_else(|| issuer.clone(), |text| fill(text).replace("{bare}", bare));
        let of = fixture.clone();
        provider.set(|b| {
            b.sends_iss = of.sends_iss;
            b.client.methods = of.accepts.iter().map(|method| &*method.clone().leak()).collect();
            b.discovery_patch = merged(&of.discovery, &json!({ "issuer": issuer }));
            b.claims_patch = merged(&of.claims, &json!({ "iss": in_tokens }));
            b.only_in_userinfo = of
                .only_in_userinfo
                .iter()
                .map(|name| &*name.clone().leak())
                .collect();
        });
        Self {
            world,
            provider,
            fixture: fixture.clone(),
        }
    }

    fn change(&self) -> impl FnOnce(&mut OidcSettings) + use<> {
        let wished = self.fixture.settings.clone();
        move |settings: &mut OidcSettings| {
            let now = serde_json::to_value(&*settings).unwrap();
            *settings = serde_json::from_value(merged(&now, &wished)).unwrap();
        }
    }

    /// The connection, or why there is none.
    async fn connect(&self, preset: OidcPreset) -> Result<Connection, String> {
        // The owner's pins are the preset's; what generic has of its own stays.
        let admin = self.world.admin().await;
        let mut edit = ConnectionEdit::oidc(preset);
        let settings = edit.oidc.as_mut().unwrap();
        settings.authority = Some(self.provider.issuer());
        settings.client_id = Some("gatehouse-client".to_owned());
        edit.name = "Asked".to_owned();
        if preset == self.fixture.preset {
            self.change()(edit.oidc.as_mut().unwrap());
        }
        if let Err(error) = connections::create(&admin, None, edit).await {
            return Err(error.code().to_owned());
        }
        let change = self.change();
        let own = preset == self.fixture.preset;
        Ok(self
            .world
            .connect(&self.provider, preset, |settings| {
                if own {
                    change(settings);
                }
            })
            .await)
    }

    async fn signs_in(&self, connection: &Connection, patch: &Value) -> Answer {
        let browser = self.world.browser();
        let sent = self.world.sent(&browser, connection, &[]).await;
        let scope = sent.query_pairs().find(|(name, _)| name == "scope").unwrap().1;
        let asked: BTreeSet<&str> = scope.split(' ').collect();
        assert!(
            asked.is_superset(&["openid", "profile", "email"].into()),
            "{scope}"
        );
        if connection.brand == self.fixture.preset.name() {
            assert!(
                self.fixture
                    .scopes
                    .iter()
                    .all(|scope| asked.contains(scope.as_str())),
                "{scope}"
            );
        }
        let person = merged(&self.fixture.person, patch);
        let mut back = self.provider.authorize(&sent, &person);
        for (name, value) in self.fixture.callback.as_object().into_iter().flatten() {
            back.query_pairs_mut().append_pair(name, value.as_str().unwrap());
        }
        self.world.back(&browser, &back).await
    }
}

fn outcome(answer: &Answer) -> String {
    if answer.status == 303 {
        "ok".to_owned()
    } else {
        answer.code()
    }
}

/// Every preset takes what its provider really sends; whom it must refuse, it refuses by name; and where the same answers
/// fare otherwise under `generic`, they do so as the fixture says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_11_e_30_e_31_e_34_e_36_o_14_gw_1_gw_2_gw_3_j_1_a0_1_a0_3_each_preset_takes_what_its_provider_sends()
 {
    let mut covered = BTreeSet::new();
    for (name, fixture) in fixtures() {
        covered.insert(fixture.preset.name());
        let at = At::new(&fixture).await;
        let connection = at
            .connect(fixture.preset)
            .await
            .unwrap_or_else(|code| panic!("{name}: {code}"));
        let answer = at.signs_in(&connection, &Value::Null).await;
        assert_eq!(outcome(&answer), "ok", "{name}: {}", answer.body);
        let users = at.world.users().await;
        let email = users[0].email.as_ref().unwrap().as_str();
        assert_eq!((users.len(), email), (1, "ada@acme.com"), "{name}");
        if let Some(same) = &fixture.same_person {
            assert_eq!(outcome(&at.signs_in(&connection, same).await), "ok", "{name}");
            assert_eq!(at.world.users().await.len(), 1, "{name}");
        }
        if let Some(stranger) = &fixture.stranger {
            let refused = at.signs_in(&connection, stranger).await;
            assert_eq!(Some(outcome(&refused)), fixture.stranger_code, "{name}");
            assert_eq!(at.world.users().await.len(), 1, "{name}");
        }
    }
    let wanted = OidcPreset::ALL
        .map(OidcPreset::name)
        .into_iter()
        .filter(|name| *name != "generic");
    assert_eq!(covered, wanted.collect());
}

/// The same answers under `generic`: those that its defaults cannot take are refused by name, and people are told apart by
/// `sub` alone, without the pins of the preset.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_11_generic_differs_where_the_fixtures_say() {
    let mut differing = 0;
    for (name, fixture) in fixtures() {
        let at = At::new(&fixture).await;
        let wanted = fixture.under_generic.clone().unwrap_or_else(|| "ok".to_owned());
        let connection = match at.connect(OidcPreset::Generic).await {
            Ok(connection) => connection,
            Err(code) => {
                assert_eq!(code, wanted, "{name}");
                differing += 1;
                continue;
            }
        };
        assert_eq!(
            outcome(&at.signs_in(&connection, &Value::Null).await),
            wanted,
            "{name}"
        );
        if wanted != "ok" {
            differing += 1;
            continue;
        }
        if let Some(same) = &fixture.same_person {
            let answer = at.signs_in(&connection, same).await;
            assert_eq!(
                Some(outcome(&answer)),
                fixture.same_person_under_generic,
                "{name}"
            );
            differing += 1;
        }
        if let Some(stranger) = &fixture.stranger {
            let wanted = fixture
                .stranger_under_generic
                .clone()
                .unwrap_or_else(|| "ok".to_owned());
            assert_eq!(
                outcome(&at.signs_in(&connection, stranger).await),
                wanted,
                "{name}"
            );
        }
    }
    assert_eq!(differing, 6, "Entra ID three times, Google, JumpCloud, Auth0");
}

/// Scopes that a provider does not know are not asked for: Google gives offline access by a parameter of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_11_offline_access_is_asked_for_as_the_provider_wants_it() {
    for (name, fixture) in fixtures() {
        let at = At::new(&fixture).await;
        let change = at.change();
        let connection = at
            .world
            .connect(&at.provider, fixture.preset, |settings| {
                change(settings);
                settings.offline_access = true;
            })
            .await;
        let sent = at.world.sent(&at.world.browser(), &connection, &[]).await;
        let parameter = |wanted: &str| {
            let found = sent.query_pairs().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.into_owned())
        };
        let scope = parameter("scope").unwrap();
        let asked: Vec<&str> = scope.split(' ').collect();
        let known = |scope: &&String| !asked.contains(&scope.as_str());
        assert!(
            fixture.refused_scopes.iter().all(|scope| known(&scope)),
            "{name}: {scope}"
        );
        let google = fixture.preset == OidcPreset::GoogleWorkspace;
        assert_eq!(asked.contains(&"offline_access"), !google, "{name}: {scope}");
        let access_type = parameter("access_type");
        assert_eq!(access_type.as_deref() == Some("offline"), google, "{name}");
    }
}

/// E-33: groups are object ids unless the directory says names; the owner's test shows them as they came, and nobody is
/// put anywhere by them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_33_groups_are_shown_as_they_come() {
    let (_, fixture) = fixtures()
        .into_iter()
        .find(|(name, _)| name == "entra_id_v2")
        .unwrap();
    let at = At::new(&fixture).await;
    let connection = at.connect(fixture.preset).await.unwrap();
    let ids = json!([
        "6f2a8b1c-0d3e-4f5a-9b8c-7d6e5f4a3b2c",
        "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
    ]);
    let admin = at.world.admin().await;
    let (test, ticket) = test_sign_in::start(&admin, &connection.id).await.unwrap();
    let browser = at.world.browser();
    let sent = browser
        .get(&format!("/sign-in/test?ticket={}", ticket.expose()))
        .await;
    let person = merged(&fixture.person, &json!({ "groups": ids }));
    let page = at
        .world
        .back(&browser, &at.provider.authorize(&sent.location(), &person))
        .await;
    assert_eq!(page.status, 200, "{} {}", page.code(), page.body);
    let read = test_sign_in::read(&admin, &connection.id, &test.id)
        .await
        .unwrap();
    assert_eq!(json!(read.came.unwrap().attributes.0["groups"]), ids);
    assert!(at.world.users().await.is_empty());
}

/// Every preset has its guide, which names the preset, the redirect URI, and what its defaults need at the provider.
#[test]
fn se_11_every_preset_has_its_guide() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/idp-guides");
    let overview = std::fs::read_to_string(format!("{folder}/openid-connect.md")).unwrap();
    for preset in OidcPreset::ALL {
        let page = match preset {
            OidcPreset::EntraId => "entra-id-oidc".to_owned(),
            OidcPreset::GoogleWorkspace => "google-workspace-oidc".to_owned(),
            OidcPreset::Okta
            | OidcPreset::JumpCloud
            | OidcPreset::Auth0
            | OidcPreset::OneLogin
            | OidcPreset::Ping
            | OidcPreset::Keycloak
            | OidcPreset::Generic => format!("{}-oidc", preset.name()),
        };
        assert!(overview.contains(&format!("({page}.md)")), "{page}");
        let text = std::fs::read_to_string(format!("{folder}/{page}.md")).unwrap();
        for part in [
            format!("`{}`", preset.name()),
            "{base}/signin-oidc/{connection}".to_owned(),
        ] {
            assert!(text.contains(&part), "{page}: {part}");
        }
        let defaults = presets::defaults(preset);
        let required = format!("{:?}", defaults.email_proof) == "Required";
        let verified = ["email_verified", "verified", "Verified"]
            .iter()
            .any(|word| text.contains(word));
        assert!(verified || !required, "{page}: why an address may be refused");
    }
    let github = std::fs::read_to_string(format!("{folder}/github.md")).unwrap();
    assert!(github.contains("{base}/signin-oidc/{connection}"));
}

/// The owner is told what to do at the provider, preset by preset, with this connection's own addresses and the way in which
/// the provider is to know us.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_11_owners_are_told_what_to_do_at_their_provider() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let mut first = BTreeSet::new();
    let told = async |asked: Value| -> (Vec<String>, Value) {
        let made = owner.post("/owner/v1/connections", &asked).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let side = made.json()["relying_party"].clone();
        let steps = side["instructions"].as_array().unwrap().iter();
        (
            steps.map(|step| step.as_str().unwrap().to_owned()).collect(),
            side,
        )
    };
    for preset in OidcPreset::ALL {
        // Google's authority is there by default: it is not asked here.
        let oidc = json!({ "preset": preset.name(), "authority": "" });
        let (steps, side) = told(json!({ "protocol": "oidc", "name": preset.name(), "oidc": oidc })).await;
        let all = steps.join("\n");
        assert!(steps.len() >= 4, "{all}");
        assert!(all.contains(side["redirect_uri"].as_str().unwrap()), "{all}");
        assert!(
            all.contains(presets::defaults(preset).client_authentication.name()),
            "{all}"
        );
        assert!(first.insert(steps[0].clone()), "{preset:?} has steps of its own");
    }
    let (steps, side) = told(json!({ "protocol": "github", "name": "GitHub" })).await;
    assert!(steps.join(" ").contains(side["redirect_uri"].as_str().unwrap()));
    assert!(first.insert(steps[0].clone()));
    let oidc = json!({ "client_authentication": "private_key_jwt" });
    let (steps, side) = told(json!({ "protocol": "oidc", "name": "keys", "oidc": oidc })).await;
    assert!(steps.join(" ").contains(side["jwks_url"].as_str().unwrap()));
}
