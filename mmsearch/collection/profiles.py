"""Applies the colour profiles that pictures bring along."""

import io

from PIL import Image, ImageCms

_MAX_PROFILE = 4 << 20  # bytes; those of presses have one or two million
_MODES = {b"RGB ": ("RGB",), b"CMYK": ("CMYK",)}  # ICC.1:2022, 7.2.6: colour space of a profile -> modes it speaks of


def profile_of(image: Image.Image) -> bytes | None:
    """Return the embedded profile where it changes what is seen; None for sRGB, and for one of another mode."""
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or len(profile) > _MAX_PROFILE or "transparency" in image.info:
        return None
    modes = _MODES.get(profile[16:20], ())
    is_srgb = b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile  # in its description, of version 2 or 4
    return profile if image.mode in modes and not is_srgb else None


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Return an RGB or CMYK picture in sRGB, perceptually; None if the profile is damaged."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
