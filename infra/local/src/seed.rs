//! The first start: a tenant with users, a connection to the demo identity provider, the demo app's client, keys. All
//! by the same use cases that the APIs stand on.

use std::sync::Arc;

use aws_lc_rs::digest;
use gatehouse::app::Gatehouse;
use gatehouse::app::onboarding::api_keys::{self, NewKey};
use gatehouse::app::onboarding::connections::ConnectionEdit;
use gatehouse::app::onboarding::connections::idp::{self, IdpInput};
use gatehouse::app::onboarding::connections::secret;
use gatehouse::app::onboarding::connections::state::{self, Step};
use gatehouse::app::onboarding::domains::{self, DomainRequest};
use gatehouse::app::onboarding::members::{self, NewMember};
use gatehouse::app::onboarding::tenants::{self, TenantEdit};
use gatehouse::app::onboarding::{Administration, OnboardingError, app_clients, connections};
use gatehouse::app::openid_provider::keys::{KeysError, make_provider_keys};
use gatehouse::domain::connection::{Connection, IdpInitiated, OidcPreset, OidcSettings};
use gatehouse::domain::domain_name::{DomainName, DomainNameError};
use gatehouse::domain::tenant::{Entitlements, Tenant};
use gatehouse::openid_provider::client_settings::ClientSettings;
use gatehouse::random::RandomError;
use gatehouse::redacted::Secret;
use gatehouse::store::ApiKeyKind;
use serde_json::json;

use crate::Local;
use crate::demo_app::AppRegistration;
use crate::demo_idp::{DemoIdp, OidcClient};
use crate::local_json::{LocalJson, SeededAppClient, SeededConnection, SeededTenant};

/// The tenant's domain; the demo identity provider's people have addresses in it.
const DOMAIN: &str = "acme.example";
/// Our `client_id` at the demo identity provider.
const DEMO_CLIENT: &str = "gatehouse";

