//! Bodies of several parts: `multipart/form-data`.

use bytes::Bytes;
use http::HeaderValue;

use super::body::Body;
use super::stream::ByteStream;
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::runtime::Runtime;

/// A body of named parts ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)), for
/// [`CallBuilder::multipart`](crate::CallBuilder::multipart).
///
/// It is sent as it is read, part after part, and never held whole. Its length is told when every part's is known, and it
/// can be sent again when every part can.
///
/// ```
/// use acd_core::{FormPart, Multipart};
///
/// let form = Multipart::new()
///     .text("upload_phase", "transfer")
///     .part(FormPart::new("video_file_chunk", &b"\x00\x01"[..]).file_name("clip.mp4").content_type("video/mp4"));
/// assert!(form.is_replayable());
/// ```
#[derive(Debug, Default)]
pub struct Multipart {
    parts: Vec<FormPart>,
}

/// One part of a [`Multipart`].
#[derive(Debug)]
pub struct FormPart {
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
    body: Body,
}

impl FormPart {
    /// A part of this name. Its content type is left to the server's reading, which takes it for text, until set.
    pub fn new(name: impl Into<String>, body: impl Into<Body>) -> Self {
        Self { name: name.into(), file_name: None, content_type: None, body: body.into() }
    }

    /// Makes it a file of this name.
    #[must_use]
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Sets the content type, such as `video/mp4`.
    #[must_use]
    pub fn content_type(mut self, value: impl Into<String>) -> Self {
        self.content_type = Some(value.into());
        self
    }

    /// What stands before the part's content.
    fn head(&self, boundary: &str) -> Result<Bytes> {
        let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", escape(&self.name));
        if let Some(file_name) = &self.file_name {
            head.push_str(&format!("; filename=\"{}\"", escape(file_name)));
        }
        if let Some(content_type) = &self.content_type {
            if HeaderValue::from_str(content_type).is_err() {
                let problem = format!("the part `{}` has a content type that a header cannot carry", self.name);
                return Err(Error::new(ErrorKind::Request, problem));
            }
            head.push_str("\r\nContent-Type: ");
            head.push_str(content_type);
        }
        head.push_str("\r\n\r\n");
        Ok(head.into())
    }
}

impl Multipart {
    /// A body without parts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a part of text.
    #[must_use]
    pub fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.part(FormPart::new(name, value.into()))
    }

    /// Adds a part.
    #[must_use]
    pub fn part(mut self, part: FormPart) -> Self {
        self.parts.push(part);
        self
    }

    /// Whether it can be sent more than once: every part can.
    pub fn is_replayable(&self) -> bool {
        self.parts.iter().all(|part| part.body.is_replayable())
    }

    /// The content type with its boundary, and the body.
    pub(crate) fn encode(self, runtime: &Runtime) -> Result<(HeaderValue, Body)> {
        let boundary = boundary(runtime)?;
        let content_type = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"))
            .map_err(|cause| Error::new(ErrorKind::Request, "the boundary is no header value").with_source(cause))?;
        let mut pieces = Vec::with_capacity(self.parts.len() * 3 + 1);
        for part in self.parts {
            pieces.push(part.head(&boundary)?.into());
            pieces.push(part.body);
            pieces.push(Bytes::from_static(b"\r\n").into());
        }
        pieces.push(format!("--{boundary}--\r\n").into());
        Ok((content_type, join(pieces)))
    }
}

/// 128 random bits: that they also occur in the content is as good as impossible.
fn boundary(runtime: &Runtime) -> Result<String> {
    let mut bytes = [0; 16];
    runtime.fill_random(&mut bytes)?;
    let mut boundary = String::from("acd-");
    boundary.extend(bytes.iter().map(|byte| format!("{byte:02x}")));
    Ok(boundary)
}

/// As [WHATWG](https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data) has it, which
/// is what servers read; other characters go as UTF-8.
fn escape(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22")
}

