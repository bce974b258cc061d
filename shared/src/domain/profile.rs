//! What a first sign-in says of a person (IL-20): attributes by their exact names, each checked, each with a default of
//! its own. Nothing here blocks a sign-in (IL-21): what was not taken is named in the fallbacks.

use std::collections::BTreeMap;

use serde::Serialize;
use url::Url;

use super::connection::AttributeMapping;
use super::email::EmailAddress;
use super::phone;
use super::role_catalogue::RoleCatalogue;

/// Longest text value, in characters.
const MAX_TEXT: usize = 256;
/// Longest picture URL, in bytes.
const MAX_URL: usize = 2_048;

/// The tenant's own defaults (IL-05, CH-12); `None` takes the catalogue's.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoleDefaults<'a> {
    /// Role in the organization.
    pub role: Option<&'a str>,
    /// Role in a team.
    pub team_role: Option<&'a str>,
}

/// Why something else was taken than what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FallbackReason {
    /// Too long, empty, several values, or with control characters.
    Malformed,
    /// Not in the operator's catalogue.
    UnknownRole,
    /// Role and team role may not stand together.
    ForbiddenPair,
    /// No valid number of the region, or no region.
    NoNumber,
    /// No absolute https URL.
    NoUrl,
}

/// One value that was not taken (IL-21). What came is not part of it: it may be personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fallback {
    /// The documented name of the attribute.
    pub attribute: &'static str,
    /// Why.
    pub reason: FallbackReason,
    /// What was taken instead, where that is a role.
    pub taken: Option<String>,
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
    /// Absolute URL of a picture; never fetched.
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

/// Attributes with what came of them so far.
struct Reader<'a> {
    attributes: &'a BTreeMap<String, Vec<String>>,
    fallbacks: Vec<Fallback>,
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
    let (given, family) = names_from(address);
    let first_name = reader.text("firstName", mapping.first_name.as_deref()).or(given);
    let last_name = reader.text("lastName", mapping.last_name.as_deref()).or(family);
    let position = reader.text("position", mapping.position.as_deref());
    let department = reader.text("department", mapping.department.as_deref());
    let mobile = reader.mobile(mapping);
    let picture = reader.picture(mapping.user_profile_image.as_deref());
    let team_name = reader.text("teamName", mapping.team_name.as_deref());
    let (role, team_role) = reader.roles(mapping, catalogue, defaults);
    Profile {
        first_name,
        last_name,
        position,
        department,
        mobile,
        picture,
        role,
        team_name,
        team_role,
        fallbacks: reader.fallbacks,
    }
}

impl Reader<'_> {
    /// The one value of an attribute; present but unusable is a fallback.
    fn text(&mut self, documented: &'static str, mapped: Option<&str>) -> Option<String> {
        let values = self.attributes.get(mapped.unwrap_or(documented))?;
        let value = match values.as_slice() {
            [value] => value.trim(),
            _ => "",
        };
        let fits =
            !value.is_empty() && value.chars().count() <= MAX_TEXT && !value.chars().any(char::is_control);
        if !fits {
            self.fall_back(documented, FallbackReason::Malformed, None);
            return None;
        }
        Some(value.to_owned())
    }

    /// IL-28: a national number counts only with its region.
    fn mobile(&mut self, mapping: &AttributeMapping) -> Option<String> {
        let number = self.text("mobileNumber", mapping.mobile_number.as_deref());
        let region = self.text("mobileRegionCode", mapping.mobile_region_code.as_deref());
        let number = number?;
        let e164 = region.and_then(|region| phone::to_e164(&number, &region));
        if e164.is_none() {
            self.fall_back("mobileNumber", FallbackReason::NoNumber, None);
        }
        e164
    }

    fn picture(&mut self, mapped: Option<&str>) -> Option<String> {
        let values = self.attributes.get(mapped.unwrap_or("userProfileImage"))?;
        let url = match values.as_slice() {
            [value] if value.len() <= MAX_URL => Url::parse(value.trim()).ok(),
            _ => None,
        };
        let url = url.filter(|url| url.scheme() == "https" && url.has_host() && url.password().is_none());
        if url.is_none() {
            self.fall_back("userProfileImage", FallbackReason::NoUrl, None);
        }
        url.map(String::from)
    }

    /// IL-21: an unknown role takes its own default; of a forbidden pair the team role falls back first, then the role.
    fn roles(
        &mut self,
        mapping: &AttributeMapping,
        catalogue: &RoleCatalogue,
        defaults: RoleDefaults<'_>,
    ) -> (String, String) {
        let default_role = defaults
            .role
            .and_then(|name| catalogue.role(name))
            .unwrap_or(catalogue.default_role());
        let default_team = defaults.team_role.and_then(|name| catalogue.team_role(name));
        let default_team = default_team.unwrap_or(catalogue.default_team_role());
        let mut role = default_role;
        if let Some(wanted) = self.text("role", mapping.role.as_deref()) {
            match catalogue.role(&wanted) {
                Some(known) => role = known,
                None => self.fall_back("role", FallbackReason::UnknownRole, Some(default_role.as_str())),
            }
        }
        let mut team_role = default_team;
        if let Some(wanted) = self.text("teamRole", mapping.team_role.as_deref()) {
            match catalogue.team_role(&wanted) {
                Some(known) => team_role = known,
                None => self.fall_back(
                    "teamRole",
                    FallbackReason::UnknownRole,
                    Some(default_team.as_str()),
                ),
            }
        }
        if !catalogue.allows(role, team_role) {
            team_role = default_team;
            self.fall_back(
                "teamRole",
                FallbackReason::ForbiddenPair,
                Some(default_team.as_str()),
            );
        }
        if !catalogue.allows(role, team_role) {
            role = default_role;
            self.fall_back("role", FallbackReason::ForbiddenPair, Some(default_role.as_str()));
        }
        if !catalogue.allows(role, team_role) {
            // The tenant's own defaults exclude each other: the catalogue's never do.
            (role, team_role) = (catalogue.default_role(), catalogue.default_team_role());
        }
        (role.as_str().to_owned(), team_role.as_str().to_owned())
    }

    fn fall_back(&mut self, attribute: &'static str, reason: FallbackReason, taken: Option<&str>) {
        self.fallbacks.push(Fallback {
            attribute,
            reason,
            taken: taken.map(str::to_owned),
        });
    }
}

/// IL-20: names out of an address such as `ada.lovelace@example.com`; one word is a given name.
fn names_from(address: &EmailAddress) -> (Option<String>, Option<String>) {
    let local = address.local_part().split('+').next().unwrap_or_default();
    let mut words = local
        .split(['.', '_', '-'])
        .filter(|word| !word.is_empty())
        .map(capitalised);
    let given = words.next();
    let family = words.collect::<Vec<_>>().join(" ");
    (given, (!family.is_empty()).then_some(family))
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}
