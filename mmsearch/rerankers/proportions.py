"""Pictures for models that take any size and shape, in sizes and shapes that they can bear."""

from PIL import Image

SLIMMEST = 4  # longer side over shorter; models refuse pictures that are much slimmer, and a long one costs much
_GREY = (127, 127, 127)


def within_proportions(image: Image.Image, side: int) -> Image.Image:
    """Return a picture of any mode and size as RGB, its shorter side of at most `side` pixels, and not too slim.

    What is too large is scaled down, what is too slim is put on grey.
    """
    rgb = image.convert("RGB")
    scale = min(1.0, side / min(rgb.size), SLIMMEST * side / max(rgb.size))
    width, height = (max(1, round(scale * each)) for each in rgb.size)
    if scale < 1:
        rgb = rgb.resize((width, height), Image.Resampling.BICUBIC)
    size = max(width, -(-height // SLIMMEST)), max(height, -(-width // SLIMMEST))
    if size == rgb.size:
        return rgb
    ground = Image.new("RGB", size, _GREY)
    ground.paste(rgb, ((size[0] - width) // 2, (size[1] - height) // 2))
    return ground
