//! Getting what a build needs: doctor, fetch, install, compilers, libclang, the library's sources.
