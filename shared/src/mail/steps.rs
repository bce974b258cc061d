//! What to do about a deadline, step by step, in the words of the identity provider's own pages.

use crate::domain::deadline::DeadlineKind;

/// The steps for a kind of deadline at an identity provider of this brand.
pub(super) fn steps(kind: DeadlineKind, brand: &str) -> Vec<&'static str> {
    match kind {
        DeadlineKind::ClientSecret => client_secret(brand),
        DeadlineKind::ClientKey => vec![
            "In the portal, open the connection and choose \u{201c}Make the next key\u{201d}.",
            "Bring its certificate (or the address of our key set) to your identity provider, beside the one in use.",
            "Come back to the portal, test the connection, and choose \u{201c}Use the next key\u{201d}.",
        ],
        DeadlineKind::IdpCertificate => idp_certificate(brand),
        DeadlineKind::SpSigningCertificate | DeadlineKind::SpEncryptionCertificate => vec![
            "In the portal, open the connection: it shows the certificate that follows.",
            "If your identity provider reads our metadata from its address, let it read it again; else upload the new certificate there, beside the one in use.",
            "Test the connection in the portal.",
        ],
        DeadlineKind::ScimKey => vec![
            "In the portal, make a new SCIM key. It is shown once.",
            "Put it in the provisioning settings of your identity provider, in place of the old one, and test the connection there.",
            "Revoke the old key in the portal.",
        ],
        DeadlineKind::OwnerKey => vec![
            "In the portal, make a new API key. It is shown once.",
            "Put it in the programs that use the old one.",
            "Revoke the old key.",
        ],
        DeadlineKind::DomainProof => vec![
            "In the portal, open the domain: it shows the TXT record that proves it.",
            "Add that record at your DNS provider again, and leave it there.",
            "Choose \u{201c}Check now\u{201d} in the portal. Until the domain is proven again, people go on signing in; once it lapses, no new accounts are made by it.",
        ],
        DeadlineKind::AppClientSecret => vec![
            "Add a second secret to the app client by the operator API.",
            "Put it in the app's configuration and deploy the app.",
            "Remove the old secret.",
        ],
        DeadlineKind::OpKey => vec![
            "Look at the alarm of connection_upkeep: it rotates these keys by itself and did not.",
            "Run it by hand (docs/operations.md) and check the published keys.",
        ],
    }
}

fn client_secret(brand: &str) -> Vec<&'static str> {
    let make = match known(brand) {
        "entra-id" => {
            "In the Microsoft Entra admin center, open App registrations, your application, Certificates & secrets, and choose New client secret. Copy its Value (not its Secret ID): it is shown once."
        }
        "okta" => {
            "In the Okta Admin Console, open Applications, your application, General, and choose Generate new secret under Client Credentials."
        }
        "google-workspace" => {
            "In the Google Cloud console, open Google Auth Platform, Clients, your client, and choose Add secret."
        }
        "auth0" => {
            "In the Auth0 dashboard, open Applications, your application, Credentials (or Settings), and rotate the client secret. Auth0 ends the old one at once: have the portal open beside it."
        }
        "onelogin" => {
            "In OneLogin Administration, open Applications, your application, SSO, and regenerate the client secret. OneLogin ends the old one at once: have the portal open beside it."
        }
        "ping" => {
            "In the PingOne console, open Applications, your application, Configuration, and generate a new secret. The previous one may be kept for a while there."
        }
        "keycloak" => {
            "In the Keycloak admin console, open Clients, your client, Credentials, and regenerate the secret; with secret rotation on, the old one stays for a while."
        }
        "jumpcloud" => {
            "In the JumpCloud Admin Portal, open SSO Applications, your application, SSO, and regenerate the client secret."
        }
        "github" => {
            "On GitHub, open the settings of the OAuth app and choose Generate a new client secret. Both secrets work until you delete the old one."
        }
        _ => {
            "At your identity provider, make a new client secret for the application. Keep the old one until the new one works."
        }
    };
    vec![
        make,
        "In the portal, open the connection, enter the new secret and the date on which it expires.",
        "Test the connection in the portal, then delete the old secret at your identity provider.",
    ]
}

fn idp_certificate(brand: &str) -> Vec<&'static str> {
    let make = match known(brand) {
        "entra-id" => {
            "In the Microsoft Entra admin center, open Enterprise applications, your application, Single sign-on, and under SAML Certificates choose New Certificate. Do not make it active yet; download it (Base64)."
        }
        "okta" => {
            "In the Okta Admin Console, open Applications, your application, Sign On, and generate a new SHA-2 certificate under SAML Signing Certificates. Do not activate it yet; download it."
        }
        "google-workspace" => {
            "In the Google Admin console, open Apps, Web and mobile apps, your app, Service provider details, Manage certificates, and add a certificate. Download it."
        }
        "adfs" => {
            "AD FS renews its token-signing certificate by itself: open AD FS Management, Service, Certificates, and export the secondary token-signing certificate."
        }
        "auth0" => {
            "In the Auth0 dashboard, open Settings, Signing Keys, and rotate the signing key; download the new certificate of your application."
        }
        "onelogin" => {
            "In OneLogin Administration, open Security, Certificates, make a new certificate, and download it."
        }
        "ping" => {
            "In the PingOne console, open Settings, Certificates & Key Pairs, make a new signing key pair, and download its certificate."
        }
        "keycloak" => {
            "In the Keycloak admin console, open Realm settings, Keys, Providers, add a key of higher priority, and copy its certificate."
        }
        "jumpcloud" => {
            "In the JumpCloud Admin Portal, open SSO Applications, your application, SSO, and generate a new IdP certificate; download it."
        }
        "rippling" => "In Rippling, open the application's settings and download the new certificate.",
        "shibboleth" => {
            "Make a new signing key pair for your Shibboleth IdP and publish its certificate in your metadata beside the one in use."
        }
        _ => {
            "At your identity provider, make a new signing certificate and download it. Do not sign with it yet."
        }
    };
    vec![
        make,
        "In the portal, open the connection and add the new certificate beside the old one (or let it read your metadata again): both are then accepted.",
        "Make the new certificate the active one at your identity provider, test the connection in the portal, and remove the old certificate.",
    ]
}

/// Brands are written with dashes or underscores.
fn known(brand: &str) -> &str {
    match brand {
        "entra_id" | "entra" | "azure-ad" => "entra-id",
        "google_workspace" | "google" => "google-workspace",
        other => other,
    }
}
