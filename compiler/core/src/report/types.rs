//! About types (FL01xx).
