//! About tools, resources and people (FL06xx).
