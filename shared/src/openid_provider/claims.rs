//! The claims about a person: the standard ones (OpenID Connect Core section 5.1) by scope, and ours.

use chrono::{DateTime, Utc};
use openidconnect::core::CoreGenderClaim;
use openidconnect::{
    AdditionalClaims, EndUserEmail, EndUserFamilyName, EndUserGivenName, EndUserName, EndUserPhoneNumber,
    EndUserPictureUrl, EndUserUsername, StandardClaims, SubjectIdentifier,
};
use serde::{Deserialize, Serialize};

use super::scope::{Scope, Scopes};
use crate::domain::ids::{TenantId, UserId};
use crate::redacted::Personal;

/// Every claim that an ID token or the userinfo answer may hold.
pub const SUPPORTED: [&str; 30] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "at_hash",
    "sid",
    "acr",
    "amr",
    "email",
    "email_verified",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "picture",
    "updated_at",
    "phone_number",
    "phone_number_verified",
    "position",
    "department",
    "organization",
    "organization_name",
    "connection",
    "role",
    "teams",
    "groups",
    "locale",
];

/// A team of the person, with the person's role in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamClaim {
    /// The team's id.
    pub id: String,
    /// The team's name.
    pub name: String,
    /// The person's role in the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// What the directory knows about a person in one tenant, in the words of the claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserProfile {
    /// The tenant-scoped user id: `sub`.
    pub user: UserId,
    /// The tenant: `organization`.
    pub tenant: TenantId,
    /// The tenant's name.
    pub organization_name: Option<String>,
    /// The connection that the person last signed in by.
    pub connection: Option<String>,
    /// The e-mail address.
    pub email: Option<Personal<String>>,
    /// Whether the address lies in a proven domain of the tenant. Nobody else's word counts (GH-05).
    pub email_verified: bool,
    /// The full name.
    pub name: Option<Personal<String>>,
    /// The first name.
    pub given_name: Option<Personal<String>>,
    /// The last name.
    pub family_name: Option<Personal<String>>,
    /// The SCIM `userName`, or what the tenant calls the person.
    pub preferred_username: Option<Personal<String>>,
    /// An absolute URL.
    pub picture: Option<Personal<String>>,
    /// E.164.
    pub phone_number: Option<Personal<String>>,
    /// Whether the app confirmed the number (AQ-24).
    pub phone_number_verified: bool,
    /// A BCP 47 tag.
    pub locale: Option<String>,
    /// The position in the company.
    pub position: Option<Personal<String>>,
    /// The department.
    pub department: Option<Personal<String>>,
    /// The role in the organization.
    pub role: Option<String>,
    /// The teams.
    pub teams: Vec<TeamClaim>,
    /// Display names of the SCIM groups.
    pub groups: Vec<String>,
    /// When the record last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

/// Our own claims. Their names are plain; none is registered with another meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatehouseClaims {
    /// The tenant's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The tenant's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_name: Option<String>,
    /// The connection that the person last signed in by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The role in the organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The teams.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<TeamClaim>,
    /// The SCIM groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The position in the company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Personal<String>>,
    /// The department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<Personal<String>>,
    /// The session, in ID tokens only (OpenID Connect Front-Channel Logout section 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
}

impl AdditionalClaims for GatehouseClaims {}

/// The userinfo answer.
pub type UserInfo = openidconnect::UserInfoClaims<GatehouseClaims, CoreGenderClaim>;

/// The standard claims that these scopes give.
#[must_use]
pub fn standard(profile: &UserProfile, scopes: &Scopes) -> StandardClaims<CoreGenderClaim> {
    let mut claims = StandardClaims::new(SubjectIdentifier::new(profile.user.to_string()));
    let text = |value: &Option<Personal<String>>| value.as_ref().map(|Personal(text)| text.clone());
    if scopes.contains(Scope::Email)
        && let Some(email) = text(&profile.email)
    {
        claims = claims
            .set_email(Some(EndUserEmail::new(email)))
            .set_email_verified(Some(profile.email_verified));
    }
    if scopes.contains(Scope::Phone)
        && let Some(phone) = text(&profile.phone_number)
    {
        claims = claims
            .set_phone_number(Some(EndUserPhoneNumber::new(phone)))
            .set_phone_number_verified(Some(profile.phone_number_verified));
    }
    if scopes.contains(Scope::Profile) {
        claims = claims
            .set_name(text(&profile.name).map(|name| EndUserName::new(name).into()))
            .set_given_name(text(&profile.given_name).map(|name| EndUserGivenName::new(name).into()))
            .set_family_name(text(&profile.family_name).map(|name| EndUserFamilyName::new(name).into()))
            .set_preferred_username(text(&profile.preferred_username).map(EndUserUsername::new))
            .set_picture(text(&profile.picture).map(|url| EndUserPictureUrl::new(url).into()))
            .set_locale(profile.locale.clone().map(openidconnect::LanguageTag::new))
            .set_updated_at(profile.updated_at);
    }
    claims
}

/// Our own claims: where the person belongs always, details about the person with `profile`.
#[must_use]
pub fn additional(profile: &UserProfile, scopes: &Scopes) -> GatehouseClaims {
    let detailed = scopes.contains(Scope::Profile);
    GatehouseClaims {
        organization: Some(profile.tenant.to_string()),
        organization_name: profile.organization_name.clone(),
        connection: profile.connection.clone(),
        role: profile.role.clone(),
        teams: profile.teams.clone(),
        groups: profile.groups.clone(),
        position: profile.position.clone().filter(|_| detailed),
        department: profile.department.clone().filter(|_| detailed),
        sid: None,
    }
}

/// The userinfo answer for these scopes (OpenID Connect Core section 5.3.2).
#[must_use]
pub fn user_info(profile: &UserProfile, scopes: &Scopes) -> UserInfo {
    UserInfo::new(standard(profile, scopes), additional(profile, scopes))
}
