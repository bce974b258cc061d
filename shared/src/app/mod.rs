//! Use cases: what Gatehouse does, one folder or file per use case.
