//! What an owner does at the provider, step by step, with this connection's addresses in it (SE-11). The guides
//! (docs/idp-guides) say more.

use crate::domain::connection::{ClientAuthentication, OidcPreset, OidcSettings};

/// The addresses of our side.
#[derive(Clone, Copy, Debug)]
pub struct Ours<'a> {
    /// Where codes arrive.
    pub redirect_uri: &'a str,
    /// Where a provider begins a sign-in.
    pub login_url: &'a str,
    /// Where the keys of `private_key_jwt` are.
    pub jwks_url: &'a str,
    /// Where a logout comes back to.
    pub post_logout_redirect_uri: &'a str,
}

/// The steps at an OpenID Provider.
#[must_use]
pub fn oidc(settings: &OidcSettings, ours: &Ours<'_>) -> Vec<String> {
    let Ours {
        redirect_uri: to,
        login_url: login,
        ..
    } = ours;
    let mut steps = match settings.preset {
        OidcPreset::EntraId => vec![
            "In the Microsoft Entra admin center, choose App registrations, New registration, for accounts in this organizational directory only.".to_owned(),
            format!("Redirect URI: type Web, {to}"),
            "In Token configuration, add the optional ID token claims email, auth_time and, if offered, xms_edov.".to_owned(),
        ],
        OidcPreset::Okta => vec![
            "In the Okta Admin Console, choose Applications, Create App Integration, OIDC, Web Application, with the grant Authorization Code.".to_owned(),
            format!("Sign-in redirect URI: {to}"),
            format!("Login initiated by: Either Okta or App. Initiate login URI: {login}"),
            "Assign the people or groups that may sign in.".to_owned(),
        ],
        OidcPreset::GoogleWorkspace => vec![
            "In the Google Cloud console, set the OAuth consent screen to Internal.".to_owned(),
            format!("Create an OAuth client ID for a web application, with the authorized redirect URI {to}"),
            "Make the test sign-in with your work account: its Workspace domain becomes the only one that may sign in.".to_owned(),
        ],
        OidcPreset::JumpCloud => vec![
            "In the JumpCloud admin portal, choose SSO Applications, Add, Custom Application, Configure SSO with OIDC.".to_owned(),
            format!("Redirect URI: {to} and Login URL: {login}"),
            "In Attribute Mapping, tick Email and Profile; bind the user groups that may sign in.".to_owned(),
        ],
        OidcPreset::Auth0 => vec![
            "In the Auth0 dashboard, choose Applications, Create Application, Regular Web Applications.".to_owned(),
            format!("Allowed Callback URLs: {to}"),
            format!("Application Login URI: {login}"),
        ],
        OidcPreset::OneLogin => vec![
            "In the OneLogin administration, choose Applications, Add App, OpenId Connect (OIDC), with the application type Web.".to_owned(),
            format!("Redirect URIs: {to} and Login Url: {login}"),
            "Copy the issuer URL of the SSO tab; it ends with /oidc/2.".to_owned(),
        ],
        OidcPreset::Ping => vec![
            "In the PingOne console, add an OIDC Web App with the response type Code and the grant type Authorization Code, and switch it on.".to_owned(),
            format!("Redirect URI: {to}"),
            "In Resources, allow the scopes email and profile.".to_owned(),
        ],
        OidcPreset::Keycloak => vec![
            "In the Keycloak admin console, choose Clients, Create client, OpenID Connect, with Client authentication on and Standard flow only.".to_owned(),
            format!("Valid redirect URIs: {to} and Home URL: {login}"),
            "See that the people's addresses are marked as verified there.".to_owned(),
        ],
        OidcPreset::Generic => vec![
            "At the provider, register a confidential web application for the authorization code flow.".to_owned(),
            format!("Redirect URI: {to}"),
            format!("Initiate login URI, if it has one: {login}"),
        ],
    };
    steps.push(known_by(settings, ours.jwks_url));
    if settings.upstream_logout {
        steps.push(format!(
            "Post-logout redirect URI: {}",
            ours.post_logout_redirect_uri
        ));
    }
    steps
}

/// How the provider is to know us.
fn known_by(settings: &OidcSettings, jwks_url: &str) -> String {
    match settings.client_authentication {
        ClientAuthentication::ClientSecretBasic => {
            "Client authentication: client secret, sent by HTTP Basic (client_secret_basic). Give us client id and secret."
                .to_owned()
        }
        ClientAuthentication::ClientSecretPost => {
            "Client authentication: client secret, sent in the form (client_secret_post). Give us client id and secret."
                .to_owned()
        }
        ClientAuthentication::PrivateKeyJwt => format!(
            "Client authentication: private_key_jwt (signed JWT), with our keys at {jwks_url} or the certificate shown here. Give us the client id."
        ),
    }
}

/// The steps at GitHub.
#[must_use]
pub fn github(redirect_uri: &str) -> Vec<String> {
    vec![
        "In the GitHub organization, choose Settings, Developer settings, OAuth apps, New OAuth app."
            .to_owned(),
        format!("Authorization callback URL: {redirect_uri}"),
        "Generate a client secret; give us client id and secret.".to_owned(),
        "In Third-party access, approve the app, if the organization restricts OAuth apps.".to_owned(),
        "Make the test sign-in, then pick the organization whose members may sign in.".to_owned(),
    ]
}
