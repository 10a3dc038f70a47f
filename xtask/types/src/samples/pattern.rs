//! Texts that fit a regular expression, of the few forms that the schemas have.

use super::random::Random;

/// Most repetitions where a pattern sets no end.
const MANY: usize = 6;

/// What is tried where a pattern names what it refuses.
const OTHERS: [char; 10] = ['a', 'Z', '7', '.', '-', '@', ' ', 'é', '字', '😀'];

/// A text that fits; none when the pattern has a form that is not known here.
pub(super) fn text(pattern: &str, random: &mut Random) -> Option<String> {
    let is_open = !pattern.ends_with('$');
    let body = pattern.trim_start_matches('^');
    let body: Vec<char> = body.strip_suffix('$').unwrap_or(body).chars().collect();
    let mut writer = Writer { pattern: &body, at: 0, random, out: String::new() };
    writer.alternatives(true)?;
    let mut text = (writer.at == body.len()).then_some(writer.out)?;
    if is_open {
        text.push_str("x.test/é");
    }
    Some(text)
}

struct Writer<'p> {
    pattern: &'p [char],
    at: usize,
    random: &'p mut Random,
    out: String,
}

impl Writer<'_> {
    fn peek(&self) -> Option<char> {
        self.pattern.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += 1;
        next
    }

    /// Sequences between bars, of which one is written; nothing is when `writes` is false.
    fn alternatives(&mut self, writes: bool) -> Option<()> {
        let start = self.at;
        let mut count = 1;
        self.sequence(false)?;
        while self.peek() == Some('|') {
            self.at += 1;
            self.sequence(false)?;
            count += 1;
        }
        let end = self.at;
        if writes {
            let chosen = self.random.below(count);
            self.at = start;
            for index in 0..count {
                self.sequence(index == chosen)?;
                self.at += usize::from(index + 1 < count);
            }
        }
        self.at = end;
        Some(())
    }

    fn sequence(&mut self, writes: bool) -> Option<()> {
        while !matches!(self.peek(), None | Some('|' | ')')) {
            let start = self.at;
            self.atom(false)?;
            let after = self.at;
            let (least, most) = self.repetition()?;
            let end = self.at;
            if writes {
                for _ in 0..self.random.between(least, most) {
                    self.at = start;
                    self.atom(true)?;
                }
            }
            debug_assert!(after <= end);
            self.at = end;
        }
        Some(())
    }

    fn atom(&mut self, writes: bool) -> Option<()> {
        let choices = match self.take()? {
            '(' => {
                if self.pattern.get(self.at..self.at + 2) == Some(&['?', ':']) {
                    self.at += 2;
                }
                self.alternatives(writes)?;
                return (self.take()? == ')').then_some(());
            }
            '[' if self.peek() == Some('^') => {
                self.at += 1;
                let refused = self.class()?;
                let is_refused = |c: &char| refused.iter().any(|(first, last)| (first..=last).contains(&c));
                OTHERS.iter().filter(|c| !is_refused(c)).map(|&c| (c, c)).collect()
            }
            '[' => self.class()?,
            '\\' => self.escaped()?,
            '.' | '*' | '+' | '?' | '{' | '^' | '$' => return None,
            literal => vec![(literal, literal)],
        };
        if writes {
            let &(first, last) = self.random.one_of(&choices)?;
            let code = u32::from(first) + self.random.below((u32::from(last) - u32::from(first)) as usize + 1) as u32;
            self.out.push(char::from_u32(code)?);
        }
        Some(())
    }

    /// Ranges of characters.
    fn class(&mut self) -> Option<Vec<(char, char)>> {
        let mut ranges = Vec::new();
        loop {
            let first = match self.take()? {
                ']' => return Some(ranges),
                '\\' => match self.escaped()?.as_slice() {
                    &[(only, last)] if only == last => only,
                    several => {
                        ranges.extend(several);
                        continue;
                    }
                },
                first => first,
            };
            match self.pattern.get(self.at..self.at + 2) {
                Some(&['-', last]) if last != ']' => {
                    self.at += 2;
                    let last = if last == '\\' { self.escaped()?.first()?.1 } else { last };
                    ranges.push((first, last));
                }
                _ => ranges.push((first, first)),
            }
        }
    }

    fn escaped(&mut self) -> Option<Vec<(char, char)>> {
        match self.take()? {
            'd' => Some(vec![('0', '9')]),
            's' => Some(vec![(' ', ' '), ('\t', '\r'), ('\u{a0}', '\u{a0}')]),
            'u' => {
                let digits: String = self.pattern.get(self.at..self.at + 4)?.iter().collect();
                self.at += 4;
                let only = char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?;
                Some(vec![(only, only)])
            }
            other if other.is_ascii_alphanumeric() => None,
            other => Some(vec![(other, other)]),
        }
    }

    fn repetition(&mut self) -> Option<(usize, usize)> {
        let range = match self.peek() {
            Some('?') => (0, 1),
            Some('*') => (0, MANY),
            Some('+') => (1, MANY),
            Some('{') => {
                let length = self.pattern.get(self.at..)?.iter().position(|&c| c == '}')?;
                let inner: String = self.pattern.get(self.at + 1..self.at + length)?.iter().collect();
                self.at += length;
                match inner.split_once(',') {
                    Some((least, "")) => (least.parse().ok()?, least.parse::<usize>().ok()? + MANY),
                    Some((least, most)) => (least.parse().ok()?, most.parse().ok()?),
                    None => (inner.parse().ok()?, inner.parse().ok()?),
                }
            }
            _ => return Some((1, 1)),
        };
        self.at += 1;
        Some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_fits() {
        let mut random = Random::new(1);
        for _ in 0..100 {
            let id = text("^usr_[0-9a-f]{32}$", &mut random).unwrap();
            assert!(id.len() == 36 && id.starts_with("usr_") && id[4..].chars().all(|c| c.is_ascii_hexdigit()), "{id}");
            let decimal = text(r"^-?[0-9]+(?:[.]\d{1,2}|e)?$", &mut random).unwrap();
            assert!(decimal.ends_with('e') || decimal.parse::<f64>().is_ok(), "{decimal}");
            let slug = text("^[a-z][a-z0-9_]{1,39}$", &mut random).unwrap();
            assert!((2..=40).contains(&slug.len()), "{slug}");
            assert!(text("^https?://", &mut random).unwrap().starts_with("http"));
        }
        for _ in 0..20 {
            let mail = text(r"^[^@\s\u0000-\u001f]+@x$", &mut random).unwrap();
            assert!(mail.len() > 2 && !mail.contains(' ') && mail.matches('@').count() == 1, "{mail}");
        }
        for unknown in ["^(?=a)$", r"^\w$", "^a.b$"] {
            assert_eq!(text(unknown, &mut random), None, "{unknown}");
        }
    }
}
