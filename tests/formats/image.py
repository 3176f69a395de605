"""Pictures."""

from tests.contract.samples.image import MAKERS, film, psd
from tests.formats import Format

FACTS: dict[str, tuple[str, ...]] = {
    "image": (
        "format",
        "width",
        "height",
        "pages",
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
OF_RAW = (
    "What is shown is the preview that the camera put in, or a quick development at half size. Its depth is not told. "
    "A lossy or JPEG XL compressed DNG without a preview may be unsupported-format."
)

FORMATS: tuple[Format, ...] = (
    Format("JPEG", "photo.jpg", MAKERS["image/jpeg"], "image/jpeg", FACTS, THUMBNAILS),
    Format(
        "PNG",
        "picture.png",
        MAKERS["image/png"],
        "image/png",
        FACTS,
        THUMBNAILS,
        gaps="Of an animated one (APNG), only the first frame is seen.",
    ),
    Format("WebP, animated", "film.webp", MAKERS["image/webp"], "image/webp", FACTS, (*THUMBNAILS, "preview")),
    Format(
        "GIF, animated",
        "film.gif",
        MAKERS["image/gif"],
        "image/gif",
        FACTS,
        (*THUMBNAILS, "preview"),
        gaps="The preview has the first 60 frames at most, and none is made of frames above 50 megapixels. "
        "What is cut short is shown as far as its first frame is there.",
    ),
    Format("GIF", "picture.gif", lambda: film("gifsave_buffer", frames=1), "image/gif", FACTS, THUMBNAILS),
    Format(
        "TIFF",
        "scan.tif",
        MAKERS["image/tiff"],
        "image/tiff",
        FACTS,
        THUMBNAILS,
        gaps="Pages are counted, up to 10,000; the first one is shown.",
    ),
    Format(
        "AVIF",
        "picture.avif",
        MAKERS["image/avif"],
        "image/avif",
        FACTS,
        THUMBNAILS,
        gaps="Half as many pixels as of JPEG are read. Of a sequence, the first picture is seen.",
    ),
    Format(
        "HEIC",
        "photo.heic",
        MAKERS["image/heic"],
        "image/heic",
        FACTS,
        THUMBNAILS,
        gaps="Half as many pixels as of JPEG are read. Of a sequence or a live photo, the first picture is seen.",
    ),
    Format(
        "JPEG XL",
        "picture.jxl",
        MAKERS["image/jxl"],
        "image/jxl",
        FACTS,
        THUMBNAILS,
        gaps="A third as many pixels as of JPEG are read. Of an animated one, one frame is seen. "
        "EXIF and XMP are not read where they are compressed.",
    ),
    Format(
        "SVG",
        "drawing.svg",
        MAKERS["image/svg+xml"],
        "image/svg+xml",
        FACTS,
        THUMBNAILS,
        gaps="Nothing outside the file is fetched. More than 50,000 elements, 100,000 characters or 200 filter "
        "primitives end as too-complex. Compressed ones (SVGZ) are taken for GZIP.",
    ),
    Format("BMP", "picture.bmp", MAKERS["image/bmp"], "image/bmp", FACTS, THUMBNAILS),
    Format(
        "ICO",
        "favicon.ico",
        MAKERS["image/vnd.microsoft.icon"],
        "image/vnd.microsoft.icon",
        FACTS,
        THUMBNAILS,
        gaps="The largest picture is shown; pages counts them. Cursors (CUR) are not read.",
    ),
    Format(
        "Photoshop (PSD)",
        "poster.psd",
        psd,
        "image/vnd.adobe.photoshop",
        FACTS,
        THUMBNAILS,
        gaps="The merged picture is shown, not the layers. Of 16 and 32 bits, of Lab and of PSB, only the small "
        "preview is, or it is unsupported-format.",
    ),
    Format(
        "Camera raw (DNG, NEF, ARW, PEF)",
        "photo.dng",
        MAKERS["image/x-adobe-dng"],
        "image/tiff",
        FACTS,
        THUMBNAILS,
        gaps=OF_RAW,
    ),
    Format("JPEG 2000", "picture.jp2", lambda: JP2, "image/jp2", {}, error="unsupported-format"),
)
