//! About loops and limits (FL04xx).
