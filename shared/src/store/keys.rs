//! The key of every item (DESIGN section 7). The kind comes first, so that IAM's `dynamodb:LeadingKeys` can part the
//! functions.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::domain_name::DomainName;
use crate::domain::email::EmailAddress;
use crate::domain::ids::{ClientId, ConnectionId, GroupId, HoldId, TeamId, TenantId, UserId};

/// Which of the two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// What must survive: stream, point-in-time recovery.
    Directory,
    /// What may be lost: sessions, codes, attempts.
    Ephemeral,
}

/// Where one item lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub table: Table,
    pub pk: String,
    pub sk: String,
}

fn directory(pk: String, sk: impl Into<String>) -> Key {
    Key {
        table: Table::Directory,
        pk,
        sk: sk.into(),
    }
}

fn ephemeral(pk: String, sk: impl Into<String>) -> Key {
    Key {
        table: Table::Ephemeral,
        pk,
        sk: sk.into(),
    }
}

/// SHA-256.
pub(super) fn digest(text: &str) -> impl Iterator<Item = u8> {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    (0..digest::SHA256_OUTPUT_LEN).filter_map(move |at| digest.as_ref().get(at).copied())
}

/// SHA-256 in base64url: what is stored of a token.
pub(super) fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// How the sort key of every outbox item begins; the relay's filter takes nothing else.
pub(super) const OUTBOX: &str = "O#";
/// An outbox item by the keys that the stream has.
pub(super) fn outbox_item(pk: &str, sk: &str) -> Key {
    directory(pk.to_owned(), sk)
}

