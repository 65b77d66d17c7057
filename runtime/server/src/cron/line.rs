//! `0 1 * * *`: five fields.

/// Why a line is no schedule.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadLine {
    /// Not minute, hour, day, month, weekday.
    #[error("it has {0} fields, not five: minute, hour, day of month, month, day of week")]
    Fields(usize),
    /// A field holds something else.
    #[error("`{field}` is no {what} ({from} to {to})")]
    Field {
        /// As written.
        field: String,
        /// Which.
        what: &'static str,
        /// Smallest.
        from: u8,
        /// Largest.
        to: u8,
    },
    /// No such time zone.
    #[error("there is no time zone `{0}`")]
    Zone(String),
}

/// A schedule: which minutes, hours, days and months.
///
/// As cron has it: if both the day of the month and the day of the week are restricted, either is enough.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub(super) minutes: Set,
    pub(super) hours: Set,
    pub(super) days: Set,
    pub(super) months: Set,
    /// 0 is Sunday.
    pub(super) weekdays: Set,
}

/// Numbers up to 63.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Set {
    bits: u64,
    /// Whether it was written as `*`.
    pub(super) is_any: bool,
}

impl Set {
    pub(super) fn has(self, number: i8) -> bool {
        u32::try_from(number)
            .is_ok_and(|number| self.bits.checked_shr(number).is_some_and(|bits| bits & 1 == 1))
    }
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Line {
    /// Reads five fields: numbers, names of months and weekdays, `*`, `a-b`, `a,b`, `*/n`, `a-b/n`.
    ///
    /// # Errors
    /// See [`BadLine`].
    pub fn parse(text: &str) -> Result<Self, BadLine> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(BadLine::Fields(fields.len()));
        };
        Ok(Self {
            minutes: Field { what: "minute", from: 0, to: 59, names: &[], first: 0 }.parse(minute)?,
            hours: Field { what: "hour", from: 0, to: 23, names: &[], first: 0 }.parse(hour)?,
            days: Field { what: "day of the month", from: 1, to: 31, names: &[], first: 0 }.parse(day)?,
            months: Field { what: "month", from: 1, to: 12, names: &MONTHS, first: 1 }.parse(month)?,
            weekdays: Field { what: "day of the week", from: 0, to: 7, names: &WEEKDAYS, first: 0 }
                .parse(weekday)?
                .with_sunday_as_zero(),
        })
    }
}

impl Set {
    /// 7 is Sunday too.
    fn with_sunday_as_zero(self) -> Self {
        Self { bits: self.bits | (self.bits >> 7 & 1), ..self }
    }
}

struct Field<'a> {
    what: &'static str,
    from: u8,
    to: u8,
    names: &'a [&'a str],
    /// The number of the first name.
    first: u8,
}

impl Field<'_> {
    fn parse(&self, text: &str) -> Result<Set, BadLine> {
        let bits = text.split(',').map(|part| self.part(part)).try_fold(0, |bits, part| Ok(bits | part?))?;
        Ok(Set { bits, is_any: text == "*" })
    }

    fn part(&self, part: &str) -> Result<u64, BadLine> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u8>().ok().filter(|step| *step > 0))),
            None => (part, None),
        };
        let step = step.map_or(Ok(1), |step| step.ok_or_else(|| self.bad(part)))?;
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.from, self.to),
            Some((from, to)) => (self.number(from)?, self.number(to)?),
            // `5/15` means from 5 on.
            None if part.contains('/') => (self.number(range)?, self.to),
            None => (self.number(range)?, self.number(range)?),
        };
        if from > to {
            return Err(self.bad(part));
        }
        Ok((from..=to).step_by(usize::from(step)).fold(0, |bits, number| bits | 1 << number))
    }

    fn number(&self, text: &str) -> Result<u8, BadLine> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let number = named.map(|at| at as u8 + self.first).or_else(|| text.parse().ok());
        number.filter(|number| (self.from..=self.to).contains(number)).ok_or_else(|| self.bad(text))
    }

    fn bad(&self, field: &str) -> BadLine {
        BadLine::Field { field: field.to_owned(), what: self.what, from: self.from, to: self.to }
    }
}
