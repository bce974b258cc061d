//! Known answers, round trips, and what an attacker would try.
