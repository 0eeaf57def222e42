import { join } from 'node:path'
import sharp from 'sharp'
import { mkdir } from '../../base/disk.ts'
import { progress } from '../../base/progress.ts'
import { random } from '../../base/random.ts'
import { listImages } from '../../corpora/image-files.ts'

/** Side of a crop, pixels. */
const size = 128
/** Files of a subfolder. */
const shelf = 1000

/**
 * Writes `count` square crops as JPEG, each picture of a folder in turn, 60 to 100 % of its shorter side at a place drawn by seed.
 * @returns how many pictures the folder has
 * @throws UserError as listImages does
 */
export async function writeCrops(images: string, out: string, count: number, seed: number): Promise<number> {
  const { paths } = await listImages(images)
  const bar = progress('crop', count, 'pictures')
  for (let i = 0; i < count; i++) {
    const folder = join(out, `${Math.floor(i / shelf)}`)
    if (i % shelf === 0) await mkdir(folder)
    const { data, info } = await sharp(paths[i % paths.length]!)
      .flatten({ background: '#fff' })
      .raw()
      .toBuffer({ resolveWithObject: true })
    const draw = random(seed, i)
    const side = Math.ceil(Math.min(info.width, info.height) * (0.6 + 0.4 * draw()))
    const [left, top] = [info.width, info.height].map((length) => Math.floor((length - side + 1) * draw())) as [number, number]
    await sharp(data, { raw: info })
      .extract({ left, top, width: side, height: side })
      .resize(size, size)
      .jpeg({ quality: 90 })
      .toFile(join(folder, `${i}.jpg`))
    bar.update(i + 1)
  }
  bar.stop()
  return paths.length
}
