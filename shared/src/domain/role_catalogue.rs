//! The operator's role catalogue (IL-05): ordered roles, team roles, defaults and forbidden pairs.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Name of an organization role, such as `ADMIN`. Only a [`RoleCatalogue`] hands out checked ones; a stored one is
/// looked up again with [`RoleCatalogue::role`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Role(String);

/// Name of a role within a team, such as `RESPONDER`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TeamRole(String);

impl Role {
    /// The name as the app knows it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TeamRole {
    /// The name as the app knows it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TeamRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A pair that no user may hold at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ForbiddenPair {
    /// The organization role.
    pub role: String,
    /// The team role it excludes.
    pub team_role: String,
}

/// A catalogue as it is written in the configuration, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RoleCatalogueSource {
    /// Organization roles from the least to the most powerful.
    pub roles: Vec<String>,
    /// Team roles from the least to the most powerful.
    pub team_roles: Vec<String>,
    /// The role of a provisioned user where the tenant says nothing.
    pub default_role: String,
    /// The team role of a provisioned user where the tenant says nothing.
    pub default_team_role: String,
    /// Pairs that no user may hold at once.
    #[serde(default)]
    pub forbidden: Vec<ForbiddenPair>,
}

/// A checked catalogue: names are unique and well formed, defaults exist, and the default pair is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleCatalogue {
    roles: Vec<Role>,
    team_roles: Vec<TeamRole>,
    default_role: Role,
    default_team_role: TeamRole,
    forbidden: BTreeSet<ForbiddenPair>,
}

/// Why a catalogue was refused at start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoleCatalogueError {
    /// Neither a shipped name nor the JSON of a catalogue.
    #[error(
        "wanted one of {}, {} or a JSON object with roles, teamRoles, defaultRole, defaultTeamRole, forbidden: {reason}",
        RoleCatalogue::MEMBER_NAME,
        RoleCatalogue::STAKEHOLDER_NAME
    )]
    Malformed {
        /// What the JSON parser said.
        reason: String,
    },
    /// A list is empty or longer than 32 names.
    #[error("{list} needs 1 to 32 names, has {count}")]
    Count {
        /// `roles` or `teamRoles`.
        list: &'static str,
        /// Names it has.
        count: usize,
    },
    /// A name has other characters than letters, digits, `_`, `-`, or not 1–64 of them.
    #[error("{list} has the name {name:?}; wanted 1 to 64 of letters, digits, _ and -")]
    Name {
        /// `roles` or `teamRoles`.
        list: &'static str,
        /// The name.
        name: String,
    },
    /// A name stands twice in one list.
    #[error("{list} has {name} twice")]
    Duplicate {
        /// `roles` or `teamRoles`.
        list: &'static str,
        /// The name.
        name: String,
    },
    /// A default or a forbidden pair names what is not in its list.
    #[error("{place} names {name}, which is not in {list}")]
    Unknown {
        /// `defaultRole`, `defaultTeamRole` or `forbidden`.
        place: &'static str,
        /// The name.
        name: String,
        /// The list that was searched.
        list: &'static str,
    },
    /// The default role and the default team role may not be held together.
    #[error("the default pair {role} with {team_role} is forbidden")]
    DefaultPairForbidden {
        /// The default role.
        role: String,
        /// The default team role.
        team_role: String,
    },
}

impl RoleCatalogueError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "role_catalogue_malformed",
            Self::Count { .. } => "role_catalogue_count",
            Self::Name { .. } => "role_catalogue_name",
            Self::Duplicate { .. } => "role_catalogue_duplicate",
            Self::Unknown { .. } => "role_catalogue_unknown_name",
            Self::DefaultPairForbidden { .. } => "role_catalogue_default_pair_forbidden",
        }
    }
}

const ROLES: &str = "roles";
const TEAM_ROLES: &str = "teamRoles";

impl RoleCatalogue {
    /// Setting that selects MEMBER, ADMINISTRATOR, OWNER with team roles MEMBER, ADMINISTRATOR.
    pub const MEMBER_NAME: &str = "member-administrator-owner";
    /// Setting that selects STAKEHOLDER, GUEST, RESPONDER, USER, ADMIN with team roles STAKEHOLDER, RESPONDER, USER,
    /// ADMIN.
    pub const STAKEHOLDER_NAME: &str = "stakeholder-to-admin";

    /// The catalogue that a setting names or spells out as JSON.
    ///
    /// # Errors
    /// [`RoleCatalogueError`] with the first fault found.
    pub fn from_setting(setting: &str) -> Result<Self, RoleCatalogueError> {
        match setting.trim() {
            Self::MEMBER_NAME => Self::new(member_source()),
            Self::STAKEHOLDER_NAME => Self::new(stakeholder_source()),
            json => {
                let source = serde_json::from_str(json).map_err(|error| RoleCatalogueError::Malformed {
                    reason: error.to_string(),
                })?;
                Self::new(source)
            }
        }
    }

