//! Tracing set-up: JSON lines with dotted fields.
