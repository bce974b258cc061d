//! Changes of a group's members, planned without the members.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::PatchOp;
use super::change::{Change, ChangeTarget, Select};
use crate::scim::ScimError;
use crate::scim::filter::{Filter, Literal, Op};
use crate::scim::normalize::{Member, members};
use crate::scim::schema::ResourceKind;

/// One operation on the members of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberOp {
    /// These come in, if they are not in.
    Add(Vec<Member>),
    /// The members with these ids go out, if they are in.
    Remove(Vec<String>),
    /// These are the members, and nobody else.
    Replace(Vec<Member>),
}

/// What several operations come to. An id is in at most one of the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberChange {
    /// The members are exactly these; then the other two lists are empty.
    pub replace_all: Option<Vec<Member>>,
    /// These come in.
    pub add: Vec<Member>,
    /// These go out.
    pub remove: Vec<String>,
}

impl MemberChange {
    /// What the operations come to, one after the other.
    #[must_use]
    pub fn of(operations: &[MemberOp]) -> Self {
        let mut net = Net::default();
        for operation in operations {
            match operation {
                MemberOp::Add(members) => members.iter().for_each(|member| net.add(member)),
                MemberOp::Remove(ids) => ids.iter().for_each(|id| net.remove(id)),
                MemberOp::Replace(members) => {
                    net = Net {
                        replaced: true,
                        ..Net::default()
                    };
                    members.iter().for_each(|member| net.add(member));
                }
            }
        }
        net.finish()
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.replace_all.is_none() && self.add.is_empty() && self.remove.is_empty()
    }
}

/// The last word on each id, in the order in which ids were first named.
#[derive(Default)]
struct Net {
    replaced: bool,
    places: HashMap<String, usize>,
    words: Vec<(String, Option<Member>)>,
}

impl Net {
    fn add(&mut self, member: &Member) {
        self.say(&member.id, |word| match word {
            // Named twice: the type, once said, stays.
            Some(known) => known.kind = member.kind.or(known.kind),
            None => *word = Some(member.clone()),
        });
    }

    fn remove(&mut self, id: &str) {
        self.say(id, |word| *word = None);
    }

    fn say(&mut self, id: &str, change: impl FnOnce(&mut Option<Member>)) {
        let next = self.words.len();
        let place = *self.places.entry(id.to_owned()).or_insert(next);
        if place == next {
            self.words.push((id.to_owned(), None));
        }
        if let Some((_, word)) = self.words.get_mut(place) {
            change(word);
        }
    }

    fn finish(self) -> MemberChange {
        let mut change = MemberChange::default();
        for (id, word) in self.words {
            match word {
                Some(member) => change.add.push(member),
                None => change.remove.push(id),
            }
        }
        if self.replaced {
            change.replace_all = Some(std::mem::take(&mut change.add));
            change.remove.clear();
        }
        change
    }
}

/// The change as an operation on members, if it is one.
pub fn operation(kind: ResourceKind, change: &Change) -> Result<Option<MemberOp>, ScimError> {
    let ChangeTarget::Attribute {
        extension: None,
        attribute,
        sub,
        select,
    } = &change.target
    else {
        return Ok(None);
    };
    if kind != ResourceKind::Group || attribute.name != "members" {
        return Ok(None);
    }
    if let Some(sub) = sub {
        return Err(if sub.name == "value" && select.is_none() {
            ScimError::InvalidPath(
                "members.value: wanted members, or members[value eq \"id\"] to name one".to_owned(),
            )
        } else {
            ScimError::Mutability(format!(
                "members.{} cannot be changed: remove the member and add another",
                sub.name
            ))
        });
    }
    let operation = match select {
        None => unselected(change)?,
        Some(select) => selected(select, change)?,
    };
    Ok(Some(operation))
}

fn unselected(change: &Change) -> Result<MemberOp, ScimError> {
    let given = members(&change.value.0)?;
    Ok(match change.op {
        PatchOp::Add => MemberOp::Add(given),
        PatchOp::Replace => MemberOp::Replace(given),
        // `remove` of all, or of the ones given (E-7).
        PatchOp::Remove if change.value.0.is_null() => MemberOp::Replace(Vec::new()),
        PatchOp::Remove => MemberOp::Remove(given.into_iter().map(|member| member.id).collect()),
    })
}

/// `members[value eq "id"]`, or several joined by `or`. Other filters would need all members: refused.
fn selected(select: &Select, change: &Change) -> Result<MemberOp, ScimError> {
    let mut ids = Vec::new();
    collect_ids(&select.filter, &mut ids)?;
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    if change.op == PatchOp::Remove {
        return Ok(MemberOp::Remove(ids));
    }
    // add or replace of a member chosen by its id: it is to be in. A value may only say so again.
    let given = match &change.value.0 {
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
        Value::Object(object) if !object.keys().any(|key| key.eq_ignore_ascii_case("value")) => Vec::new(),
        value => members(value)?,
    };
    let same = given.iter().all(|member| ids.contains(&member.id));
    if !same {
        return Err(ScimError::Mutability(
            "members.value cannot be changed: remove the member and add another".to_owned(),
        ));
    }
    let kind = |id: &String| {
        given
            .iter()
            .find(|member| member.id == *id)
            .and_then(|member| member.kind)
    };
    Ok(MemberOp::Add(
        ids.into_iter().map(|id| Member { kind: kind(&id), id }).collect(),
    ))
}

fn collect_ids(filter: &Filter, ids: &mut Vec<String>) -> Result<(), ScimError> {
    match filter {
        Filter::Or(terms) => terms.iter().try_for_each(|term| collect_ids(term, ids)),
        Filter::Compare {
            path,
            op: Op::Eq,
            value: Literal::String(id) | Literal::Number(id),
        } if path.name.eq_ignore_ascii_case("value") => {
            ids.push(id.clone());
            Ok(())
        }
        Filter::Compare { .. }
        | Filter::Present(_)
        | Filter::Has { .. }
        | Filter::Not(_)
        | Filter::And(_) => Err(ScimError::InvalidPath(
            "members can be chosen by their ids only: wanted members[value eq \"id\"], several joined by or"
                .to_owned(),
        )),
    }
}
