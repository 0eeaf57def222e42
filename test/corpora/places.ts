import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ExecutionContext } from 'ava'
import sharp from 'sharp'
import { openCorpus } from '../../corpora/open.ts'
import type { Reading, Sample, Split } from '../../corpora/sample.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

export const colours = ['red', 'lime', 'blue', 'gold']

function picture(background: string): Promise<Buffer> {
  return sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .png()
    .toBuffer()
}

export const pictures = Promise.all(colours.map(picture))

/** A folder with these files; text as UTF-8. */
export async function folderOf(t: ExecutionContext, files: Record<string, string | Uint8Array>): Promise<string> {
  const dir = await temporaryFolder(t)
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), content)
  }
  return dir
}

/** Per split: id, captions, and the colour of the picture's first pixel, so that no picture is another's. */
export async function contents(place: string, options: Reading = {}) {
  const { corpus } = await openCorpus(place, options)
  const found: Record<string, [id: string, captions: Sample['captions'], rgb: string][]> = {}
  for (const split of corpus.splits as Split[]) {
    found[split] = []
    for await (const { id, captions, image } of corpus.samples(split)) {
      const [r, g, b] = await sharp(await image.read())
        .removeAlpha()
        .raw()
        .toBuffer()
      found[split].push([id, captions, `${r},${g},${b}`])
    }
  }
  return found
}

export const red = '255,0,0'
export const lime = '0,255,0'
export const blue = '0,0,255'
export const fails = (t: ExecutionContext, place: string, expected: Parameters<typeof throwsUserError>[2], options: Reading = {}) =>
  throwsUserError(t, () => openCorpus(place, options), expected, place)
