//! What the APIs show of OpenID Connect and GitHub connections. Secrets are no part of it.

use serde_json::{Value, json};

use super::view::{certificate, finding};
use crate::app::Gatehouse;
use crate::domain::connection::{
    ClientKey, Connection, EmailProof, GitHubConnection, OidcConnection, OidcPreset, RedirectUri,
};
use crate::oidc::instructions::{self, Ours};
use crate::saml::certificate::Certificate;

/// What is an OpenID Connect connection's own.
pub(super) fn oidc(gatehouse: &Gatehouse, connection: &Connection, oidc: &OidcConnection) -> Value {
    let base = &gatehouse.config.base_url;
    let ours = Ours {
        redirect_uri: &gatehouse.redirect_uri(connection),
        login_url: &base.at(&format!("/login/{}", connection.id)),
        jwks_url: &base.at(&format!("/signin-oidc/{}/jwks", connection.id)),
        post_logout_redirect_uri: &gatehouse.post_logout_redirect_uri(&connection.id),
    };
    let keys = oidc.client_keys.iter().map(|key| client_key(gatehouse, key));
    json!({
        "oidc": oidc.settings,
        "provider": oidc.provider,
        "client_secret_set_at": oidc.secret_set_at,
        "client_secret_expires_at": oidc.secret_expires_at,
        "client_keys": keys.collect::<Vec<_>>(),
        "relying_party": {
            "redirect_uri": ours.redirect_uri,
            "login_url": ours.login_url,
            "jwks_url": ours.jwks_url,
            "post_logout_redirect_uri": ours.post_logout_redirect_uri,
            "instructions": instructions::oidc(&oidc.settings, &ours),
        },
        "findings": findings(oidc),
    })
}

/// What is a GitHub connection's own.
pub(super) fn github(gatehouse: &Gatehouse, connection: &Connection, github: &GitHubConnection) -> Value {
    let base = &gatehouse.config.base_url;
    json!({
        "github": github.settings,
        "client_secret_set_at": github.secret_set_at,
        "client_secret_expires_at": github.secret_expires_at,
        "offered_organizations": github.offered,
        "relying_party": {
            "redirect_uri": gatehouse.redirect_uri(connection),
            "login_url": base.at(&format!("/login/{}", connection.id)),
            "instructions": instructions::github(&gatehouse.redirect_uri(connection)),
        },
        "findings": [],
    })
}

fn client_key(gatehouse: &Gatehouse, key: &ClientKey) -> Value {
    let shown = Certificate::from_base64(&key.certificate)
        .ok()
        .map(|c| certificate(&c, gatehouse.clock.now()));
    json!({ "kid": key.kid, "created_at": key.created_at, "certificate": shown })
}

/// Settings that work but deserve a second thought.
fn findings(oidc: &OidcConnection) -> Vec<Value> {
    let settings = &oidc.settings;
    let mut all = Vec::new();
    if settings.email_proof == EmailProof::OwnerVouches {
        let detail = "addresses are believed although the provider does not verify them: whoever can write an address \
            into its directory can take over that member's account";
        all.push(finding("email_not_verified", detail.to_owned()));
    }
    let unnamed = oidc.provider.as_ref().is_some_and(|provider| !provider.sends_iss);
    if settings.redirect_uri == RedirectUri::Shared && unnamed {
        let detail =
            "the provider does not say that it sends iss: the connection's own redirect URI is safer";
        all.push(finding("shared_redirect_uri_without_iss", detail.to_owned()));
    }
    if settings.preset == OidcPreset::GoogleWorkspace && settings.hosted_domain.is_none() {
        let detail = "the Workspace domain is taken from your own test sign-in";
        all.push(finding("hosted_domain_unknown", detail.to_owned()));
    }
    all
}
