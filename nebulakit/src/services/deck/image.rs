//! Pictures of a deck: their first bytes say what they are.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nebulakit_types::{Bytes, Error, ErrorKind, Result};

use super::escaped::push_escaped;

/// A picture: its bytes, what they are, and the text for readers who do not see it.
///
/// ```
/// use nebulakit::deck::{Decks, Image};
///
/// let svg = "<svg xmlns='http://www.w3.org/2000/svg'/>";
/// let decks = Decks::new();
/// decks.image("Loss", Image::new(svg)?.alt("the loss falls from epoch to epoch"))?;
/// # Ok::<_, nebulakit::types::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Image {
    bytes: Bytes,
    media_type: Cow<'static, str>,
    alt: Option<String>,
}

impl Image {
    /// A picture in PNG, JPEG, GIF, WebP or SVG, which its first bytes tell.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] when it is none of them.
    pub fn new(bytes: impl Into<Bytes>) -> Result<Self> {
        let bytes = bytes.into();
        match media_type(&bytes) {
            Some(media_type) => Ok(Self { bytes, media_type: media_type.into(), alt: None }),
            None => Err(Error::new(
                ErrorKind::Mismatch,
                "the picture is not a PNG, JPEG, GIF, WebP or SVG; say what it is with `Image::of_type(bytes, \"image/..\")`",
            )),
        }
    }

    /// A picture of another kind, by its media type: `image/avif`.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] when `media_type` is not that of an image.
    pub fn of_type(bytes: impl Into<Bytes>, media_type: &str) -> Result<Self> {
        let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c));
        if !media_type.strip_prefix("image/").is_some_and(is_name) {
            let message = format!("`{media_type}` is not the media type of an image; write one as `image/avif`");
            return Err(Error::new(ErrorKind::Mismatch, message));
        }
        Ok(Self { bytes: bytes.into(), media_type: media_type.to_owned().into(), alt: None })
    }

    /// Reads a picture from a file of this machine; blocks until it is read.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the file cannot be read, and those of [`Image::new`], with the path.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = nebulakit_types::storage::read_file(path)
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot read the picture `{}`", path.display())).with_source(error))?;
        Self::new(bytes).map_err(|error| Error::new(error.kind(), format!("`{}`: {}", path.display(), error.message())))
    }

    /// The text for readers who do not see the picture; without it, the title of its tab.
    #[must_use]
    pub fn alt(self, text: impl Into<String>) -> Self {
        Self { alt: Some(text.into()), ..self }
    }

    /// The element that shows it, with the bytes inside.
    pub(super) fn html(&self, title: &str) -> String {
        let mut html = format!("<img src=\"data:{};base64,", self.media_type);
        STANDARD.encode_string(&self.bytes, &mut html);
        html.push_str("\" alt=\"");
        push_escaped(&mut html, self.alt.as_deref().unwrap_or(title));
        html.push_str("\">");
        html
    }
}

/// What the first bytes say.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => is_svg(bytes).then_some("image/svg+xml"),
    }
}

/// Whether the first element of an XML document is an `svg`, behind its declaration and comments.
fn is_svg(bytes: &[u8]) -> bool {
    /// Where an element is looked for; editors write long comments.
    const HEAD: usize = 4096;
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    let mut rest = head.trim_start_matches('\u{feff}').trim_start();
    loop {
        let (open, close) = match rest {
            _ if rest.starts_with("<!--") => ("<!--", "-->"),
            _ if rest.starts_with("<?") => ("<?", "?>"),
            _ if rest.starts_with("<!") => ("<!", ">"),
            _ => break,
        };
        let Some(end) = rest[open.len()..].find(close) else { return false };
        rest = rest[open.len() + end + close.len()..].trim_start();
    }
    rest.strip_prefix("<svg").is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace() || matches!(c, '>' | '/')))
}

/// What [`Decks::image`](super::Decks::image) takes: an [`Image`], the bytes of one, or the path of a file.
pub trait IntoImage {
    /// The picture.
    ///
    /// # Errors
    /// Those of [`Image::new`] for bytes, those of [`Image::open`] for a path.
    fn into_image(self) -> Result<Image>;
}

