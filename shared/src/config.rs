//! Configuration of a deployment, read from the environment once at start.
