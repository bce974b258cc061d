//! What every function answers with: problem+json, pages, cookies; and the guarded outbound client.