impl IntoImage for Image {
    fn into_image(self) -> Result<Image> {
        Ok(self)
    }
}

macro_rules! bytes {
    ($($ty:ty, $to_bytes:expr;)*) => {$(
        impl IntoImage for $ty {
            fn into_image(self) -> Result<Image> {
                let to_bytes: fn($ty) -> Bytes = $to_bytes;
                Image::new(to_bytes(self))
            }
        }
    )*};
}

bytes! {
    Vec<u8>, Bytes::from;
    Bytes, |bytes| bytes;
    &[u8], Bytes::copy_from_slice;
    &Vec<u8>, |bytes| Bytes::copy_from_slice(bytes);
    &Bytes, Bytes::clone;
}

impl<const N: usize> IntoImage for &[u8; N] {
    fn into_image(self) -> Result<Image> {
        Image::new(Bytes::copy_from_slice(self))
    }
}

macro_rules! paths {
    ($($ty:ty)*) => {$(
        impl IntoImage for $ty {
            fn into_image(self) -> Result<Image> {
                Image::open(self)
            }
        }
    )*};
}

paths!(&Path PathBuf &PathBuf);

#[cfg(test)]
mod tests {
    use super::super::Decks;
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";

    #[test]
    fn the_first_bytes_say_what_a_picture_is() {
        for (bytes, expected) in [
            (PNG, "image/png"),
            (b"\xff\xd8\xff\xe0..JFIF", "image/jpeg"),
            (b"GIF89a..", "image/gif"),
            (b"GIF87a..", "image/gif"),
            (b"RIFF\x04\0\0\0WEBPVP8 ", "image/webp"),
            (b"<svg/>", "image/svg+xml"),
            ("\u{feff}<?xml version='1.0'?>\n<!-- <html> -->\n<!DOCTYPE svg>\n<svg width='1'></svg>".as_bytes(), "image/svg+xml"),
        ] {
            assert_eq!(media_type(bytes), Some(expected));
        }
        for other in
            [b"" as &[u8], b"\x89PN", b"GIF88a", b"RIFF\x04\0\0\0WAVE", b"<svgs/>", b"<!-- <svg/>", b"<html><svg/></html>", b"%PDF-1.7"]
        {
            assert_eq!(media_type(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_picture_is_in_the_page_with_its_text_escaped() {
        let decks = Decks::new();
        decks.image("A \"plot\"", PNG).unwrap();
        decks.image("A \"plot\"", Image::of_type(b"x".as_slice(), "image/avif").unwrap().alt("<b> & 'c'")).unwrap();
        let page = decks.render();
        assert!(page.contains("<img src=\"data:image/png;base64,iVBORw0KGgouLi4u\" alt=\"A &quot;plot&quot;\">"), "{page}");
        assert!(page.contains("<img src=\"data:image/avif;base64,eA==\" alt=\"&lt;b&gt; &amp; &#39;c&#39;\">"), "{page}");
        assert_eq!(page.matches("role=\"tabpanel\"").count(), 1, "both are in one tab");
    }

    #[test]
    fn files_are_read_and_what_is_no_picture_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let (picture, text) = (folder.path().join("plot"), folder.path().join("a.txt"));
        std::fs::write(&picture, PNG).unwrap();
        std::fs::write(&text, "text").unwrap();
        let decks = Decks::new();
        decks.image("Plot", picture.as_path()).unwrap();
        assert!(decks.render().contains("data:image/png;base64,"));
        let error = decks.image("Plot", &text).unwrap_err();
        assert!(error.to_string().starts_with(&format!("`{}`: the picture is not a PNG, ", text.display())), "{error}");
        let missing = decks.image("Plot", folder.path().join("no.png")).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Io);
        assert!(Image::of_type(PNG, "text/html").is_err() && Image::of_type(PNG, "image/a\"b").is_err());
    }
}
