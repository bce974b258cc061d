//! What an owner does at the identity provider, step by step, with the connection's own values. The guides
//! (docs/idp-guides) say more.

use crate::domain::connection::SamlPreset;

/// The values of our side.
#[derive(Clone, Copy, Debug)]
pub struct Ours<'a> {
    /// Where responses go.
    pub acs_url: &'a str,
    /// Our entity id, which is the audience.
    pub entity_id: &'a str,
    /// Where our metadata is.
    pub metadata_url: &'a str,
}

/// The steps at the identity provider, in order; the last one says what to bring back.
#[must_use]
pub fn instructions(preset: SamlPreset, ours: &Ours<'_>) -> Vec<String> {
    match preset {
        SamlPreset::Adfs => adfs(ours),
        SamlPreset::Auth0 => auth0(ours),
        SamlPreset::EntraId => entra_id(ours),
        SamlPreset::GoogleWorkspace => google_workspace(ours),
        SamlPreset::JumpCloud => jumpcloud(ours),
        SamlPreset::Keycloak => keycloak(ours),
        SamlPreset::Okta => okta(ours),
        SamlPreset::OneLogin => onelogin(ours),
        SamlPreset::Ping => ping(ours),
        SamlPreset::Rippling => rippling(ours),
        SamlPreset::Shibboleth => shibboleth(ours),
        SamlPreset::Generic => generic(ours),
    }
}

fn said(step: &str) -> String {
    step.to_owned()
}

fn adfs(ours: &Ours<'_>) -> Vec<String> {
    vec![
        format!(
            "In AD FS Management, choose Add Relying Party Trust, Claims aware, and import data published online: {}",
            ours.metadata_url
        ),
        said(
            "In Edit Claim Issuance Policy, send LDAP attributes as claims: E-Mail-Addresses as E-Mail Address, Given-Name as Given Name, Surname as Surname.",
        ),
        said(
            "Add a rule that transforms the claim E-Mail Address into Name ID, with the outgoing format Email.",
        ),
        said("In the trust's properties, Advanced, choose the secure hash algorithm SHA-256."),
        said(
            "AD FS encrypts with AES-CBC: let it sign the response too (Set-AdfsRelyingPartyTrust -SamlResponseSignature MessageAndAssertion).",
        ),
        said(
            "Bring back the address of /FederationMetadata/2007-06/FederationMetadata.xml, or the document.",
        ),
    ]
}

