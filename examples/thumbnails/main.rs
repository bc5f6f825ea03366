//! Makes small pictures of large ones and puts them on one sheet. Each picture is decoded in a process of its own: one that crashes the decoder, or
//! takes more memory than it may, costs its own place on the sheet and nothing else. Paint some pictures first with
//! `cargo run -p nebulakit-examples --features pictures --bin thumbnails -- run paint`, and look at the workflow with
//! `cargo run -p nebulakit-examples --features pictures --bin thumbnails -- graph thumbnails`.

use std::io::Cursor;

use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageFormat, ImageReader, Rgb, RgbImage};
use nebulakit::file::Png;
use nebulakit::prelude::*;

/// How many thumbnails stand side by side on the sheet.
const COLUMNS: u32 = 4;

/// Puts a thumbnail of each picture on a sheet; half of the pictures may be broken.
#[workflow]
fn thumbnails(
    /// A folder of pictures in PNG.
    pictures: Promise<Directory>,
    /// The longer side of a thumbnail, in pixels.
    #[default(160)]
    side: Promise<u32>,
) -> Promise<File<Png>> {
    let small = thumbnail::map(list::node(pictures), &side).min_success_ratio(0.5);
    sheet::node(small, side)
}

/// The pictures of a folder, by their names.
#[task]
fn list(pictures: Directory) -> anyhow::Result<Vec<File>> {
    pictures.blocking().walk()?.map(|entry| Ok(entry?.file()?.clone())).collect()
}

/// Makes a picture small.
#[task(strategy = process, requests(cpu = "1", memory = "256Mi"))]
fn thumbnail(picture: File, side: u32) -> anyhow::Result<File<Png>> {
    let bytes = picture.blocking().read_bytes().recoverable()?;
    let decoded = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?.decode();
    let large = decoded.map_err(|error| anyhow::anyhow!("`{}` is not a picture: {error}", picture.name())).permanent()?;
    png("thumbnail.png", &large.resize(side, side, FilterType::Lanczos3))
}

/// Puts thumbnails side by side.
#[task]
fn sheet(thumbnails: Vec<Option<File<Png>>>, side: u32) -> anyhow::Result<File<Png>> {
    let rows = u32::try_from(thumbnails.len())?.div_ceil(COLUMNS);
    let mut sheet = RgbImage::from_pixel(COLUMNS * side, rows * side, Rgb([32, 32, 32]));
    for (place, thumbnail) in (0..).zip(thumbnails) {
        let Some(thumbnail) = thumbnail else { continue };
        let small = image::load_from_memory(&thumbnail.blocking().read_bytes().recoverable()?)?.to_rgb8();
        let (column, row) = (place % COLUMNS, place / COLUMNS);
        let (left, top) = (column * side + (side - small.width()) / 2, row * side + (side - small.height()) / 2);
        imageops::replace(&mut sheet, &small, left.into(), top.into());
    }
    png("sheet.png", &sheet.into())
}

/// Paints pictures: the Mandelbrot set, each closer than the one before. The last one is broken off in the middle, as an upload can be.
#[task]
fn paint(ctx: Context, #[default(8)] count: u32, #[default(320)] width: u32) -> anyhow::Result<Directory> {
    let pictures = Directory::create(&ctx)?.blocking();
    for number in 1..=count {
        let painted = png("picture.png", &mandelbrot(width, 0.6_f64.powi(i32::try_from(number)?)).into())?;
        let mut bytes = painted.blocking().read_bytes()?.to_vec();
        if number == count {
            bytes.truncate(bytes.len() / 2);
        }
        pictures.put(&format!("{number:03}.png"), bytes)?;
    }
    Ok(pictures.finish())
}

/// The neighbourhood of a spiral, as far as `reach` from it.
fn mandelbrot(width: u32, reach: f64) -> RgbImage {
    let height = width * 3 / 4;
    RgbImage::from_fn(width, height, |x, y| {
        let across = |at: u32| (2.0 * f64::from(at) / f64::from(width) - 1.0) * reach;
        let (real, imaginary) = (across(x) - 0.743_643, across(y) + 0.131_825);
        let (mut a, mut b, mut steps) = (0.0, 0.0, 0_u8);
        while a * a + b * b < 4.0 && steps < 250 {
            (a, b) = (a * a - b * b + real, 2.0 * a * b + imaginary);
            steps += 1;
        }
        Rgb([steps.wrapping_mul(3), steps.wrapping_mul(5), steps])
    })
}

fn png(name: &str, picture: &DynamicImage) -> anyhow::Result<File<Png>> {
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)?;
    Ok(File::from_bytes(name, bytes))
}

nebulakit::main!();

#[cfg(test)]
mod tests {
    use super::*;
    use nebulakit::testing;

    #[test]
    fn a_thumbnail_keeps_the_shape_of_its_picture() {
        let picture = png("wide.png", &RgbImage::new(400, 100).into()).unwrap();
        let small = thumbnail(File::from_bytes("wide.png", picture.blocking().read_bytes().unwrap()), 40).unwrap();
        let small = image::load_from_memory(&small.blocking().read_bytes().unwrap()).unwrap();
        assert_eq!((small.width(), small.height()), (40, 10));
    }

    #[test]
    fn what_is_not_a_picture_is_named() {
        let error = testing::run_blocking(thumbnail::with(File::from_bytes("notes.txt", "not a picture"), 40)).unwrap_err();
        assert!(error.message().contains("`notes.txt` is not a picture"), "{error:?}");
    }

    #[test]
    fn a_missing_thumbnail_leaves_its_place_empty() {
        let white = |_, _| Rgb([255, 255, 255]);
        let small = png("small.png", &RgbImage::from_fn(8, 8, white).into()).unwrap();
        let sheet = sheet(vec![None, Some(small)], 8).unwrap();
        let sheet = image::load_from_memory(&sheet.blocking().read_bytes().unwrap()).unwrap().to_rgb8();
        assert_eq!((sheet.get_pixel(0, 0).0, sheet.get_pixel(8, 0).0, sheet.dimensions()), ([32; 3], [255; 3], (32, 8)));
    }
}
