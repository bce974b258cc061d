//! What a first sign-in says of a person (IL-20): attributes by their exact names, each checked, each with a default
//! of its own. Nothing here blocks a sign-in (IL-21): what was not taken is named in the fallbacks.
//!
//! [`read`] is called only when the user does not exist (IL-34).

mod names;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;
use url::Url;

pub use text::{FallbackReason, Shape};

use super::connection::AttributeMapping;
use super::email::EmailAddress;
use super::phone;
use super::role_catalogue::{Role, RoleCatalogue, TeamRole};

/// Longest first and last name, in characters.
pub const MAX_NAME: usize = 100;
/// Longest position, department, role and team name, in characters.
pub const MAX_TEXT: usize = 128;
/// Longest mobile number, in characters.
const MAX_NUMBER: usize = 32;
/// Longest picture URL, in characters.
const MAX_URL: usize = 2_048;

/// The tenant's own defaults (IL-05, CH-12); `None` takes the catalogue's.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoleDefaults<'a> {
    /// Role in the organization.
    pub role: Option<&'a str>,
    /// Role in a team.
    pub team_role: Option<&'a str>,
}

/// One value that was not taken as it came (IL-21), without personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fallback {
    /// The documented name of the attribute.
    pub attribute: &'static str,
    /// The name it was looked up by on this connection.
    pub key: String,
    /// Why.
    pub reason: FallbackReason,
    /// What came, as far as it may be shown.
    pub came: Shape,
    /// What was taken instead: a role's name, or in words.
    pub taken: String,
}

/// The profile of a newcomer.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    /// Given name; default from the address.
    pub first_name: Option<String>,
    /// Family name; default from the address.
    pub last_name: Option<String>,
    /// Position.
    pub position: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// Mobile number, E.164.
    pub mobile: Option<String>,
    /// Absolute https URL of a picture; stored, never fetched.
    pub picture: Option<String>,
    /// Role in the organization.
    pub role: String,
    /// Team to join.
    pub team_name: Option<String>,
    /// Role in that team.
    pub team_role: String,
    /// What was not taken.
    pub fallbacks: Vec<Fallback>,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile")
            .field("fallbacks", &self.fallbacks)
            .finish_non_exhaustive()
    }
}

/// Reads a profile. `mapping` renames attributes (SE-22); names are compared exactly, with case.
#[must_use]
pub fn read(
    attributes: &BTreeMap<String, Vec<String>>,
    mapping: &AttributeMapping,
    address: &EmailAddress,
    catalogue: &RoleCatalogue,
    defaults: RoleDefaults<'_>,
) -> Profile {
    let mut reader = Reader {
        attributes,
        fallbacks: Vec::new(),
    };
    let parsed = names::from_address(address);
    let first_name = reader.name(Asked::new("firstName", &mapping.first_name), parsed.first);
    let last_name = reader.name(Asked::new("lastName", &mapping.last_name), parsed.last);
    let position = reader.text(Asked::new("position", &mapping.position));
    let department = reader.text(Asked::new("department", &mapping.department));
    let mobile = reader.mobile(mapping);
    let picture = reader.picture(Asked::new("userProfileImage", &mapping.user_profile_image));
    let team_name = reader.text(Asked::new("teamName", &mapping.team_name));
    let (role, team_role) = reader.roles(mapping, catalogue, defaults, team_name.is_some());
    Profile {
        first_name,
        last_name,
        position,
        department,
        mobile,
        picture,
        role: role.as_str().to_owned(),
        team_name,
        team_role: team_role.as_str().to_owned(),
        fallbacks: reader.fallbacks,
    }
}

/// An attribute: its documented name and the name it has on this connection.
#[derive(Clone, Copy)]
struct Asked<'a> {
    documented: &'static str,
    key: &'a str,
}

impl<'a> Asked<'a> {
    fn new(documented: &'static str, mapped: &'a Option<String>) -> Self {
        let key = mapped.as_deref().unwrap_or(documented);
        Self { documented, key }
    }
}

/// Attributes with what came of them so far.
struct Reader<'a> {
    attributes: &'a BTreeMap<String, Vec<String>>,
    fallbacks: Vec<Fallback>,
}

