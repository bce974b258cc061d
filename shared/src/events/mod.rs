//! EventBridge.
