//! About triggers and tests (FL08xx, FL09xx).
