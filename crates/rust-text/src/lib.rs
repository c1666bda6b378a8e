//! Rust source as text: tokens, attributes, cfg.
