"""Pictures."""

import gzip

from tests.contract.samples.image import MAKERS, by_pillow, corners_in_pillow, film, psd, svg
from tests.formats import Format
from tests.formats.image_plugins import SAMPLES

FACTS: dict[str, tuple[str, ...]] = {
    "image": (
        "format",
        "width",
        "height",
        "pages",
        "truncated",
        "animation",
        "colour_space",
        "has_alpha",
        "bit_depth",
        "dpi",
        "icc_profile",
        "orientation",
        "exif",
        "iptc",
        "xmp",
        "gps",
        "dominant_colour",
        "dominant_colours",
        "thumbhash",
        "phash",
    )
}
THUMBNAILS = ("thumbnail-256", "thumbnail-1024")
JP2 = bytes.fromhex("0000000c6a5020200d0a870a00000014667479706a703220000000006a703220") + bytes(60)
EXR = bytes.fromhex("762f310102000000") + b"channels\0chlist\0" + bytes(40)
OF_RAW = (
    "Thumbnails show the camera's embedded preview, or a fast development at half size. The bit depth is not reported. "
    "A DNG with lossy or JPEG XL compression and without a preview may fail with `unsupported-format`."
)


def animated(kind: str) -> bytes:
    return by_pillow(kind, save_all=True, append_images=[corners_in_pillow().rotate(180)], duration=100)


FORMATS: tuple[Format, ...] = (
    Format("JPEG", "photo.jpg", MAKERS["image/jpeg"], "image/jpeg", FACTS, THUMBNAILS),
    Format(
        "PNG",
        "picture.png",
        MAKERS["image/png"],
        "image/png",
        FACTS,
        THUMBNAILS,
    ),
    Format(
        "PNG, animated (APNG)",
        "film.png",
        lambda: animated("PNG"),
        "image/png",
        FACTS,
        (*THUMBNAILS, "preview"),
    ),
    Format("WebP, animated", "film.webp", MAKERS["image/webp"], "image/webp", FACTS, (*THUMBNAILS, "preview")),
    Format(
        "GIF, animated",
        "film.gif",
        MAKERS["image/gif"],
        "image/gif",
        FACTS,
        (*THUMBNAILS, "preview"),
        gaps="The preview has at most the first 60 frames; animations above 50 megapixels get none.",
    ),
    Format("GIF", "picture.gif", lambda: film("gifsave_buffer", frames=1), "image/gif", FACTS, THUMBNAILS),
    Format(
        "TIFF",
        "scan.tif",
        MAKERS["image/tiff"],
        "image/tiff",
        FACTS,
        THUMBNAILS,
        gaps="Up to 10,000 pages are counted, a pyramid as one; the first one is shown. More than 8 bits are shown "
        "with their whole range. Floats of 64 bits fail with `unsupported-format`.",
    ),
    Format(
        "AVIF",
        "picture.avif",
        MAKERS["image/avif"],
        "image/avif",
        FACTS,
        THUMBNAILS,
    ),
    Format(
        "AVIF, animated",
        "film.avif",
        lambda: animated("AVIF"),
        "image/avif",
        FACTS,
        (*THUMBNAILS, "preview"),
    ),
    Format(
        "HEIC",
        "photo.heic",
        MAKERS["image/heic"],
        "image/heic",
        FACTS,
        THUMBNAILS,
        gaps="In a sequence or live photo, only the first picture is read.",
    ),
    Format(
        "JPEG XL",
        "picture.jxl",
        MAKERS["image/jxl"],
        "image/jxl",
        FACTS,
        THUMBNAILS,
        gaps="In an animation, only one frame is read. Compressed EXIF and XMP are not read.",
    ),
    Format(
        "SVG",
        "drawing.svg",
        MAKERS["image/svg+xml"],
        "image/svg+xml",
        FACTS,
        THUMBNAILS,
        gaps="Nothing outside the file is fetched. More than 50,000 elements, 100,000 characters or 200 filter "
        "primitives fail with `too-complex`.",
    ),
    Format("SVG, compressed (SVGZ)", "drawing.svgz", lambda: gzip.compress(svg()), "image/svg+xml", FACTS, THUMBNAILS),
    Format("BMP", "picture.bmp", MAKERS["image/bmp"], "image/bmp", FACTS, THUMBNAILS),
    Format(
        "ICO",
        "favicon.ico",
        MAKERS["image/vnd.microsoft.icon"],
        "image/vnd.microsoft.icon",
        FACTS,
        THUMBNAILS,
        gaps="The largest picture is shown; `pages` is their number.",
    ),
    Format(
        "Photoshop (PSD)",
        "poster.psd",
        psd,
        "image/vnd.adobe.photoshop",
        FACTS,
        THUMBNAILS,
        gaps="The merged picture is shown, not the layers. With 16 or 32 bits, Lab or PSB, only the small "
        "preview is shown, or the file fails with `unsupported-format`.",
    ),
    Format(
        "Camera raw (DNG; NEF, ARW, PEF, … alike)",
        "photo.dng",
        MAKERS["image/x-adobe-dng"],
        "image/x-adobe-dng",
        FACTS,
        THUMBNAILS,
        gaps=OF_RAW,
    ),
    Format(
        "JPEG 2000",
        "picture.jp2",
        lambda: JP2,
        "image/jp2",
        {},
        error="unsupported-format",
        gaps="Its facts have the size.",
    ),
    *(
        Format(each.name, each.file_name, each.make, each.media_type, FACTS, THUMBNAILS, gaps=each.gaps)
        for each in SAMPLES
    ),
    Format(
        "OpenEXR (Radiance, PAM, JPEG XR, DPX, PICT, ILBM, XCF, … alike)",
        "light.exr",
        lambda: EXR,
        "image/x-exr",
        {},
        error="unsupported-format",
        gaps="No decoder that Picasso ships reads them.",
    ),
)