fn join(pieces: Vec<Body>) -> Body {
    let length = pieces.iter().try_fold(0_u64, |sum, piece| sum.checked_add(piece.length()?));
    let copies = |pieces: &[Body]| pieces.iter().map(Body::try_clone).collect::<Option<Vec<_>>>();
    if copies(&pieces).is_some() {
        // What could be copied once can be copied again: the default never stands in.
        return Body::replayable(length, move || ByteStream::chain(copies(&pieces).unwrap_or_default()));
    }
    Body::stream(length, ByteStream::chain(pieces))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::ManualClock;

    /// What a server reads of a part: name, file name, content type, content.
    type Read = (String, Option<String>, Option<String>, Vec<u8>);

    fn encode(form: Multipart) -> (String, Body) {
        let (content_type, body) = form.encode(&ManualClock::new().runtime()).unwrap();
        let boundary = content_type.to_str().unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
        (boundary.to_owned(), body)
    }

    fn bytes(body: Body) -> Vec<u8> {
        body.collect(1 << 20).now_or_never().unwrap().unwrap().to_vec()
    }

    /// The place of `needle`, and what lies before and behind it.
    fn cut<'a>(text: &'a [u8], needle: &[u8]) -> (&'a [u8], &'a [u8]) {
        let at = text.windows(needle.len()).position(|window| window == needle).unwrap();
        (&text[..at], &text[at + needle.len()..])
    }

    fn read(boundary: &str, text: &[u8]) -> Vec<Read> {
        let (first, next) = (format!("--{boundary}\r\n"), format!("\r\n--{boundary}"));
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(part) = rest.strip_prefix(first.as_bytes()) {
            let (head, behind) = cut(part, b"\r\n\r\n");
            let (content, _) = cut(behind, next.as_bytes());
            rest = &behind[content.len() + 2..];
            let head = String::from_utf8(head.to_vec()).unwrap();
            let value = |key: &str| {
                let start = head.find(&format!("{key}=\""))? + key.len() + 2;
                let value = head[start..].split('"').next()?;
                Some(value.replace("%0D", "\r").replace("%0A", "\n").replace("%22", "\""))
            };
            let content_type =
                head.split("\r\n").find_map(|line| line.strip_prefix("Content-Type: ")).map(str::to_owned);
            parts.push((value(" name").unwrap(), value("filename"), content_type, content.to_vec()));
        }
        assert_eq!(rest, format!("--{boundary}--\r\n").as_bytes());
        parts
    }

    #[test]
    fn parts_are_written_as_the_rfc_shows_them() {
        let file = FormPart::new("file", "%PDF").file_name("a \"b\"\r\n.pdf").content_type("application/pdf");
        let (boundary, body) = encode(Multipart::new().text("purpose", "dispute").part(file));
        let expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\ndispute\r\n--{boundary}\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"a %22b%22%0D%0A.pdf\"\r\n\
             Content-Type: application/pdf\r\n\r\n%PDF\r\n--{boundary}--\r\n"
        );
        assert_eq!(body.length(), Some(expected.len() as u64));
        assert_eq!(String::from_utf8(bytes(body)).unwrap(), expected);
    }

    #[test]
    fn it_can_be_sent_again_when_every_part_can() {
        let chunks = || ByteStream::from_chunks([Bytes::from_static(b"ab"), Bytes::from_static(b"cd")]);
        let again = Multipart::new().text("a", "1").part(FormPart::new("b", Body::replayable(Some(4), chunks)));
        assert!(again.is_replayable());
        let (_, body) = encode(again);
        let copy = body.try_clone().unwrap();
        assert_eq!(bytes(copy), bytes(body));
        let once = Multipart::new().text("a", "1").part(FormPart::new("b", Body::stream(None, chunks())));
        assert!(!once.is_replayable());
        let (boundary, body) = encode(once);
        assert_eq!((body.length(), body.is_replayable()), (None, false));
        assert_eq!(read(&boundary, &bytes(body))[1].3, b"abcd");
    }

    #[test]
    fn a_content_type_cannot_add_a_header() {
        let form = Multipart::new().part(FormPart::new("a", "1").content_type("text/plain\r\nX-Evil: 1"));
        let error = form.encode(&ManualClock::new().runtime()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(parts in prop::collection::vec(
            ("[^%\0]{0,12}", prop::option::of("[^%\0]{0,12}"), prop::option::of("[a-z]{1,5}/[a-z]{1,5}"), prop::collection::vec(any::<u8>(), 0..40)),
            0..5,
        )) {
            let form = parts.iter().cloned().fold(Multipart::new(), |form, (name, file_name, content_type, content)| {
                form.part(FormPart { name, file_name, content_type, body: content.into() })
            });
            let (boundary, body) = encode(form);
            let length = body.length();
            let text = bytes(body);
            prop_assert_eq!(length, Some(text.len() as u64));
            prop_assert_eq!(read(&boundary, &text), parts);
        }
    }
}
