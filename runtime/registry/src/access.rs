//! Who may do what with which names. Pure.
//!
//! A *grant* is a line such as `move:prompt:support/*@staging`: a role, a kind, a name and a pointer. `*` stands for
//! any kind, any name, or any pointer; `support/*` for every name below `support`.

use std::fmt;
use std::str::FromStr;

use crate::name::{Kind, Name, PointerName};

/// What may be done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// See versions, pointers and their events.
    Read,
    /// Keep a new version.
    Publish,
    /// Move a pointer, move it back, propose a move of a protected one.
    Move,
    /// Approve what somebody else proposed.
    Approve,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Publish, Self::Move, Self::Approve];

    /// As written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Publish => "publish",
            Self::Move => "move",
            Self::Approve => "approve",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Which names and pointers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pattern {
    /// `None` is any.
    pub kind: Option<Kind>,
    /// `support/triage`, `support/*`, `*`.
    pub name: String,
    /// `prod`; `*` is any, and what has no pointer.
    pub pointer: String,
}

/// What somebody may do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Grant {
    /// This.
    pub role: Role,
    /// With these.
    pub on: Pattern,
}

/// Why a text is no pattern or grant.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{text}` is none: write {example}")]
pub struct BadGrant {
    /// As written.
    pub text: String,
    /// What one looks like.
    pub example: &'static str,
}

const PATTERN: &str = "KIND:NAME@POINTER, as in `prompt:support/*@prod`, or `*`";
const GRANT: &str = "ROLE:KIND:NAME@POINTER, as in `move:prompt:support/*@prod` or `read:*`; a role is read, publish, move \
                     or approve";

impl Pattern {
    /// Everything.
    #[must_use]
    pub fn any() -> Self {
        Self { kind: None, name: "*".to_owned(), pointer: "*".to_owned() }
    }

    /// Whether this name and pointer are meant.
    #[must_use]
    pub fn covers(&self, kind: Kind, name: &Name, pointer: Option<&PointerName>) -> bool {
        let pointer_fits =
            self.pointer == "*" || pointer.is_some_and(|pointer| pointer.as_str() == self.pointer);
        self.names(kind, name) && pointer_fits
    }

    /// Whether this name is meant, with some pointer or another.
    #[must_use]
    pub fn names(&self, kind: Kind, name: &Name) -> bool {
        let below = |front: &str| name.as_str().strip_prefix(front).is_some_and(|rest| rest.starts_with('/'));
        let name_fits = match self.name.strip_suffix("/*") {
            Some(front) => below(front),
            None => self.name == "*" || self.name == name.as_str(),
        };
        self.kind.is_none_or(|own| own == kind) && name_fits
    }
}

impl Grant {
    /// Whether one of these allows it. `None` allows everything: there are no keys.
    #[must_use]
    pub fn allow(
        grants: Option<&[Self]>,
        role: Role,
        kind: Kind,
        name: &Name,
        pointer: Option<&PointerName>,
    ) -> bool {
        grants.is_none_or(|all| {
            all.iter().any(|grant| grant.role == role && grant.on.covers(kind, name, pointer))
        })
    }

    /// Whether one of these lets somebody look at a name.
    #[must_use]
    pub fn shows(grants: Option<&[Self]>, kind: Kind, name: &Name) -> bool {
        grants
            .is_none_or(|all| all.iter().any(|grant| grant.role == Role::Read && grant.on.names(kind, name)))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.map_or("*", Kind::word);
        write!(f, "{kind}:{}@{}", self.name, self.pointer)
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.role, self.on)
    }
}

impl FromStr for Pattern {
    type Err = BadGrant;

    fn from_str(text: &str) -> Result<Self, BadGrant> {
        let bad = || BadGrant { text: text.to_owned(), example: PATTERN };
        if text == "*" {
            return Ok(Self::any());
        }
        let (kind, rest) = text.split_once(':').unwrap_or((text, "*"));
        let kind = if kind == "*" { None } else { Some(kind.parse::<Kind>().map_err(|_| bad())?) };
        let (name, pointer) = rest.split_once('@').unwrap_or((rest, "*"));
        let is_name = name == "*" || name.strip_suffix("/*").unwrap_or(name).parse::<Name>().is_ok();
        let is_pointer = pointer == "*" || pointer.parse::<PointerName>().is_ok();
        match is_name && is_pointer {
            true => Ok(Self { kind, name: name.to_owned(), pointer: pointer.to_owned() }),
            false => Err(bad()),
        }
    }
}

impl FromStr for Grant {
    type Err = BadGrant;

    fn from_str(text: &str) -> Result<Self, BadGrant> {
        let bad = || BadGrant { text: text.to_owned(), example: GRANT };
        let (role, on) = text.split_once(':').ok_or_else(bad)?;
        let role = Role::ALL.into_iter().find(|own| own.word() == role).ok_or_else(bad)?;
        Ok(Self { role, on: on.parse().map_err(|_| bad())? })
    }
}

#[cfg(test)]
mod tests {
    use super::{Grant, Pattern, Role};
    use crate::{Kind, Name, PointerName};

    #[test]
    fn grants_are_for_what_they_name() {
        let check = |grant: &str, kind: Kind, name: &str, pointer: Option<&str>| {
            let grant: Grant = grant.parse().unwrap();
            let name: Name = name.parse().unwrap();
            let pointer: Option<PointerName> = pointer.map(|pointer| pointer.parse().unwrap());
            Grant::allow(Some(&[grant]), Role::Move, kind, &name, pointer.as_ref())
        };
        let table = [
            ("move:*", Kind::Model, "fast", Some("prod"), true),
            ("move:prompt", Kind::Prompt, "a/b", Some("prod"), true),
            ("move:prompt", Kind::Model, "a/b", Some("prod"), false),
            ("move:prompt:a/*@prod", Kind::Prompt, "a/b", Some("prod"), true),
            ("move:prompt:a/*@prod", Kind::Prompt, "a/b/c", Some("prod"), true),
            ("move:prompt:a/*@prod", Kind::Prompt, "ab/c", Some("prod"), false),
            ("move:prompt:a/*@prod", Kind::Prompt, "a", Some("prod"), false),
            ("move:prompt:a/*@prod", Kind::Prompt, "a/b", Some("canary"), false),
            ("move:prompt:a/*@prod", Kind::Prompt, "a/b", None, false),
            ("move:*:a/b@*", Kind::Release, "a/b", None, true),
            ("publish:*", Kind::Prompt, "a/b", Some("prod"), false),
        ];
        for (grant, kind, name, pointer, is_allowed) in table {
            assert_eq!(check(grant, kind, name, pointer), is_allowed, "{grant} {kind} {name} {pointer:?}");
        }
    }

    #[test]
    fn what_is_no_grant_is_refused_and_what_is_one_reads_as_written() {
        for text in [
            "",
            "move",
            "fly:*",
            "move:",
            "move:thing:a",
            "move:prompt:A",
            "move:prompt:a@v1",
            "move:prompt:*/a",
        ] {
            assert!(text.parse::<Grant>().is_err(), "{text}");
        }
        for text in ["move:prompt:a/*@prod", "read:*:*@*", "approve:bundle:desk@prod"] {
            assert_eq!(text.parse::<Grant>().unwrap().to_string(), text);
        }
        assert_eq!("*".parse::<Pattern>().unwrap(), Pattern::any());
    }
}
