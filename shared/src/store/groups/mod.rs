//! Groups: the record with guard, look-ups and list entry; members with their mirrors; large changes in parts.
//!
//! A change that fits one transaction is one transaction. A larger one is staged in parts beside the members, becomes
//! true by ONE transaction on the record (`pend` names it), and is applied part by part; each part is taken away by
//! the transaction that applies it, so that nobody applies it twice. Readers of a group lay the pending parts over what
//! they read; readers of a user find a mark of the change beside the mirrors.
//!
//! Architecture Invariant: members of a living group are written in transactions alone, each conditioned on the
//! group's record or on a part of its pending change.
//! Architecture Invariant: whoever becomes a member is checked to be there by the same transaction.

mod changes;
mod departures;
mod members;
mod memberships;
mod record;
mod write;

pub use changes::ChangePart;
pub use members::{GroupMembers, GroupStanding};
pub use memberships::UserInGroups;
pub use record::{GroupEntry, GroupRecord, MOST_LISTED, PendingChange};
pub use write::MemberDelta;