fn auth0(ours: &Ours<'_>) -> Vec<String> {
    vec![
        said(
            "In the Auth0 dashboard, create an application of type Regular Web Application, and open its add-on SAML2 Web App.",
        ),
        format!("Application Callback URL: {}", ours.acs_url),
        format!("In the settings of the add-on, audience: {}", ours.entity_id),
        format!(
            "In the settings of the add-on, recipient and destination: {}",
            ours.acs_url
        ),
        said("In the settings of the add-on, signatureAlgorithm: rsa-sha256, digestAlgorithm: sha256."),
        said(
            "In the settings of the add-on, nameIdentifierFormat: urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress, and as the only one of nameIdentifierProbes: http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        ),
        said("Enable the add-on, and bring back the metadata URL of its Usage tab."),
    ]
}

fn entra_id(ours: &Ours<'_>) -> Vec<String> {
    vec![
        said(
            "In the Microsoft Entra admin center, choose Enterprise applications, New application, Create your own application, then Single sign-on, SAML.",
        ),
        format!("Identifier (Entity ID): {}", ours.entity_id),
        format!("Reply URL (Assertion Consumer Service URL): {}", ours.acs_url),
        said(
            "Leave the claims as they are: emailaddress, givenname and surname are read by their own names, and people are known by their object id.",
        ),
        said("In Users and groups, assign the people."),
        said("Bring back the App Federation Metadata Url; it ends in ?appid= and an id."),
    ]
}

fn google_workspace(ours: &Ours<'_>) -> Vec<String> {
    vec![
        said(
            "In the Google Admin console, choose Apps, Web and mobile apps, Add app, Add custom SAML app, and download the metadata.",
        ),
        format!("ACS URL: {}", ours.acs_url),
        format!("Entity ID: {}", ours.entity_id),
        said("Name ID format: EMAIL. Name ID: Basic Information, Primary email."),
        said("Attributes: Primary email as email, First name as firstName, Last name as lastName."),
        said("In User access, switch the app on for those who may sign in."),
        said("Bring back the metadata that was downloaded; Google has no address for it."),
    ]
}

fn jumpcloud(ours: &Ours<'_>) -> Vec<String> {
    vec![
        said(
            "In the JumpCloud admin portal, choose SSO Applications, Add New Application, Custom Application, Configure SSO with SAML.",
        ),
        said("IdP Entity ID: an address of your own that no other application has."),
        format!("SP Entity ID: {}", ours.entity_id),
        format!("ACS URL: {}", ours.acs_url),
        said(
            "SAMLSubject NameID: email, in the format emailAddress. Signature algorithm: RSA-SHA256. Tick Declare Redirect Endpoint.",
        ),
        said("Add the attributes by hand: email as email, firstName as firstname, lastName as lastname."),
        said("In User Groups, tick the groups that may sign in. Bring back what Copy Metadata URL gives."),
    ]
}

fn keycloak(ours: &Ours<'_>) -> Vec<String> {
    vec![
        format!(
            "In the Keycloak admin console, choose Clients, Import client, with the document of {}",
            ours.metadata_url
        ),
        format!("See that the Client ID is {}", ours.entity_id),
        format!(
            "See that the valid redirect URIs and the Master SAML Processing URL are {}",
            ours.acs_url
        ),
        said(
            "Name ID format: email, with Force name ID format on. Sign assertions: on. Signature algorithm: RSA_SHA256.",
        ),
        said(
            "In the client's dedicated scope, add mappers of the user properties email, firstName and lastName, with these names.",
        ),
        said("Bring back the address of the realm's /protocol/saml/descriptor."),
    ]
}

fn okta(ours: &Ours<'_>) -> Vec<String> {
    vec![
        said("In the Okta Admin Console, choose Applications, Create App Integration, SAML 2.0."),
        format!(
            "Single sign-on URL, also used for Recipient URL and Destination URL: {}",
            ours.acs_url
        ),
        format!("Audience URI (SP Entity ID): {}", ours.entity_id),
        said("Name ID format: EmailAddress. Application username: Email."),
        said(
            "Attribute statements: email as user.email, firstName as user.firstName, lastName as user.lastName.",
        ),
        said("In Assignments, assign the people or groups. Bring back the metadata URL of the Sign On tab."),
    ]
}

fn onelogin(ours: &Ours<'_>) -> Vec<String> {
    vec![
        said(
            "In the OneLogin administration, choose Applications, Add App, SAML Custom Connector (Advanced).",
        ),
        format!("Audience (EntityID): {}", ours.entity_id),
        format!("Recipient and ACS (Consumer) URL: {}", ours.acs_url),
        format!("ACS (Consumer) URL Validator: ^{}$", escaped(ours.acs_url)),
        said(
            "SAML nameID format: Email. SAML signature element: Assertion or Both. In SSO, SAML Signature Algorithm: SHA-256.",
        ),
        said("Parameters: email, firstName and lastName, each with Include in SAML assertion ticked."),
        said("Bring back the Issuer URL of the SSO tab: it is the address of the metadata."),
    ]
}

/// For a regular expression, as the validator takes it.
fn escaped(url: &str) -> String {
    url.replace('/', "\\/").replace('.', "\\.")
}

fn ping(ours: &Ours<'_>) -> Vec<String> {
    vec![
        said(
            "In PingOne, add an application of type SAML Application; in PingFederate, create an SP connection with the browser SSO profile SAML 2.0.",
        ),
        format!("Import our metadata from {}", ours.metadata_url),
        format!(
            "See that the ACS URL is {} and the entity id {}",
            ours.acs_url, ours.entity_id
        ),
        said(
            "Subject NameID format: emailAddress, with saml_subject mapped to the e-mail address. Add the attributes email, firstName and lastName.",
        ),
        said("Switch the application on, and bring back the IDP Metadata URL."),
    ]
}

fn rippling(ours: &Ours<'_>) -> Vec<String> {
    vec![
        said(
            "Rippling's side comes first: in IT Management, Custom App, create an app of type Single Sign-On (SAML), and copy the IdP metadata URL.",
        ),
        format!("ACS URL: {}", ours.acs_url),
        format!("Service Provider Entity ID: {}", ours.entity_id),
        said(
            "Choose who gets access, and finish the wizard. In Settings, SAML Attributes: email, firstName, lastName.",
        ),
        said(
            "In Advanced SAML Settings, disable the InResponseTo field in assertions for IdP-initiated SSO.",
        ),
        said("Bring back the IdP metadata URL that was copied first."),
    ]
}

fn shibboleth(ours: &Ours<'_>) -> Vec<String> {
    vec![
        format!(
            "In conf/metadata-providers.xml, add a FileBackedHTTPMetadataProvider with the metadataURL {}",
            ours.metadata_url
        ),
        format!(
            "In conf/attribute-filter.xml, release eduPersonPrincipalName, mail, givenName and sn to the requester {}",
            ours.entity_id
        ),
        said(
            "Leave the NameID as it is: people are known by eduPersonPrincipalName. Where the directory has none, map subject-id as the subject of the connection instead.",
        ),
        said(
            "Reload the services, and bring back the metadata of the identity provider, usually at /idp/shibboleth.",
        ),
    ]
}

fn generic(ours: &Ours<'_>) -> Vec<String> {
    vec![
        format!("Import our metadata from {}", ours.metadata_url),
        format!(
            "Or by hand: ACS URL (HTTP-POST) {} and entity id, also called audience, {}",
            ours.acs_url, ours.entity_id
        ),
        said(
            "Send the e-mail address as NameID in the format emailAddress, or a persistent NameID and the attribute email.",
        ),
        said(
            "Sign the assertion or the response with SHA-256 or better, and send the attributes email, firstName and lastName.",
        ),
        said("Bring back the metadata URL, the metadata itself, or issuer, sign-in URL and certificate."),
    ]
}
