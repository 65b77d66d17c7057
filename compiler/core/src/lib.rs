//! Names, types, graph checks and lowering of `.flow` packages to a Bundle.
