//! About values: where they exist and who reads them (FL03xx).
