//! Bytes of plain data: numbers little-endian, lengths before contents, a byte before each alternative.

use std::collections::VecDeque;
use std::sync::Arc;

use flow_eval::{Media, MediaKind, Value};
use flow_ir::units::{Currency, ErrorClass};
use indexmap::IndexMap;
use smol_str::SmolStr;

/// Values nest no deeper than types, which never contain themselves; other bytes are refused.
const MAX_DEPTH: u32 = 64;

/// What can be written and read back.
pub(crate) trait Pack: Sized {
    fn pack(&self, out: &mut Vec<u8>);
    fn unpack(from: &mut Reader<'_>) -> Option<Self>;
}

/// Reads what was written.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    depth: u32,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, depth: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn take(&mut self, n_bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(n_bytes)?;
        self.rest = rest;
        Some(taken)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// A length whose contents can be there: each element takes a byte at least.
    fn length(&mut self) -> Option<usize> {
        let length = u32::unpack(self)? as usize;
        Some(length).filter(|length| *length <= self.rest.len())
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Pack for $number {
            fn pack(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn unpack(from: &mut Reader<'_>) -> Option<Self> {
                from.take(size_of::<Self>())?.try_into().ok().map(Self::from_le_bytes)
            }
        }
    )*};
}

numbers!(u8, i8, i16, u32, u64, i64, f64);

impl Pack for bool {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        match from.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Pack for SmolStr {
    fn pack(&self, out: &mut Vec<u8>) {
        pack_length(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        let length = from.length()?;
        std::str::from_utf8(from.take(length)?).ok().map(Self::new)
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        self.is_some().pack(out);
        if let Some(value) = self {
            value.pack(out);
        }
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        if bool::unpack(from)? { T::unpack(from).map(Some) } else { Some(None) }
    }
}

impl<T: Pack> Pack for Box<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        (**self).pack(out);
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        T::unpack(from).map(Self::new)
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        pack_all(self.iter(), out);
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        let length = from.length()?;
        (0..length).map(|_| T::unpack(from)).collect()
    }
}

impl<T: Pack> Pack for VecDeque<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        pack_all(self.iter(), out);
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        Vec::unpack(from).map(Self::from)
    }
}

impl<T: Pack> Pack for Arc<[T]> {
    fn pack(&self, out: &mut Vec<u8>) {
        pack_all(self.iter(), out);
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        Vec::unpack(from).map(Self::from)
    }
}

impl<A: Pack, B: Pack> Pack for (A, B) {
    fn pack(&self, out: &mut Vec<u8>) {
        self.0.pack(out);
        self.1.pack(out);
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        Some((A::unpack(from)?, B::unpack(from)?))
    }
}

fn pack_length(length: usize, out: &mut Vec<u8>) {
    u32::try_from(length).unwrap_or(u32::MAX).pack(out);
}

fn pack_all<'a, T: Pack + 'a>(items: impl ExactSizeIterator<Item = &'a T>, out: &mut Vec<u8>) {
    pack_length(items.len(), out);
    items.for_each(|item| item.pack(out));
}

impl Pack for ErrorClass {
    fn pack(&self, out: &mut Vec<u8>) {
        let place = Self::ALL.iter().position(|class| class == self);
        out.push(place.unwrap_or_default() as u8);
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        Self::ALL.get(usize::from(from.byte()?)).copied()
    }
}

impl Pack for Currency {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::Usd => 0,
            Self::Eur => 1,
            Self::Gbp => 2,
        });
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        [Self::Usd, Self::Eur, Self::Gbp].get(usize::from(from.byte()?)).copied()
    }
}

impl Pack for Media {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(match self.kind {
            MediaKind::Image => 0,
            MediaKind::Audio => 1,
            MediaKind::File => 2,
        });
        self.mime.pack(out);
        self.reference.pack(out);
        self.size.pack(out);
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        let kinds = [MediaKind::Image, MediaKind::Audio, MediaKind::File];
        let kind = kinds.get(usize::from(from.byte()?)).copied()?;
        let (mime, reference) = <(SmolStr, SmolStr)>::unpack(from)?;
        Some(Self { kind, mime, reference, size: u64::unpack(from)? })
    }
}

/// Writes an alternative's number and its parts.
macro_rules! tagged {
    ($out:expr, $tag:expr $(, $part:expr)*) => {{
        $out.push($tag);
        $($part.pack($out);)*
    }};
}

impl Pack for Value {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Self::None => tagged!(out, 0),
            Self::Nothing => tagged!(out, 1),
            Self::Bool(value) => tagged!(out, 2, value),
            Self::Int(value) => tagged!(out, 3, value),
            Self::Float(value) => tagged!(out, 4, value),
            Self::Text(value) => tagged!(out, 5, value),
            Self::Money(amount, currency) => tagged!(out, 6, amount, currency),
            Self::Duration(ms) => tagged!(out, 7, ms),
            Self::Tokens(value) => tagged!(out, 8, value),
            Self::Bytes(value) => tagged!(out, 9, value),
            Self::Date(year, month, day) => tagged!(out, 10, year, month, day),
            Self::Time(hour, minute, second) => tagged!(out, 11, hour, minute, second),
            Self::Json(value) => tagged!(out, 12, SmolStr::new(value.to_string())),
            Self::List(items) => tagged!(out, 13, items),
            Self::Map(entries) => {
                let entries: Vec<_> = entries.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
                tagged!(out, 14, entries);
            }
            Self::Record(fields) => tagged!(out, 15, fields),
            Self::Variant(variant, fields) => tagged!(out, 16, variant, fields),
            Self::Media(media) => tagged!(out, 17, **media),
        }
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        from.deeper(|from| {
            Some(match from.byte()? {
                0 => Self::None,
                1 => Self::Nothing,
                2 => Self::Bool(Pack::unpack(from)?),
                3 => Self::Int(Pack::unpack(from)?),
                4 => Self::Float(Pack::unpack(from)?),
                5 => Self::Text(Pack::unpack(from)?),
                6 => Self::Money(Pack::unpack(from)?, Pack::unpack(from)?),
                7 => Self::Duration(Pack::unpack(from)?),
                8 => Self::Tokens(Pack::unpack(from)?),
                9 => Self::Bytes(Pack::unpack(from)?),
                10 => Self::Date(Pack::unpack(from)?, Pack::unpack(from)?, Pack::unpack(from)?),
                11 => Self::Time(Pack::unpack(from)?, Pack::unpack(from)?, Pack::unpack(from)?),
                12 => Self::Json(Arc::new(serde_json::from_str(&SmolStr::unpack(from)?).ok()?)),
                13 => Self::List(Pack::unpack(from)?),
                14 => {
                    let entries: Vec<(SmolStr, Self)> = Pack::unpack(from)?;
                    Self::Map(Arc::new(entries.into_iter().collect::<IndexMap<_, _>>()))
                }
                15 => Self::Record(Pack::unpack(from)?),
                16 => Self::Variant(Pack::unpack(from)?, Pack::unpack(from)?),
                17 => Self::Media(Arc::new(Pack::unpack(from)?)),
                _ => return None,
            })
        })
    }
}