/// Why the data folder could not be seeded or used again.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A use case refused.
    #[error("the first start could not be finished ({0}): begin anew with --fresh")]
    Refused(#[from] OnboardingError),
    /// The provider's keys could not be made.
    #[error("the provider's keys could not be made: {0}")]
    Keys(#[from] KeysError),
    /// The settings above are wrong.
    #[error("the demo client's settings are wrong: {0}")]
    Settings(#[from] serde_json::Error),
    /// The domain above is wrong.
    #[error(transparent)]
    Domain(#[from] DomainNameError),
    /// The system's randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The folder belongs to another port: identity providers and apps store these addresses.
    #[error("this data folder was begun as {was}: use that port again, or begin anew with --fresh")]
    OtherAddress {
        /// The address that it was begun with.
        was: String,
    },
}

/// SHA-256 in hexadecimal, as the configuration wants the operator key.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks that an earlier start was at the same addresses.
///
/// # Errors
/// [`SeedError::OtherAddress`].
pub fn same_addresses(earlier: &LocalJson, local: &Local) -> Result<(), SeedError> {
    if earlier.base_url == local.base_url() {
        Ok(())
    } else {
        Err(SeedError::OtherAddress {
            was: earlier.base_url.clone(),
        })
    }
}

/// Seeds a new data folder.
///
/// # Errors
/// [`SeedError`]; the folder is then to be begun anew.
pub async fn seed(
    local: &Local,
    gatehouse: &Arc<Gatehouse>,
    demo_idp: &DemoIdp,
    operator_key: String,
) -> Result<LocalJson, SeedError> {
    make_provider_keys(gatehouse).await?;
    let tenant = tenant(gatehouse).await?;
    let admin = Administration::by_operator(gatehouse.clone(), &tenant.id, "local".to_owned()).await?;
    domains::attest(
        &admin,
        DomainRequest {
            domain: DomainName::parse(DOMAIN)?,
            include_subdomains: false,
        },
    )
    .await?;
    let saml = connection(&admin, demo_idp).await?;
    let oidc = oidc_connection(&admin, demo_idp, &operator_key).await?;
    for (email, given, family, role) in [
        ("ada@acme.example", "Ada", "Lovelace", "OWNER"),
        ("linus@acme.example", "Linus", "Manual", "MEMBER"),
    ] {
        let member = NewMember {
            email: email.to_owned(),
            given_name: Some(given.to_owned()),
            family_name: Some(family.to_owned()),
            position: None,
            department: None,
            role: Some(role.to_owned()),
        };
        members::create(&admin, &member).await?;
    }
    let deployment = Administration::of_deployment(gatehouse.clone(), "local".to_owned());
    let app_client = app_client(local, &deployment).await?;
    let key = |kind, name: &str| NewKey {
        kind,
        name: name.to_owned(),
        expires_at: None,
    };
    let (_, owner_key) = api_keys::create(&admin, &key(ApiKeyKind::Owner, "local")).await?;
    let (_, scim_key) = api_keys::create(&admin, &key(ApiKeyKind::Scim, "local")).await?;
    Ok(LocalJson {
        base_url: local.base_url().to_owned(),
        demo_idp_url: local.demo_idp_url().to_owned(),
        demo_app_url: local.demo_app_url().to_owned(),
        tenant: SeededTenant {
            id: tenant.id.to_string(),
            name: tenant.name.clone(),
            domains: vec![DOMAIN.to_owned()],
        },
        connections: [&saml, &oidc].map(seeded_connection).to_vec(),
        app_client,
        scim_base_url: format!("{}/scim/v2/{}", local.base_url(), tenant.id),
        scim_key: scim_key.expose().to_owned(),
        operator_key,
        owner_key: owner_key.expose().to_owned(),
        control_url: local.control_url().to_owned(),
        pid: std::process::id(),
    })
}

fn seeded_connection(connection: &Connection) -> SeededConnection {
    SeededConnection {
        id: connection.id.to_string(),
        kind: connection.protocol.name().to_owned(),
        name: connection.name.clone(),
    }
}

async fn tenant(gatehouse: &Arc<Gatehouse>) -> Result<Tenant, SeedError> {
    let mut edit = TenantEdit::initial(gatehouse);
    edit.name = "Acme".to_owned();
    edit.entitlements = Entitlements {
        sso: true,
        scim: true,
        jit: true,
    };
    edit.settings.provision_on_sign_in = true;
    // The seeded SCIM key switches SCIM on; people of the demo identity provider still come by themselves.
    edit.settings.provision_beside_scim = true;
    edit.settings.admin_contact = Some("Ada Lovelace, ada@acme.example".to_owned());
    Ok(tenants::create(gatehouse, "local".to_owned(), edit).await?)
}

async fn connection(admin: &Administration, demo_idp: &DemoIdp) -> Result<Connection, SeedError> {
    let edit = ConnectionEdit {
        name: "Acme demo IdP (SAML)".to_owned(),
        brand: "generic-saml".to_owned(),
        idp_initiated: IdpInitiated::Route,
        ..ConnectionEdit::default()
    };
    let made = connections::create(admin, None, edit).await?;
    let input = IdpInput::MetadataXml {
        xml: demo_idp.saml_metadata(),
        entity_id: None,
    };
    let (made, _) = idp::set(admin, &made, &input).await?;
    activated(admin, &made).await
}

/// The demo identity provider must be served already: its discovery document is fetched.
async fn oidc_connection(
    admin: &Administration,
    demo_idp: &DemoIdp,
    operator_key: &str,
) -> Result<Connection, SeedError> {
    let mut edit = ConnectionEdit::oidc(OidcPreset::Generic);
    edit.name = "Acme demo IdP (OpenID Connect)".to_owned();
    edit.oidc = edit.oidc.map(|settings| OidcSettings {
        authority: Some(demo_idp.url().to_owned()),
        client_id: Some(DEMO_CLIENT.to_owned()),
        ..settings
    });
    let made = connections::create(admin, None, edit).await?;
    let made = secret::set(admin, &made, &demo_client_secret(operator_key)).await?;
    activated(admin, &made).await
}

async fn activated(admin: &Administration, made: &Connection) -> Result<Connection, SeedError> {
    let step = Step::Activate {
        without_test: Some("the demo identity provider of this machine".to_owned()),
    };
    Ok(state::take(admin, &made.id, &step).await?)
}

/// Gatehouse's client secret at the demo identity provider: both sides make it out of what `local.json` keeps.
fn demo_client_secret(operator_key: &str) -> Secret {
    Secret::new(sha256_hex(&format!("{DEMO_CLIENT}:{operator_key}")))
}

/// Gatehouse as a client of the demo identity provider.
#[must_use]
pub fn demo_client(seeded: &LocalJson) -> OidcClient {
    let oidc = seeded
        .connections
        .iter()
        .filter(|connection| connection.kind == "oidc");
    OidcClient {
        id: DEMO_CLIENT.to_owned(),
        secret: demo_client_secret(&seeded.operator_key),
        redirect_uris: oidc
            .map(|connection| format!("{}/signin-oidc/{}", seeded.base_url, connection.id))
            .collect(),
    }
}

async fn app_client(local: &Local, admin: &Administration) -> Result<SeededAppClient, SeedError> {
    let at = |path: &str| format!("{}{path}", local.demo_app_url());
    let settings: ClientSettings = serde_json::from_value(json!({
        "name": "Demo app",
        "kind": "confidential",
        "redirect_uris": [at("/callback")],
        "post_logout_redirect_uris": [at("/signed-out")],
        "initiate_login_uri": at("/login"),
        "target_link_uris": [at("/")],
        "default": true,
    }))?;
    let made = app_clients::create(admin, &settings).await?;
    let (_, secret) = app_clients::add_secret(admin, &made.client.id, None).await?;
    Ok(SeededAppClient {
        client_id: made.client.id.to_string(),
        client_secret: secret.expose().to_owned(),
        redirect_uri: at("/callback"),
    })
}

/// How the demo app is registered.
#[must_use]
pub fn registration(seeded: &LocalJson) -> AppRegistration {
    AppRegistration {
        issuer: seeded.base_url.clone(),
        client_id: seeded.app_client.client_id.clone(),
        client_secret: Secret::new(&seeded.app_client.client_secret),
        app_url: seeded.demo_app_url.clone(),
    }
}
