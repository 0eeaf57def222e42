"""Pictures that a preprocessor can get wrong, DATA/images/*, and hard texts, DATA/texts.txt (a JSON string a line).

40 made-up photographs of 128 x 128, and collages of them: 640 x 480, 480 x 640, 1920 x 1080, 1000 x 200, EXIF-rotated, grayscale, CMYK,
RGBA, palette, WebP, progressive, 30 x 20. Left out is what PIL shows and nobody means: the hidden colours of transparent pixels, 16 bits of grey cut to white."""
import json
import random

from PIL import Image, ImageDraw, ImageFilter

from common import captions
from paths import DATA

COUNT = 40


def main():
    images = DATA / "images"
    images.mkdir(parents=True, exist_ok=True)
    photos = [(f"{i:03d}.jpg", picture(i)) for i in range(COUNT)]
    for name, image in photos:
        image.save(images / name, quality=92)

    rng = random.Random(1)

    def scene(width, height, cell=160):
        """A collage, so that every part of the picture differs, with fine lines that resampling shows."""
        canvas = Image.new("RGB", (width, height))
        for top in range(0, height, cell):
            for left in range(0, width, cell):
                canvas.paste(rng.choice(photos)[1].resize((cell, cell), Image.Resampling.LANCZOS), (left, top))
        draw = ImageDraw.Draw(canvas)
        for i in range(0, width + height, 7):
            draw.line((i, 0, i - height, height), fill=tuple(rng.randrange(256) for _ in range(3)), width=1)
        draw.rectangle((0, 0, width // 5, height - 1), fill=(200, 30, 30))  # only a crop loses it
        draw.rectangle((width - width // 6, 0, width - 1, height - 1), fill=(20, 60, 220))
        return canvas

    odd = [
        ("landscape-640x480.jpg", scene(640, 480), {"quality": 92}),
        ("portrait-480x640.jpg", scene(480, 640), {"quality": 92}),
        ("hd-1920x1080.jpg", scene(1920, 1080), {"quality": 85}),
        ("banner-1000x200.png", scene(1000, 200), {}),
        ("odd-333x251.jpg", scene(333, 251), {"quality": 95}),
        ("square-300.png", scene(300, 300), {}),
        ("small-30x20.png", scene(640, 480).resize((30, 20)), {}),
        ("gray-500x375.jpg", scene(500, 375).convert("L"), {"quality": 92}),
        ("cmyk-400x300.jpg", scene(400, 300).convert("CMYK"), {"quality": 92}),
        ("palette-400x300.png", scene(400, 300).convert("P", palette=Image.Palette.ADAPTIVE), {}),
        ("webp-640x360.webp", scene(640, 360), {"quality": 90}),
        ("progressive-800x600.jpg", scene(800, 600), {"quality": 85, "progressive": True}),
        ("exif6-640x480.jpg", scene(640, 480), {"quality": 92, "exif": exif(6)}),
        ("exif3-640x480.jpg", scene(640, 480), {"quality": 92, "exif": exif(3)}),
        ("rgba-opaque-400x300.png", with_alpha(scene(400, 300)), {}),
        ("la-300x400.png", with_alpha(scene(300, 400)).convert("LA"), {}),
    ]
    for name, image, options in odd:
        image.save(images / name, **options)
    hard = [
        "a photo of a cat",
        "A MAN in a RED shirt, with a dog!",
        "The boy's dog — isn't it “nice”? Yes: 100%.",
        "  leading and   double  spaces ",
        "naïve café über Straße Ærø",
        "红色的苹果",
        "一个穿着红色衣服的男人，和他的狗。",
        "全角ＡＢＣ１２３，全角标点！（括号）",
        "一只 cat 和两只 dogs",
        "繁體中文：龍與鳳",
        "日本語のテキスト、カタカナ",
        "🐶 emoji 😀 and ❤️",
        "word " * 100,
        "很长的句子" * 40,
        "supercalifragilisticexpialidocious antidisestablishmentarianism",
        "line\nbreak\tand tab",
        "²³½ ﬁ ① ㎏ Å",
        "x",
        "?",
        "ZWJ 👨‍👩‍👧‍👦 and flag 🇨🇳",
        "<s> special </s> <|endoftext|> [SEP] <eos>",
    ]
    with open(DATA / "texts.txt", "w", encoding="utf8") as file:
        for text in hard + captions("en")[:20] + captions("zh")[:20]:
            file.write(json.dumps(text, ensure_ascii=False) + "\n")


def exif(orientation):
    value = Image.Exif()
    value[0x0112] = orientation
    return value.tobytes()


def with_alpha(image):
    out = image.convert("RGBA")
    out.putalpha(255)
    return out


def picture(seed):
    """A sky, a ground, things in front of them, and grain."""
    rng = random.Random(seed)
    colour = lambda: tuple(rng.randrange(256) for _ in range(3))
    canvas = Image.new("RGB", (128, 128), colour())
    draw = ImageDraw.Draw(canvas)
    draw.rectangle((0, rng.randrange(40, 100), 128, 128), fill=colour())
    for _ in range(12):
        x, y, width, height = rng.randrange(110), rng.randrange(110), rng.randrange(6, 60), rng.randrange(6, 60)
        rng.choice((draw.ellipse, draw.rectangle))((x, y, x + width, y + height), fill=colour(), outline=colour())
    grain = Image.frombytes("RGB", (128, 128), rng.randbytes(128 * 128 * 3))
    return Image.blend(canvas.filter(ImageFilter.GaussianBlur(0.7)), grain, 0.12)


if __name__ == "__main__":
    main()
