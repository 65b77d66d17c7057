//! About the text itself (FL0001 to FL0016).
