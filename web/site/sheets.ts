import { join } from 'node:path'
import pLimit from 'p-limit'
import sharp from 'sharp'
import { writeFile } from '../../base/disk.ts'
import { decodeImage } from '../../corpora/images.ts'
import type { ImageSource } from '../../corpora/sample.ts'
import type { Pictures } from '../site.ts'

const tile = 128 // sharp on a phone's dense screen at half of that
const columns = 16
const perSheet = 256 // 2048 × 2048 pixels: what every graphics chip takes
const margin = 8

/** Draws small copies of all pictures on a few sheets (WebP), so that a page asks for few files; returns how they lie. */
export async function writeSheets(dir: string, pictures: ImageSource[], onDone: (count: number) => void): Promise<Pictures> {
  const sheets: string[] = []
  for (let from = 0; from < pictures.length; from += perSheet) {
    const part = pictures.slice(from, from + perSheet)
    const name = `data/pictures-${sheets.length}.webp`
    await writeFile(join(dir, name), await drawSheet(part))
    sheets.push(name)
    onDone(from + part.length)
  }
  return { count: pictures.length, tile, columns, perSheet, sheets }
}

async function drawSheet(pictures: ImageSource[]): Promise<Buffer> {
  const across = Math.min(columns, pictures.length)
  const [width, height] = [across * tile, Math.ceil(pictures.length / across) * tile]
  const rgb = Buffer.alloc(width * height * 3, 255)
  const limit = pLimit(4)
  await Promise.all(
    pictures.map((source, i) =>
      limit(async () => {
        const small = await drawTile(source)
        const start = (Math.floor(i / across) * tile * width + (i % across) * tile) * 3
        for (let y = 0; y < tile; y++) small.copy(rgb, start + y * width * 3, y * tile * 3, (y + 1) * tile * 3)
      }),
    ),
  )
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .webp({ quality: 82, smartSubsample: true })
    .toBuffer()
}

/** What the model sees of a picture, larger; drawings get some air around them. */
async function drawTile(source: ImageSource): Promise<Buffer> {
  const whole = await decodeImage(source, tile)
  const isDrawing = whole.some((value, i) => i % 4 === 3 && value < 250)
  const inner = tile - 2 * margin
  const small = isDrawing ? await decodeImage(source, inner) : whole
  const side = isDrawing ? inner : tile
  const image = sharp(small, { raw: { width: side, height: side, channels: 4 } }).flatten({ background: 'white' })
  const framed = isDrawing ? image.extend({ top: margin, bottom: margin, left: margin, right: margin, background: 'white' }) : image
  return framed.removeAlpha().raw().toBuffer()
}