    /// Checks a catalogue.
    ///
    /// # Errors
    /// [`RoleCatalogueError`] with the first fault found.
    pub fn new(source: RoleCatalogueSource) -> Result<Self, RoleCatalogueError> {
        check_names(ROLES, &source.roles)?;
        check_names(TEAM_ROLES, &source.team_roles)?;
        known("defaultRole", &source.default_role, ROLES, &source.roles)?;
        known(
            "defaultTeamRole",
            &source.default_team_role,
            TEAM_ROLES,
            &source.team_roles,
        )?;
        for pair in &source.forbidden {
            known("forbidden", &pair.role, ROLES, &source.roles)?;
            known("forbidden", &pair.team_role, TEAM_ROLES, &source.team_roles)?;
        }
        let catalogue = Self {
            roles: source.roles.into_iter().map(Role).collect(),
            team_roles: source.team_roles.into_iter().map(TeamRole).collect(),
            default_role: Role(source.default_role),
            default_team_role: TeamRole(source.default_team_role),
            forbidden: source.forbidden.into_iter().collect(),
        };
        if !catalogue.allows(&catalogue.default_role, &catalogue.default_team_role) {
            return Err(RoleCatalogueError::DefaultPairForbidden {
                role: catalogue.default_role.0,
                team_role: catalogue.default_team_role.0,
            });
        }
        Ok(catalogue)
    }

    /// Organization roles from the least to the most powerful.
    #[must_use]
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Team roles from the least to the most powerful.
    #[must_use]
    pub fn team_roles(&self) -> &[TeamRole] {
        &self.team_roles
    }

    /// The role of that exact, case-sensitive name.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.as_str() == name)
    }

    /// The team role of that exact, case-sensitive name.
    #[must_use]
    pub fn team_role(&self, name: &str) -> Option<&TeamRole> {
        self.team_roles.iter().find(|role| role.as_str() == name)
    }

    /// The role of a provisioned user where the tenant says nothing.
    #[must_use]
    pub fn default_role(&self) -> &Role {
        &self.default_role
    }

    /// The team role of a provisioned user where the tenant says nothing.
    #[must_use]
    pub fn default_team_role(&self) -> &TeamRole {
        &self.default_team_role
    }

    /// Whether one user may hold both.
    #[must_use]
    pub fn allows(&self, role: &Role, team_role: &TeamRole) -> bool {
        !self
            .forbidden
            .iter()
            .any(|pair| pair.role == role.as_str() && pair.team_role == team_role.as_str())
    }

    /// Place of a role in the order, 0 being the least powerful; `None` when the catalogue no longer has it.
    #[must_use]
    pub fn rank(&self, role: &Role) -> Option<usize> {
        self.roles.iter().position(|known| known == role)
    }
}

fn check_names(list: &'static str, names: &[String]) -> Result<(), RoleCatalogueError> {
    if names.is_empty() || names.len() > 32 {
        return Err(RoleCatalogueError::Count {
            list,
            count: names.len(),
        });
    }
    let mut seen = BTreeSet::new();
    for name in names {
        let letters = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if !letters || !(1..=64).contains(&name.len()) {
            return Err(RoleCatalogueError::Name {
                list,
                name: name.chars().take(80).collect(),
            });
        }
        if !seen.insert(name) {
            return Err(RoleCatalogueError::Duplicate {
                list,
                name: name.clone(),
            });
        }
    }
    Ok(())
}

fn known(
    place: &'static str,
    name: &str,
    list: &'static str,
    names: &[String],
) -> Result<(), RoleCatalogueError> {
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    Err(RoleCatalogueError::Unknown {
        place,
        name: name.chars().take(80).collect(),
        list,
    })
}

fn source(
    roles: &[&str],
    team_roles: &[&str],
    defaults: (&str, &str),
    forbidden: &[(&str, &str)],
) -> RoleCatalogueSource {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    RoleCatalogueSource {
        roles: owned(roles),
        team_roles: owned(team_roles),
        default_role: defaults.0.to_owned(),
        default_team_role: defaults.1.to_owned(),
        forbidden: forbidden
            .iter()
            .map(|&(role, team_role)| ForbiddenPair {
                role: role.to_owned(),
                team_role: team_role.to_owned(),
            })
            .collect(),
    }
}

fn member_source() -> RoleCatalogueSource {
    source(
        &["MEMBER", "ADMINISTRATOR", "OWNER"],
        &["MEMBER", "ADMINISTRATOR"],
        ("MEMBER", "MEMBER"),
        &[],
    )
}

fn stakeholder_source() -> RoleCatalogueSource {
    source(
        &["STAKEHOLDER", "GUEST", "RESPONDER", "USER", "ADMIN"],
        &["STAKEHOLDER", "RESPONDER", "USER", "ADMIN"],
        ("STAKEHOLDER", "RESPONDER"),
        // IL-21 names this pair; an operator who knows more of its app lists more.
        &[("ADMIN", "USER")],
    )
}

#[cfg(test)]
#[path = "role_catalogue_tests.rs"]
mod tests;
