import type { Pixels } from '../corpora/resize.ts'
import { type OnBytes, openImage, openText, type Tower } from './model.ts'
import { type Format, fetchFile, type Site } from './site.ts'
import { decodeVectors, type Vectors } from './vectors.ts'

/** The model in one number format, and what it made of the site's pictures and words. */
export interface Engine {
  format: Format
  text: Tower<string>
  /** Comes later: who types need not wait for it. */
  image: Promise<Tower<Pixels>>
  pictures: Vectors
  /** By language, in the site's order. */
  words: Vectors[]
  /** Bytes of the file of vectors. */
  vectorBytes: number
  dispose(): Promise<void>
}

/**
 * Loads the text tower and the vectors, then goes on with the image tower.
 * @param onShare gets the share of the model's bytes that has come
 */
export async function openEngine({ languages }: Site, format: Format, onShare: (share: number) => void): Promise<Engine> {
  const loaded = new Map<string, number>()
  const onBytes: OnBytes = (file, bytes) => {
    loaded.set(file, bytes)
    onShare(Math.min(1, [...loaded.values()].reduce((a, b) => a + b, 0) / format.bytes))
  }
  const [text, file] = await Promise.all([
    openText('model', format.dtype, onBytes),
    fetchFile(format.vectors).then((response) => response.arrayBuffer()),
  ])
  const [pictures, ...words] = decodeVectors(file)
  if (words.length !== languages.length) throw new Error(`${format.vectors} does not belong to this site: build it again.`)
  const image = openImage('model', format.dtype, onBytes)
  const dispose = async () => {
    await Promise.all([
      text.dispose(),
      image.then(
        (tower) => tower.dispose(),
        () => {},
      ),
    ])
  }
  return { format, text, image, pictures: pictures!, words, vectorBytes: file.byteLength, dispose }
}

/** Milliseconds that one run takes: the median of five, after one that does not count. */
export async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 6; i++) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
  }
  return times.slice(1).sort((a, b) => a - b)[2]!
}
