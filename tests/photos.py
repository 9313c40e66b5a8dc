"""Test pictures, built in code or found inside installed packages: nothing binary is checked in.

``SECRET`` is planted wherever a format has room for metadata; no rendition may contain it.
"""

import io
import struct
import zlib
from functools import cache
from pathlib import Path

import skimage
import sklearn
from PIL import ExifTags, Image, ImageCms, ImageFilter
from PIL.TiffImagePlugin import IFDRational

SECRET = b"SERIAL-4711-SECRET"
ORIENTATIONS = range(1, 9)
CORNERS = ((255, 0, 0), (0, 160, 0), (0, 0, 255), (255, 220, 0))
# What a camera would have stored, for a viewer to see the upright picture.
_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
_SKLEARN = Path(sklearn.__file__).parent / "datasets/images"
_SKIMAGE = Path(skimage.__file__).parent / "data"
REAL_PHOTOS = {
    "china": _SKLEARN / "china.jpg",
    "flower": _SKLEARN / "flower.jpg",
    "rocket": _SKIMAGE / "rocket.jpg",
    "retina": _SKIMAGE / "retina.jpg",
    "coffee": _SKIMAGE / "coffee.png",
    "chelsea": _SKIMAGE / "chelsea.png",
    "astronaut": _SKIMAGE / "astronaut.png",
}


def real_photo(name: str = "china") -> bytes:
    """The file of a real photograph: JPEG, or PNG for coffee, chelsea and astronaut."""
    return REAL_PHOTOS[name].read_bytes()


def real_picture(name: str = "china") -> Image.Image:
    with Image.open(REAL_PHOTOS[name]) as image:
        return image.convert("RGB")


def encoded(image: Image.Image, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


@cache
def twelve_megapixel_jpeg(
    *, orientation: int = 1, gps: bool = False, quality: int = 90, progressive: bool = False
) -> bytes:
    """A real photograph scaled up to 4000 x 3000 as stored, with grain as from a sensor: 1.8 MB."""
    picture = real_picture().resize((4000, 3000), Image.Resampling.BICUBIC)
    grain = Image.effect_noise((4000, 3000), 24).convert("RGB").filter(ImageFilter.BoxBlur(0.5))
    picture = Image.blend(picture, grain, 0.15)
    exif = camera_exif(orientation=orientation) if gps else orientation_exif(orientation)
    return encoded(picture, "JPEG", quality=quality, exif=exif, progressive=progressive)


def orientation_exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif.tobytes()


def camera_exif(*, orientation: int = 1) -> bytes:
    """What a phone writes: make, serial number, maker note and place, and a preview at the end."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = SECRET.decode()
    exif[ExifTags.Base.Orientation] = orientation
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.BodySerialNumber] = SECRET.decode()
    details[ExifTags.Base.MakerNote] = b"note" + SECRET
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "N"
    place[ExifTags.GPS.GPSLatitude] = (IFDRational(48), IFDRational(8), IFDRational(14))
    return exif.tobytes() + real_thumbnail() + SECRET


@cache
def real_thumbnail() -> bytes:
    picture = real_picture()
    picture.thumbnail((160, 120))
    return encoded(picture, "JPEG")


def xmp_packet() -> bytes:
    return (
        b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        b'xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" aux:SerialNumber="' + SECRET + b'"/>'
        b'</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )


def corners(width: int = 160, height: int = 120) -> Image.Image:
    """A picture whose four quarters differ: CORNERS, clockwise from the top left."""
    picture = Image.new("RGB", (width, height))
    half = (width // 2, height // 2)
    top_left, top_right, bottom_right, bottom_left = CORNERS
    picture.paste(top_left, (0, 0, *half))
    picture.paste(top_right, (half[0], 0, width, half[1]))
    picture.paste(bottom_right, (*half, width, height))
    picture.paste(bottom_left, (0, half[1], half[0], height))
    return picture


def stored_as(upright: Image.Image, orientation: int) -> Image.Image:
    """The stored picture that ``orientation`` turns into ``upright``."""
    turn = _STORED[orientation]
    return upright if turn is None else upright.transpose(turn)


def corner_colours(image: Image.Image) -> list[tuple[int, ...]]:
    """The nearest of CORNERS at each corner, clockwise from the top left."""
    width, height = image.size
    x, y = width // 8, height // 8
    places = [(x, y), (width - 1 - x, y), (width - 1 - x, height - 1 - y), (x, height - 1 - y)]
    return [
        min(CORNERS, key=lambda colour: distance(colour, image.getpixel(place))) for place in places
    ]


def distance(one: tuple[int, ...], other: object) -> int:
    assert isinstance(other, tuple)
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def truncated_jpeg(keep: float = 0.5) -> bytes:
    whole = real_photo()
    return whole[: int(len(whole) * keep)]


def png_chunk(kind: bytes, payload: bytes) -> bytes:
    return (
        struct.pack(">I", len(payload))
        + kind
        + payload
        + struct.pack(">I", zlib.crc32(kind + payload))
    )


def png_bomb(width: int, height: int) -> bytes:
    """A small, valid PNG of one colour and any size: 30,000 x 30,000 takes a hundred kilobytes."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", packed)
        + png_chunk(b"IEND", b"")
    )


def png_header_only(width: int, height: int) -> bytes:
    """A PNG that states a size and holds no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IEND", b"")


def animated(format_: str, **options: object) -> bytes:
    """Two frames, the first of which is `corners`."""
    second = Image.new("RGB", (160, 120), "black")
    return encoded(
        corners(), format_, save_all=True, append_images=[second], duration=100, **options
    )


def big_endian_tiff(value: int) -> bytes:
    """40 x 40 pixels of one 16-bit grey, in the byte order that Pillow doesn't write."""
    pixels_at = 200
    shorts = {256: 40, 257: 40, 258: 16, 259: 1, 262: 1, 277: 1, 278: 40}
    longs = {273: pixels_at, 279: 40 * 40 * 2}
    entries = [struct.pack(">HHIHxx", tag, 3, 1, short) for tag, short in shorts.items()]
    entries += [struct.pack(">HHII", tag, 4, 1, long) for tag, long in longs.items()]
    header = b"MM\0*" + struct.pack(">IH", 8, len(entries))
    directory = header + b"".join(sorted(entries)) + bytes(4)
    return directory.ljust(pixels_at, b"\0") + struct.pack(">H", value) * 1600


def wide_gamut_profile() -> bytes:
    """An RGB profile that is not sRGB: sRGB's own with red and blue primaries exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack_from(">I", profile, 128)
    for entry in range(count):
        at = 132 + 12 * entry
        tag = bytes(profile[at : at + 4])
        profile[at : at + 4] = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(tag, tag)
        if tag == b"desc":
            (offset, size) = struct.unpack_from(">II", profile, at + 4)
            text = bytes(profile[offset : offset + size])
            profile[offset : offset + size] = text.replace(
                "sRGB".encode("utf-16-be"), "sBGR".encode("utf-16-be")
            )
    return bytes(profile)
