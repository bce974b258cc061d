//! Mail by SES v2.
