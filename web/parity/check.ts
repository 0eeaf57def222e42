import type { Frame } from '../../corpora/framing.ts'
import { frame } from '../frame.ts'
import { openImage, openText, stayOnSite } from '../model.ts'
import { readPicture } from '../pixels.ts'
import { type Format, fetchFile } from '../site.ts'
import { openLibrary } from './library.ts'

export interface CheckRequest {
  dtype: Format['dtype']
  frame: Frame
  /** Addresses of picture files. */
  images: string[]
  texts: string[]
}

/** Vectors, in the order asked for. */
export interface Embedded {
  images: number[][]
  texts: number[][]
}

/** Runs in the browser: what the page's own code and the library alone make of the same files and texts. */
export async function check({ dtype, frame: { imageSize, framing }, images, texts }: CheckRequest): Promise<{ page: Embedded; library: Embedded }> {
  stayOnSite()
  const [text, image, plain] = [await openText('model', dtype), await openImage('model', dtype), await openLibrary('model', dtype)]
  const page: Embedded = { images: [], texts: [] }
  const library: Embedded = { images: [], texts: [] }
  for (const address of images) {
    const file = await (await fetchFile(address)).blob()
    page.images.push([...(await image.embed(frame(await readPicture(file), imageSize, framing)!))])
    library.images.push([...(await plain.embedFile(file))])
  }
  for (const words of texts) {
    page.texts.push([...(await text.embed(words))])
    library.texts.push([...(await plain.embedText(words))])
  }
  return { page, library }
}
