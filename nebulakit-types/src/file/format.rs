//! The formats of files.

/// What kind of file a [`File`](super::File) is. A format of one's own is one line:
///
/// ```
/// # use nebulakit_types::file::{File, Format};
/// struct Vcf;
/// impl Format for Vcf { const NAME: &'static str = "vcf.gz"; }
///
/// fn annotate(variants: File<Vcf>) {}
/// ```
pub trait Format: 'static {
    /// The extension without its first dot, as Python's `FlyteFile["vcf.gz"]` has it. The platform connects files of the same format, and
    /// those of the empty one with all. On reading it is not compared.
    const NAME: &'static str;
}

macro_rules! formats {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}

        impl Format for $name {
            const NAME: &'static str = $text;
        }
    )*};
}

formats! {
    /// Any file.
    Any "";
    /// Comma-separated values.
    Csv "csv";
    /// A JSON document.
    Json "json";
    /// A JSON document a line.
    JsonLines "jsonl";
    /// A Parquet file.
    Parquet "parquet";
    /// Plain text.
    Text "txt";
    /// A PNG picture.
    Png "png";
    /// A JPEG picture.
    Jpeg "jpeg";
    /// A PDF document.
    Pdf "pdf";
    /// An HTML page.
    Html "html";
    /// A gzipped tar archive.
    TarGz "tar.gz";
    /// A zip archive.
    Zip "zip";
}
