import test from 'ava'
import { imagesPerCall } from '../../models/embed.ts'

// 512 MiB of float32: at 224 px 4 · 96 · 112² = 4.8 million numbers an image, at 512 px a ViT's 1,024 · (12 · 1,024 + 3,072) = 15.7 million against 25.2 million.
for (const [size, images] of [
  [64, 128],
  [112, 111],
  [224, 27],
  [512, 5],
  [4096, 1],
] as const) {
  test(`images of ${size} px: ${images} at once`, (t) => {
    t.is(imagesPerCall({}, size), images)
  })
}

test('a model that chooses ranges anew in every call gets one', (t) => {
  t.is(imagesPerCall({ oneByOne: true }, 64), 1)
})
