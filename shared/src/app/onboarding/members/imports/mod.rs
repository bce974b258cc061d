//! Import of the members that the app has already: in parts, each read line by line.
//!
//! A line makes a member of an id that follows from import, part and line. So a part can be sent again after a crash or a
//! lost answer: what was made is known by its id, and nothing is made twice. How far a part came is written down on the
//! way; a part that is not at its end yet goes on where it stopped.

mod lines;

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use tokio::time::Instant;

use super::super::error::{Cause, OnboardingError, Thing};
use super::super::{Administration, refused};
use super::create::create_as;
use crate::domain::ids::UserId;
use crate::domain::tenant::Tenant;
use crate::random;
use crate::store::{Guard, ImportPart, MemberImport, RefusedLine};

pub use lines::{COLUMNS, Line, LineError, MOST_LINES, list, table};

/// Most parts of one import.
const MOST_PARTS: u32 = 1_000;
/// Lines between two notes of how far a part came.
const NOTED_EVERY: usize = 25;
/// How long one request goes through lines; the next one goes on.
const AT_MOST: Duration = Duration::from_secs(15);

/// How far an import came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The import.
    pub import: MemberImport,
    /// The parts that were sent.
    pub parts: Vec<ImportPart>,
}

impl Progress {
    /// Whether every part was gone through to its end.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let whole = self.parts.iter().filter(|part| part.done == part.lines);
        u32::try_from(whole.count()) == Ok(self.import.parts)
    }
}

/// Begins an import of so many parts.
///
/// # Errors
/// [`OnboardingError::Setting`] for none, and for too many.
pub async fn begin(admin: &Administration, parts: u32) -> Result<Progress, OnboardingError> {
    if parts == 0 || parts > MOST_PARTS {
        return Err(OnboardingError::Setting {
            field: "/parts",
            wanted: "1 to 1000 parts",
        });
    }
    let import = MemberImport {
        id: random::uuid()?.to_string(),
        parts,
        started_at: admin.now(),
    };
    let mut tx = admin.store.begin();
    tx.create_import(&import);
    admin.audit(
        &mut tx,
        "members.import_begun",
        json!({ "import": import.id, "parts": parts }),
    )?;
    tx.commit().await?;
    Ok(Progress {
        import,
        parts: Vec::new(),
    })
}

/// The imports of the last 30 days, in id order.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub async fn all(admin: &Administration) -> Result<Vec<MemberImport>, OnboardingError> {
    Ok(admin.store.imports().await?)
}

/// How far an import came.
///
/// # Errors
/// [`OnboardingError::NotFound`] when there is none of this id.
pub async fn progress(admin: &Administration, id: &str) -> Result<Progress, OnboardingError> {
    let import = read(admin, id).await?;
    let parts = admin.store.import_parts(&import.id).await?;
    Ok(Progress { import, parts })
}

/// How far a part of an import came.
///
/// # Errors
/// [`OnboardingError::NotFound`] when there is none, or it was not sent yet.
pub async fn part(admin: &Administration, id: &str, number: u32) -> Result<ImportPart, OnboardingError> {
    let import = read(admin, id).await?;
    let found = admin.store.import_part(&import.id, number).await?;
    found.ok_or(OnboardingError::NotFound(Thing::ImportPart))
}

async fn read(admin: &Administration, id: &str) -> Result<MemberImport, OnboardingError> {
    // Whatever else stands in the path is no id of ours.
    let fits = id.len() <= 36 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let found = if fits { admin.store.import(id).await? } else { None };
    found.ok_or(OnboardingError::NotFound(Thing::Import))
}

