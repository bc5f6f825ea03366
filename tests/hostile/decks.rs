//! Decks: what is not documented as HTML or Markdown is text, in every place.

use nebulakit::deck::{Decks, Image};

/// Strings that end what they stand in, or begin something else.
const STRINGS: [&str; 14] = [
    "<script>alert(1)</script>",
    "</li></ul></nav><script>alert(1)</script>",
    "</td></tr></table><img src=x onerror=alert(1)>",
    "\" onerror=\"alert(1)",
    "' onerror='alert(1)",
    "\"><svg onload=alert(1)>",
    "--><script>alert(1)</script><!--",
    "<!-- ",
    "]]><![CDATA[<b>",
    "</style></title></textarea><b>",
    "&lt;b&gt; &#60;b&#62; &amp;lt; &",
    "javascript:alert(1)",
    "\0<\u{1b}b>\u{2028}<\r\n/b",
    "<b\u{202e}\u{9b}",
];

const SVG: &str = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";

/// A page with `text` wherever text is taken.
fn page(text: &str) -> String {
    let decks = Decks::new();
    decks.table(text, [text, "plain"], [[text, text], ["plain", text]]);
    decks.table("Plain", [text], [[text]]);
    decks.image(text, SVG.as_bytes()).unwrap();
    decks.image("Plain", Image::new(SVG).unwrap().alt(text)).unwrap();
    decks.markdown(&format!("{text} 1"), "*so*");
    decks.html(&format!("{text} 2"), "<p>so</p>");
    decks.render()
}

#[derive(Debug, PartialEq)]
enum Piece {
    /// An element's name, and the names of its attributes with their values.
    Open(String, Vec<(String, String)>),
    Close(String),
    Text(String),
    /// A comment or a declaration.
    Other(String),
}

fn unescaped(text: &str) -> String {
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    entities.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

/// The page as a browser's tokenizer sees it (HTML, section 13.2.5, for pages without the forms that ours does not use).
fn parsed(page: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = page;
    while !rest.is_empty() {
        let is_tag = rest.starts_with('<') && rest[1..].starts_with(|first: char| first.is_ascii_alphabetic() || "/!?".contains(first));
        if !is_tag {
            let end = rest[1..].find('<').map_or(rest.len(), |end| end + 1);
            pieces.push(Piece::Text(unescaped(&rest[..end])));
            rest = &rest[end..];
            continue;
        }
        if let Some(other) = ["<!", "<?"].iter().find_map(|start| rest.strip_prefix(start)) {
            let (other, after) = other.split_once('>').unwrap();
            pieces.push(Piece::Other(other.to_owned()));
            rest = after;
            continue;
        }
        if let Some(close) = rest.strip_prefix("</") {
            let (name, after) = close.split_once('>').unwrap();
            pieces.push(Piece::Close(name.to_owned()));
            rest = after;
            continue;
        }
        let (name, attributes, after) = opened(&rest[1..]);
        rest = after;
        if name == "style" || name == "script" {
            // Nothing is markup in them but their own end.
            let end = rest.find(&format!("</{name}")).unwrap();
            pieces.push(Piece::Open(name, attributes));
            pieces.push(Piece::Text(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            pieces.push(Piece::Open(name, attributes));
        }
    }
    pieces
}

/// An opening tag behind its `<`: its name, its attributes, and what comes behind it.
fn opened(tag: &str) -> (String, Vec<(String, String)>, &str) {
    let end = tag.find(|character: char| character.is_ascii_whitespace() || "/>".contains(character)).unwrap();
    let (name, mut rest) = tag.split_at(end);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|character: char| character.is_ascii_whitespace() || character == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return (name.to_ascii_lowercase(), attributes, after);
        }
        let end = rest[1..].find(|character: char| character.is_ascii_whitespace() || "/>=".contains(character)).unwrap() + 1;
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let Some(value) = rest.strip_prefix('=').map(str::trim_start) else {
            attributes.push((name, String::new()));
            continue;
        };
        let (value, after) = match value.chars().next().unwrap() {
            quote @ ('"' | '\'') => value[1..].split_once(quote).unwrap(),
            _ => value.split_at(value.find(|character: char| character.is_ascii_whitespace() || character == '>').unwrap()),
        };
        attributes.push((name, unescaped(value)));
        rest = after;
    }
}

/// The page without its texts: which elements it has, with which attributes.
fn skeleton(pieces: &[Piece]) -> Vec<String> {
    let named = |piece: &Piece| match piece {
        Piece::Open(name, attributes) => Some(format!("<{name} {:?}>", attributes.iter().map(|(name, _)| name).collect::<Vec<_>>())),
        Piece::Close(name) => Some(format!("</{name}>")),
        Piece::Other(other) => Some(format!("<!{other}>")),
        Piece::Text(_) => None,
    };
    pieces.iter().filter_map(named).collect()
}

#[test]
fn no_text_makes_an_element_or_an_attribute() {
    let plain = parsed(&page("text"));
    assert!(skeleton(&plain).len() > 60, "{plain:?}");
    for text in STRINGS {
        let pieces = parsed(&page(text));
        assert_eq!(skeleton(&pieces), skeleton(&plain), "{text}");
        // One tab's title, two headers, four cells.
        let whole = pieces.iter().filter(|piece| **piece == Piece::Text(text.to_owned()));
        assert_eq!(whole.count(), plain.iter().filter(|piece| **piece == Piece::Text("text".to_owned())).count(), "{text}");
        let alts = pieces.iter().filter_map(|piece| match piece {
            Piece::Open(name, attributes) if name == "img" => attributes.iter().find(|(name, _)| name == "alt"),
            _ => None,
        });
        assert_eq!(alts.map(|(_, alt)| alt.as_str()).collect::<Vec<_>>(), [text, text], "{text}");
    }
}

/// The same without a parser of ours: no string comes out as it went in, as each has a character that is escaped.
#[test]
fn what_is_markup_in_html_is_escaped_in_every_place() {
    for text in STRINGS.iter().filter(|text| text.contains(['<', '>', '&', '"', '\''])) {
        assert!(!page(text).contains(text), "{text}");
    }
}

/// A picture is an image to browsers, in which no script runs, and its type cannot end the attribute.
#[test]
fn pictures_are_no_markup() {
    assert!(!page("text").contains("alert(1)"));
    for media_type in ["image/png\" onerror=\"alert(1)", "image/svg+xml;x='", "image/<b>", "text/html", "image/", "image/png,<b>"] {
        let error = Image::of_type("bytes", media_type).unwrap_err();
        assert!(error.to_string().contains(" is not the media type of an image"), "{media_type}: {error}");
    }
}

/// As the documentation of the two says.
#[test]
fn html_and_markdown_are_kept_with_all_that_is_in_them() {
    let decks = Decks::new();
    decks.html("HTML", "<script>alert(1)</script>");
    decks.markdown("Markdown", "<script>alert(2)</script>\n\n[a](javascript:alert(3))");
    let page = decks.render();
    for kept in ["<script>alert(1)</script>", "<script>alert(2)</script>", "<a href=\"javascript:alert(3)\">a</a>"] {
        assert!(page.contains(kept), "{kept}: {page}");
    }
}