impl<'a> Reader<'a> {
    /// Values of an attribute; blank ones are left out, because providers send those for empty fields.
    fn values(&self, asked: Asked<'_>) -> Vec<&'a str> {
        let values = self
            .attributes
            .get(asked.key)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let trimmed = values.iter().map(|value| value.trim());
        trimmed.filter(|value| !value.is_empty()).collect()
    }

    fn fall_back(&mut self, asked: Asked<'_>, reason: FallbackReason, came: Shape, taken: &str) {
        self.fallbacks.push(Fallback {
            attribute: asked.documented,
            key: asked.key.to_owned(),
            reason,
            came,
            taken: taken.to_owned(),
        });
    }

    /// The first value, if it is fit to be stored and shown: a directory may hold several.
    fn first(&mut self, asked: Asked<'_>, limit: usize, taken: &str) -> Option<&'a str> {
        let values = self.values(asked);
        let value = *values.first()?;
        match text::unfit(value, limit) {
            None => Some(value),
            Some(reason) => {
                self.fall_back(asked, reason, Shape::of(&values), taken);
                None
            }
        }
    }

    fn name(&mut self, asked: Asked<'_>, parsed: Option<String>) -> Option<String> {
        let value = self.first(asked, MAX_NAME, "parsed from the e-mail address");
        value.map(str::to_owned).or(parsed)
    }

    fn text(&mut self, asked: Asked<'_>) -> Option<String> {
        self.first(asked, MAX_TEXT, "nothing").map(str::to_owned)
    }

    /// IL-28: a national number counts only with its region.
    fn mobile(&mut self, mapping: &AttributeMapping) -> Option<String> {
        let asked = Asked::new("mobileNumber", &mapping.mobile_number);
        let number = self.first(asked, MAX_NUMBER, "nothing")?;
        let region = Asked::new("mobileRegionCode", &mapping.mobile_region_code);
        let Some(region) = self.first(region, MAX_TEXT, "nothing") else {
            self.fall_back(asked, FallbackReason::NoRegion, Shape::of(&[number]), "nothing");
            return None;
        };
        match phone::to_e164(number, region) {
            Ok(number) => Some(number),
            Err(_) => {
                self.fall_back(asked, FallbackReason::Malformed, Shape::of(&[number]), "nothing");
                None
            }
        }
    }

    fn picture(&mut self, asked: Asked<'_>) -> Option<String> {
        let value = self.first(asked, MAX_URL, "nothing")?;
        let url = Url::parse(value).ok().filter(|url| {
            url.scheme() == "https"
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.as_str().len() <= MAX_URL
        });
        if url.is_none() {
            self.fall_back(asked, FallbackReason::Malformed, Shape::of(&[value]), "nothing");
        }
        url.map(String::from)
    }
}

/// Roles.
impl Reader<'_> {
    /// IL-21: each value takes its own default; then of a forbidden pair the team role falls back first, then the role.
    fn roles<'c>(
        &mut self,
        mapping: &AttributeMapping,
        catalogue: &'c RoleCatalogue,
        defaults: RoleDefaults<'_>,
        has_team: bool,
    ) -> (&'c Role, &'c TeamRole) {
        let default_role = defaults.role.and_then(|name| catalogue.role(name));
        let default_role = default_role.unwrap_or(catalogue.default_role());
        let default_team = defaults.team_role.and_then(|name| catalogue.team_role(name));
        let default_team = default_team.unwrap_or(catalogue.default_team_role());
        let of_role = Asked::new("role", &mapping.role);
        let of_team = Asked::new("teamRole", &mapping.team_role);
        let sent_role = self.role(of_role, default_role.as_str(), |name| catalogue.role(name));
        let sent_team = self.role(of_team, default_team.as_str(), |name| catalogue.team_role(name));
        let mut role = sent_role.unwrap_or(default_role);
        let mut team_role = sent_team.unwrap_or(default_team);
        // Without a team and without a team role there is no pair that could be forbidden.
        if catalogue.allows(role, team_role) || !(has_team || sent_team.is_some()) {
            return (role, team_role);
        }
        self.forbid(of_team, team_role.as_str(), default_team.as_str());
        team_role = default_team;
        if !catalogue.allows(role, team_role) {
            self.forbid(of_role, role.as_str(), default_role.as_str());
            role = default_role;
        }
        if !catalogue.allows(role, team_role) {
            // The tenant's own defaults exclude each other: the catalogue's never do.
            self.forbid(
                of_team,
                team_role.as_str(),
                catalogue.default_team_role().as_str(),
            );
            self.forbid(of_role, role.as_str(), catalogue.default_role().as_str());
            (role, team_role) = (catalogue.default_role(), catalogue.default_team_role());
        }
        (role, team_role)
    }

    /// A role by its exact name. Several values are refused: picking one would be a guess about power.
    fn role<'c, T>(
        &mut self,
        asked: Asked<'_>,
        default: &str,
        find: impl Fn(&str) -> Option<&'c T>,
    ) -> Option<&'c T> {
        let values = self.values(asked);
        let (found, reason) = match values.as_slice() {
            [] => return None,
            [one] => (find(one), FallbackReason::UnknownRole),
            _ => (None, FallbackReason::SeveralValues),
        };
        if found.is_none() {
            self.fall_back(asked, reason, Shape::of_role(&values), default);
        }
        found
    }

    fn forbid(&mut self, asked: Asked<'_>, was: &str, taken: &str) {
        if was != taken {
            let came = Shape::Name(was.to_owned());
            self.fall_back(asked, FallbackReason::ForbiddenPair, came, taken);
        }
    }
}

#[cfg(test)]
mod tests;