/// Goes through the lines of a part, as far as it comes; `sent` is the part as it came. Sent again, a part goes on where
/// it stopped, and is answered alike at its end.
///
/// # Errors
/// [`OnboardingError`]: `NotFound`, `ImportPartDiffers` when another part of this number was sent before, `Changed` when
/// another request goes through it, or what passes.
pub async fn send_part(
    admin: &Administration,
    id: &str,
    number: u32,
    (sent, lines): (&[u8], &[Line]),
) -> Result<ImportPart, OnboardingError> {
    let import = read(admin, id).await?;
    if !(1..=import.parts).contains(&number) {
        return Err(OnboardingError::NotFound(Thing::ImportPart));
    }
    let digest = URL_SAFE_NO_PAD.encode(digest(&SHA256, sent));
    let part = admin.store.import_part(&import.id, number).await?;
    let part = part.unwrap_or_else(|| ImportPart {
        part: number,
        digest: digest.clone(),
        lines: u32::try_from(lines.len()).unwrap_or(u32::MAX),
        done: 0,
        made: 0,
        refused: Vec::new(),
        version: 0,
    });
    if part.digest != digest {
        return Err(OnboardingError::ImportPartDiffers);
    }
    let tenant = admin.tenant().await?;
    let pass = Pass {
        admin,
        tenant: &tenant,
        import: &import,
        until: Instant::now() + AT_MOST,
    };
    pass.go_on(part, lines).await
}

/// One request's way through a part.
struct Pass<'a> {
    admin: &'a Administration,
    tenant: &'a Tenant,
    import: &'a MemberImport,
    until: Instant,
}

impl Pass<'_> {
    async fn go_on(&self, part: ImportPart, lines: &[Line]) -> Result<ImportPart, OnboardingError> {
        let mut part = part;
        let done = usize::try_from(part.done).unwrap_or(usize::MAX);
        let rest = lines.get(done..).unwrap_or_default();
        if rest.is_empty() && part.version > 0 {
            return Ok(part);
        }
        for some in rest.chunks(NOTED_EVERY) {
            for line in some {
                match self.line(part.part, line).await? {
                    None => part.made += 1,
                    Some(refusal) => part.refused.push(refusal),
                }
                part.done += 1;
            }
            self.note(&mut part).await?;
            if Instant::now() >= self.until {
                return Ok(part);
            }
        }
        if part.version == 0 {
            self.note(&mut part).await?;
        }
        Ok(part)
    }

    async fn note(&self, part: &mut ImportPart) -> Result<(), OnboardingError> {
        part.version += 1;
        let mut tx = self.admin.store.begin();
        tx.put_import_part(self.import, part);
        if part.done == part.lines {
            let data = json!({ "import": self.import.id, "part": part.part, "made": part.made,
                "refused": part.refused.len() });
            self.admin.audit(&mut tx, "members.import_part_done", data)?;
        }
        tx.commit()
            .await
            .map_err(|error| refused(error, Guard::ImportPart, OnboardingError::Changed))
    }

    /// Makes the member of a line, or says why not. What passes ends the request: the part goes on later.
    async fn line(&self, part: u32, line: &Line) -> Result<Option<RefusedLine>, OnboardingError> {
        let new = match &line.member {
            Ok(new) => new,
            Err(error) => {
                return Ok(Some(RefusedLine {
                    line: line.number,
                    code: error.code().to_owned(),
                    field: None,
                    detail: error.to_string(),
                }));
            }
        };
        let id = self.id_of(part, line.number)?;
        // Made by a request that was cut off before it noted so.
        if self.admin.store.user(&id).await?.is_some() {
            return Ok(None);
        }
        let error = match create_as(self.admin, self.tenant, new, id.clone()).await {
            Ok(_) => return Ok(None),
            Err(error) => error,
        };
        match error.cause() {
            Cause::Passing | Cause::Failure => Err(error),
            Cause::Absent
            | Cause::Forbidden
            | Cause::Precondition
            | Cause::Conflict
            | Cause::Input
            | Cause::TooMany => {
                if self.admin.store.user(&id).await?.is_some() {
                    return Ok(None);
                }
                Ok(Some(RefusedLine {
                    line: line.number,
                    code: error.code().to_owned(),
                    field: error.field().map(str::to_owned),
                    detail: error.to_string(),
                }))
            }
        }
    }

    /// The id of the member that a line makes: as random as the import's, and the same whenever the line comes.
    fn id_of(&self, part: u32, line: u64) -> Result<UserId, OnboardingError> {
        let text = format!("import\n{}\n{}\n{part}\n{line}", self.tenant.id, self.import.id);
        let hash = digest(&SHA256, text.as_bytes());
        let mut bytes = [0u8; 16];
        for (byte, from) in bytes.iter_mut().zip(hash.as_ref()) {
            *byte = *from;
        }
        let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
        UserId::parse(&id.to_string()).map_err(|_| OnboardingError::NotFound(Thing::Member))
    }
}
