//! Pictures, recordings and documents: what their URIs hold.

use flow_model::{ErrorKind, ModelError};

use crate::target::Target;

/// A `data:` URI with base64, or an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Media<'a> {
    /// The bytes are in it.
    Inline {
        /// Such as `image/png`.
        mime: &'a str,
        /// Of the bytes.
        base64: &'a str,
    },
    /// The bytes are there.
    Address(&'a str),
}

impl<'a> Media<'a> {
    pub(crate) fn of(uri: &'a str) -> Self {
        let inline = uri.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
        match inline {
            Some((mime, base64)) => Self::Inline { mime: mime.split(';').next().unwrap_or(mime), base64 },
            None => Self::Address(uri),
        }
    }
}

/// The part behind `/` of a media type: `png` of `image/png`; `wav` and `mp3` by their usual names.
pub(crate) fn format_of(mime: &str) -> &str {
    match mime {
        "audio/mpeg" | "audio/mp3" => "mp3",
        "audio/wav" | "audio/x-wav" | "audio/wave" => "wav",
        "text/plain" => "txt",
        "text/markdown" => "md",
        other => other.rsplit('/').next().unwrap_or(other),
    }
}

/// A part that a protocol has no words for.
pub(crate) fn cannot_send(target: &Target, what: &str, how: &str) -> ModelError {
    let message = format!("{} takes no {what}{how}", target.named());
    ModelError::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::{Media, format_of};

    #[test]
    fn data_and_addresses_are_told_apart() {
        let inline = Media::Inline { mime: "image/png", base64: "AAA=" };
        assert_eq!(Media::of("data:image/png;base64,AAA="), inline);
        assert_eq!(Media::of("data:image/png;name=a;base64,AAA="), inline);
        assert_eq!(Media::of("https://x/a.png"), Media::Address("https://x/a.png"));
        assert_eq!((format_of("audio/mpeg"), format_of("application/pdf")), ("mp3", "pdf"));
    }
}
