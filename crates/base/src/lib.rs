//! What every crate needs of the machine: atomic writes, hashes, PATH, the cache root, locks, progress, child processes.