/// The form that names are compared in: Unicode lower case, letter by letter, stands in for full case folding; the two
/// forms of the small sigma are one. SCIM's filters compare alike (`scim::text::fold`).
pub(super) fn fold(text: &str) -> String {
    let lower = text.chars().flat_map(char::to_lowercase);
    lower.map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

/// A tenant's own partition.
pub(super) fn tenant_pk(t: &TenantId) -> String {
    format!("T#{t}")
}
pub(super) fn tenant(t: &TenantId) -> Key {
    directory(tenant_pk(t), ".")
}
/// The list of all tenants.
pub(super) const TENANTS: &str = "TS";
pub(super) fn tenant_entry(t: &TenantId) -> Key {
    directory(TENANTS.to_owned(), t.as_str())
}
pub(super) fn domain(name: &DomainName) -> Key {
    directory(format!("D#{name}"), ".")
}
/// What another claim lies below this domain: so that a claim with subdomains leaves it alone.
pub(super) fn domain_pk(name: &DomainName) -> String {
    format!("D#{name}")
}
pub(super) fn subdomain(parent: &DomainName, name: &DomainName) -> Key {
    directory(domain_pk(parent), format!("S#{name}"))
}
pub(super) fn break_glass(t: &TenantId, address: &EmailAddress) -> Key {
    directory(tenant_pk(t), format!("BG#{}", address.folded()))
}
/// How far members were told of a connection.
pub(super) fn members_told(t: &TenantId, id: &ConnectionId) -> Key {
    directory(tenant_pk(t), format!("MT#{id}"))
}
/// How imports of members begin in the tenant's partition.
pub(super) const IMPORTS: &str = "IM#";
pub(super) fn import(t: &TenantId, id: &str) -> Key {
    directory(tenant_pk(t), format!("{IMPORTS}{id}"))
}
pub(super) fn import_parts(id: &str) -> String {
    format!("IP#{id}#")
}
pub(super) fn import_part(t: &TenantId, id: &str, part: u32) -> Key {
    directory(tenant_pk(t), format!("{}{part:04}", import_parts(id)))
}
/// A claim's mirror in its tenant's partition.
pub(super) fn domain_mirror(t: &TenantId, name: &DomainName) -> Key {
    directory(tenant_pk(t), format!("D#{name}"))
}
pub(super) fn connection(id: &ConnectionId) -> Key {
    directory(format!("C#{id}"), ".")
}
/// A connection's mirror in its tenant's partition.
pub(super) fn connection_mirror(t: &TenantId, id: &ConnectionId) -> Key {
    directory(tenant_pk(t), format!("C#{id}"))
}
/// The connections that an issuer vouches for.
pub(super) fn issuer_pk(issuer: &str) -> String {
    format!("IS#{}", hash(issuer))
}
pub(super) fn issuer(issuer: &str, id: &ConnectionId) -> Key {
    directory(issuer_pk(issuer), id.as_str())
}
/// Says in the tenant's partition that a connection was written with an issuer.
pub(super) fn issuer_mirror(t: &TenantId, issuer: &str, id: &ConnectionId) -> Key {
    directory(tenant_pk(t), format!("{}#{id}", issuer_pk(issuer)))
}
/// What an issuer's mirror stands for.
pub(super) fn issuer_of_mirror(sk: &str) -> Option<Key> {
    let (pk, id) = sk.rsplit_once('#')?;
    Some(directory(pk.to_owned(), id))
}
pub(super) fn client(id: &ClientId) -> Key {
    directory(format!("CL#{id}"), ".")
}
/// The list of all app clients.
pub(super) const CLIENTS: &str = "CLS";
pub(super) fn client_entry(id: &ClientId) -> Key {
    directory(CLIENTS.to_owned(), id.as_str())
}

pub(super) fn api_key(hash: &str) -> Key {
    directory(format!("TOK#{hash}"), ".")
}
/// A key's mirror in its tenant's partition.
pub(super) fn api_key_mirror(t: &TenantId, id: &str) -> Key {
    directory(tenant_pk(t), format!("TOK#{id}"))
}

/// A user's partition: the record, teams, identities, outbox events.
pub(super) fn user_pk(t: &TenantId, uid: &str) -> String {
    format!("U#{t}#{uid}")
}
pub(super) fn user(t: &TenantId, uid: &UserId) -> Key {
    directory(user_pk(t, uid.as_str()), "#")
}
pub(super) fn user_team(t: &TenantId, uid: &UserId, team: &TeamId) -> Key {
    directory(user_pk(t, uid.as_str()), format!("TM#{team}"))
}
pub(super) fn user_identity(t: &TenantId, uid: &UserId, c: &ConnectionId, subject: &str) -> Key {
    directory(user_pk(t, uid.as_str()), format!("X#{c}#{subject}"))
}
pub(super) fn user_event(t: &TenantId, uid: &str, sequence: u64) -> Key {
    directory(user_pk(t, uid), format!("{OUTBOX}{sequence:020}"))
}
pub(super) fn tenant_event(t: &TenantId, id: &str) -> Key {
    directory(tenant_pk(t), format!("{OUTBOX}{id}"))
}
pub(super) fn user_list_pk(t: &TenantId) -> String {
    format!("UL#{t}")
}
pub(super) fn user_list(t: &TenantId, uid: &UserId) -> Key {
    directory(user_list_pk(t), uid.as_str())
}
/// Deleted users, so that what is left of them is found.
pub(super) fn gone_users_pk(t: &TenantId) -> String {
    format!("UD#{t}")
}
pub(super) fn gone_user(t: &TenantId, uid: &str) -> Key {
    directory(gone_users_pk(t), uid)
}
/// How far a person's erasure came.
pub(super) const ERASURES: &str = "ER#";
pub(super) fn erasure(t: &TenantId, uid: &UserId) -> Key {
    directory(tenant_pk(t), format!("{ERASURES}{uid}"))
}
/// Somebody erased: the hash of an address or an identity that signing in makes nobody of.
pub(super) fn erased(t: &TenantId, what: &str) -> Key {
    directory(
        tenant_pk(t),
        format!("EX#{}", hash(&format!("erased#{t}#{what}"))),
    )
}
/// How the offboardings begin in the deployment's own partition.
pub(super) const OFFBOARDINGS: &str = "OB#";
pub(super) fn offboardings_pk() -> String {
    tenant_pk(&TenantId::of_deployment())
}
pub(super) fn offboarding(t: &TenantId) -> Key {
    directory(offboardings_pk(), format!("{OFFBOARDINGS}{t}"))
}
pub(super) fn user_name(t: &TenantId, name: &str) -> Key {
    directory(format!("UN#{t}#{}", bounded(&fold(name))), ".")
}
pub(super) fn external_id_pk(t: &TenantId, external_id: &str) -> String {
    format!("XU#{t}#{}", bounded(external_id))
}
pub(super) fn external_id(t: &TenantId, external_id: &str, uid: &str) -> Key {
    directory(external_id_pk(t, external_id), uid)
}
pub(super) fn email_pk(t: &TenantId, address: &EmailAddress) -> String {
    format!("EM#{t}#{}", address.folded())
}
pub(super) fn email(t: &TenantId, address: &EmailAddress, uid: &UserId) -> Key {
    directory(email_pk(t, address), uid.as_str())
}
/// SCIM takes any text for an address; one that is an address is looked up as one.
pub(super) fn any_email_pk(t: &TenantId, text: &str) -> String {
    match EmailAddress::parse(text) {
        Ok(address) => email_pk(t, &address),
        Err(_) => format!("EM#{t}#{}", bounded(&fold(text))),
    }
}
pub(super) fn any_email(t: &TenantId, text: &str, uid: &str) -> Key {
    directory(any_email_pk(t, text), uid)
}
/// Marks the primary address of a person who did not come by SCIM, so that SCIM does not make a second one beside.
pub(super) fn email_claim(t: &TenantId, address: &EmailAddress) -> Key {
    directory(email_pk(t, address), ".")
}
/// Users in the order of their last change: the keys of the index.
pub(super) fn modified_pk(t: &TenantId) -> String {
    format!("LU#{t}")
}
pub(super) fn modified_sk(at: DateTime<Utc>, uid: &str) -> String {
    format!("{:013}#{uid}", at.timestamp_millis())
}
pub(super) fn identity(t: &TenantId, c: &ConnectionId, subject: &str) -> Key {
    directory(format!("ID#{t}#{c}#{subject}"), ".")
}
/// Accounts that are due in an hour, of all tenants.
pub(super) fn recheck_pk(hour: DateTime<Utc>) -> String {
    format!("RC#{}", hour.format("%Y-%m-%dT%H"))
}
pub(super) fn recheck(hour: DateTime<Utc>, subject: &str, t: &TenantId, c: &ConnectionId) -> Key {
    directory(recheck_pk(hour), format!("{subject}#{t}#{c}"))
}
/// The first hour whose queue may hold anything.
pub(super) fn recheck_cursor() -> Key {
    directory("RC#".to_owned(), "cursor")
}
pub(super) fn counter(t: &TenantId, kind: char, id: &str) -> (Key, String) {
    let (shard, slot) = counter_place(id);
    (
        directory(format!("CT#{t}"), format!("{kind}#{shard:02x}")),
        format!("c{slot:x}"),
    )
}
/// The item that conditions seat changes of tenants with booked seats.
pub(super) fn seats(t: &TenantId) -> Key {
    directory(format!("CT#{t}"), "SEATS")
}
/// What the guard against mass deprovisioning knows.
pub(super) fn sync_guard(t: &TenantId) -> Key {
    directory(counters_pk(t), "SYNC")
}
/// Syncs that were held.
pub(super) fn sync_holds_pk(t: &TenantId) -> String {
    format!("H#{t}")
}
pub(super) fn sync_hold(t: &TenantId, id: &HoldId) -> Key {
    directory(sync_holds_pk(t), id.as_str())
}
pub(super) fn counters_pk(t: &TenantId) -> String {
    format!("CT#{t}")
}
/// The slot of an id among all: its first ten bits.
pub(super) fn counter_slot(id: &str) -> usize {
    let (shard, slot) = counter_place(id);
    usize::from(shard) * 16 + usize::from(slot)
}
/// What sorts right before the ids of a slot.
pub(super) fn slot_start(slot: usize) -> String {
    format!("{:03x}", slot << 2)
}
/// Which of 64 counters, and which of its 16 slots, an id counts in: its first six bits, then four.
fn counter_place(id: &str) -> (u8, u8) {
    let mut digits = id
        .chars()
        .filter_map(|c| c.to_digit(16))
        .filter_map(|d| u16::try_from(d).ok());
    let mut next = || digits.next().unwrap_or(0);
    let bits = (next() << 8) | (next() << 4) | next();
    let shard = u8::try_from(bits >> 6).unwrap_or(0);
    let slot = u8::try_from((bits >> 2) & 0xf).unwrap_or(0);
    (shard, slot)
}
pub(super) fn team_pk(t: &TenantId, id: &TeamId) -> String {
    format!("TM#{t}#{id}")
}
pub(super) fn team(t: &TenantId, id: &TeamId) -> Key {
    directory(team_pk(t, id), "#")
}
pub(super) fn team_member(t: &TenantId, id: &TeamId, uid: &UserId) -> Key {
    directory(team_pk(t, id), uid.as_str())
}
pub(super) fn team_name(t: &TenantId, name: &str) -> Key {
    directory(format!("TN#{t}#{}", fold(name)), ".")
}
pub(super) fn team_list_pk(t: &TenantId) -> String {
    format!("TL#{t}")
}
pub(super) fn team_list(t: &TenantId, id: &TeamId) -> Key {
    directory(team_list_pk(t), id.as_str())
}
/// A group's partition: the record and its outbox events.
pub(super) fn group_pk(t: &TenantId, id: &GroupId) -> String {
    format!("G#{t}#{id}")
}
pub(super) fn group(t: &TenantId, id: &GroupId) -> Key {
    directory(group_pk(t, id), "#")
}
pub(super) fn group_event(t: &TenantId, id: &GroupId, version: u64) -> Key {
    directory(group_pk(t, id), format!("O#{version:020}"))
}
/// An event of one part of a large change: behind the event of its commit.
pub(super) fn group_part_event(t: &TenantId, id: &GroupId, version: u64, part: &str) -> Key {
    directory(group_pk(t, id), format!("O#{version:020}#{part}"))
}
pub(super) fn group_list_pk(t: &TenantId) -> String {
    format!("GL#{t}")
}
pub(super) fn group_list(t: &TenantId, id: &GroupId) -> Key {
    directory(group_list_pk(t), id.as_str())
}
/// Deleted groups, so that what is left of them is found.
pub(super) fn gone_groups_pk(t: &TenantId) -> String {
    format!("GD#{t}")
}
pub(super) fn gone_group(t: &TenantId, id: &GroupId) -> Key {
    directory(gone_groups_pk(t), id.as_str())
}
/// All groups of one name.
pub(super) fn group_name_pk(t: &TenantId, name: &str) -> String {
    format!("GN#{t}#{}", bounded(&fold(name)))
}
/// One name with one external id is one group's; `=` keeps an external id of `.` apart from none.
pub(super) fn group_name(t: &TenantId, name: &str, external_id: Option<&str>) -> Key {
    let sk = external_id.map_or_else(|| ".".to_owned(), |id| format!("={}", bounded(id)));
    directory(group_name_pk(t, name), sk)
}
/// All groups of one external id.
pub(super) fn group_external_pk(t: &TenantId, external_id: &str) -> String {
    format!("XG#{t}#{}", bounded(external_id))
}
pub(super) fn group_external(t: &TenantId, external_id: &str, id: &GroupId) -> Key {
    directory(group_external_pk(t, external_id), id.as_str())
}
/// The members of a group.
pub(super) fn members_pk(t: &TenantId, id: &GroupId) -> String {
    format!("M#{t}#{id}")
}
pub(super) fn member(t: &TenantId, id: &GroupId, uid: &UserId) -> Key {
    directory(members_pk(t, id), uid.as_str())
}
/// A member's mirror in the user's partition.
pub(super) fn user_group(t: &TenantId, uid: &UserId, id: &GroupId) -> Key {
    directory(user_pk(t, uid.as_str()), format!("G#{id}"))
}
/// Says in the user's partition that a large change is to bring or take a membership.
pub(super) fn user_change(t: &TenantId, uid: &UserId, id: &GroupId, change: &str) -> Key {
    directory(user_pk(t, uid.as_str()), format!("F#{id}#{change}"))
}
/// The parts of one large change; `change` is a random token.
pub(super) fn change_parts_pk(t: &TenantId, id: &GroupId, change: &str) -> String {
    format!("OP#{t}#{id}#{change}")
}
pub(super) fn change_part(t: &TenantId, id: &GroupId, change: &str, part: &str) -> Key {
    directory(change_parts_pk(t, id, change), part)
}
/// A tenant's committed changes that still have work to do.
pub(super) fn pending_pk(t: &TenantId) -> String {
    format!("PW#{t}")
}
/// A group whose large change is not applied to the end.
pub(super) fn pending_group(t: &TenantId, id: &GroupId) -> Key {
    directory(pending_pk(t), format!("G#{id}"))
}
/// A deleted user whose memberships are not cleared yet.
pub(super) fn pending_user(t: &TenantId, uid: &UserId) -> Key {
    directory(pending_pk(t), format!("U#{uid}"))
}
/// Text of any length in a key, which holds 1,024 bytes at most.
fn bounded(text: &str) -> String {
    const MOST: usize = 512;
    if text.len() <= MOST {
        text.to_owned()
    } else {
        format!("sha256 {}", hash(text))
    }
}
pub(super) fn audit_pk(t: &TenantId, day: &str) -> String {
    format!("AU#{t}#{day}")
}
pub(super) fn audit(t: &TenantId, day: &str, id: &str) -> Key {
    directory(audit_pk(t, day), id)
}

/// What a mail says that nobody else may read; gone once it is sent.
pub(super) fn mail_secret(t: &TenantId, reference: &str) -> Key {
    ephemeral(format!("MS#{t}#{reference}"), ".")
}
/// A deadline's record, in its owner's partition.
pub(super) fn deadline(t: &TenantId, kind: &str, id: &str) -> Key {
    directory(tenant_pk(t), format!("E#{kind}#{id}"))
}
/// An entry of a tenant's feed of relayed events.
pub(super) fn feed(t: &TenantId, moment: &str) -> Key {
    directory(feed_pk(t), moment)
}
pub(super) fn feed_pk(t: &TenantId) -> String {
    format!("F#{t}")
}
/// Reminders due on a day (UTC).
pub(super) fn due_pk(day: NaiveDate) -> String {
    format!("E#{day}")
}
pub(super) fn due(day: NaiveDate, place: &str) -> Key {
    directory(due_pk(day), place)
}
/// Says in the owner's partition where a due reminder lies.
pub(super) fn due_mirror(t: &TenantId, day: NaiveDate, place: &str) -> Key {
    directory(tenant_pk(t), format!("ED#{day}#{place}"))
}
/// What a due reminder's mirror stands for.
pub(super) fn due_of_mirror(sk: &str) -> Option<Key> {
    let (day, place) = sk.strip_prefix("ED#")?.split_once('#')?;
    Some(directory(format!("E#{day}"), place))
}
/// Says in the owner's partition where a mark and its line in the digest lie.
pub(super) fn mark_mirror(t: &TenantId, mark: &Key) -> Key {
    directory(tenant_pk(t), format!("ES#{}#{}", mark.pk, mark.sk))
}
/// An item by its keys, as another item names them.
pub(super) fn named(pk: &str, sk: &str) -> Key {
    directory(pk.to_owned(), sk)
}
/// The mark of one reminder of one deadline with one end.
pub(super) fn reminder_mark(thing: &str, stage: &str) -> Key {
    directory(format!("E#sent#{thing}"), stage)
}
/// A line of the operator's digest of a day.
pub(super) fn reminder_digest(day: NaiveDate, place: &str) -> Key {
    directory(format!("E#digest#{day}"), place)
}
pub(super) fn reminder_cursor() -> Key {
    directory("E#".to_owned(), "cursor")
}

pub(super) fn session_pk(t: &TenantId, uid: &UserId) -> String {
    format!("S#{t}#{uid}")
}
pub(super) fn session(t: &TenantId, uid: &UserId, hash: &str) -> Key {
    ephemeral(session_pk(t, uid), hash)
}
pub(super) fn refresh_pk(t: &TenantId, uid: &UserId) -> String {
    format!("R#{t}#{uid}")
}
pub(super) fn refresh(t: &TenantId, uid: &UserId, hash: &str) -> Key {
    ephemeral(refresh_pk(t, uid), hash)
}
pub(super) fn name_id_pk(c: &ConnectionId, name_id_hash: &str) -> String {
    format!("N#{c}#{name_id_hash}")
}
/// A session of a NameID. Two sessions may have one SessionIndex: a person who is sent to the identity provider again
/// comes back with the same.
pub(super) fn name_id_session(
    c: &ConnectionId,
    name_id_hash: &str,
    session_index: Option<&str>,
    session_hash: &str,
) -> Key {
    let index = session_index_hash(session_index);
    ephemeral(name_id_pk(c, name_id_hash), format!("{index}#{session_hash}"))
}
/// An item of such a partition, as it was read.
pub(super) fn name_id_item(pk: &str, sk: &str) -> Key {
    ephemeral(pk.to_owned(), sk)
}
/// A SessionIndex may be longer than a sort key; none has a name of its own.
pub(super) fn session_index_hash(session_index: Option<&str>) -> String {
    session_index.map_or_else(|| ".".to_owned(), hash)
}
pub(super) fn attempt(hash: &str) -> Key {
    ephemeral(format!("A#{hash}"), ".")
}
pub(super) fn parked(hash: &str) -> Key {
    ephemeral(format!("PK#{hash}"), ".")
}
/// A test sign-in lies among what is parked, under a name that only its tenant's handle makes.
pub(super) fn test_sign_in(t: &TenantId, id: &str) -> Key {
    ephemeral(format!("PK#{}", hash(&format!("test#{t}#{id}"))), ".")
}
pub(super) fn idempotency(hash: &str) -> Key {
    ephemeral(format!("Y#{hash}"), ".")
}
/// Something counted for a tenant in the window that ends at `until` (seconds since the epoch).
pub(super) fn budget(t: &TenantId, what: &str, until: i64) -> Key {
    ephemeral(format!("Y#{t}#{what}"), until.to_string())
}
pub(super) fn budget_pk(t: &TenantId, what: &str) -> String {
    format!("Y#{t}#{what}")
}
/// An item of such a partition, as it was read.
pub(super) fn budget_item(pk: &str, sk: &str) -> Key {
    ephemeral(pk.to_owned(), sk)
}
pub(super) fn setup_link(hash: &str) -> Key {
    ephemeral(format!("L#{hash}"), ".")
}
pub(super) fn code(hash: &str) -> Key {
    ephemeral(format!("K#{hash}"), ".")
}
pub(super) fn assertion(c: &ConnectionId, id: &str) -> Key {
    ephemeral(format!("I#{c}#{}", hash(id)), ".")
}
/// The id of a LogoutRequest; assertions have names of their own.
pub(super) fn logout_request(c: &ConnectionId, id: &str) -> Key {
    ephemeral(format!("I#{c}#{}", hash(&format!("logout#{id}"))), ".")
}
pub(super) fn spent_jti(client: &ClientId, jti: &str) -> Key {
    ephemeral(format!("I#{client}#{}", hash(jti)), ".")
}
/// Where a client that pages by index goes on.
pub(super) fn walk(t: &TenantId, hash: &str, start: u64) -> Key {
    ephemeral(format!("W#{t}#{hash}"), start.to_string())
}
