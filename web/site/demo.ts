import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { mkdir, writeFile } from '../../base/disk.ts'
import { progress } from '../../base/progress.ts'
import { replaceFolder } from '../../base/replace-folder.ts'
import { clipFraming, type Frame } from '../../corpora/framing.ts'
import { decodeImage } from '../../corpora/images.ts'
import type { OpenCorpus } from '../../corpora/open.ts'
import type { ImageSource } from '../../corpora/sample.ts'
import type { RuntimeOptions } from '../../engine/runtime.ts'
import { copyModel, findExport, formatsOf, modelName, towerBytes } from '../../export/model-files.ts'
import { embedCached, embedTexts, type Pixels } from '../../models/embed.ts'
import type { Encoder } from '../../models/encoder.ts'
import type { ModelDtype } from '../../models/onnx/dtypes.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { languageName } from '../../report/format.ts'
import type { Format, Site } from '../site.ts'
import { encodeVectors, quantizeRows } from '../vectors.ts'
import { renderDocument } from './document.ts'
import { collectGallery, type Gallery, type GalleryOptions } from './gallery.ts'
import { writeRuntime } from './runtime.ts'
import { writeSheets } from './sheets.ts'

/** Every file that a demo may consist of. */
const ownFiles = /^(?:index\.html|style\.css|icon\.svg|(?:app|vendor|model|data)\/.*)$/

export interface DemoOptions extends GalleryOptions, RuntimeOptions {
  /** An exported folder, or a run that has one. */
  model: string
  /** Folder to write; an earlier demo in it is replaced, other files beside that one stay. */
  out: string
  /** Number formats to offer; default: all that the folder has. */
  dtypes?: ModelDtype[]
  /** Default: what one can do, and in which languages. */
  title?: string
}

/**
 * Builds a static site that searches the pictures of a corpus in the browser: the page, the model, transformers.js, and the vectors
 * of all pictures and their words as each number format of the model makes them. It asks no other server for anything.
 * @throws UserError for a folder that is no export, for an `out` that holds something else, and as corpora do
 */
export async function buildDemo(corpus: OpenCorpus, options: DemoOptions): Promise<Site> {
  const model = findExport(options.model)
  const dtypes = formatsOf(model, options.dtypes)
  const gallery = await collectGallery(corpus, options)
  // An earlier demo may stand aside yet, where the last one was killed while it took its place.
  const isEarlier = ['', '.replaced'].some((end) => existsSync(join(`${resolve(options.out)}${end}`, 'data/site.json')))
  // An earlier demo may have got a CNAME or a .git since: they stay.
  return replaceFolder(
    options.out,
    { what: 'demo', isOwn: (file) => isEarlier && ownFiles.test(file), force: isEarlier, hint: 'Name another --out.' },
    async (dir) => {
      await mkdir(join(dir, 'data'))
      await writeRuntime(dir)
      await copyModel(model, join(dir, 'model'), dtypes)
      const { formats, imageSize, framing } = await writeVectors(dir, model, dtypes, gallery, options)
      const bar = progress('pictures', gallery.pictures.length, 'pictures')
      const pictures = await writeSheets(dir, gallery.pictures, (done) => bar.update(done)).finally(() => bar.stop())
      const languages = gallery.languages.map((language) => ({ name: languageName(language.code), ...language }))
      const site: Site = { version: 1, model: modelName(model), imageSize, framing, formats, languages, pictures }
      const names = new Intl.ListFormat('en').format(languages.map(({ name }) => name))
      await writeFile(join(dir, 'data/site.json'), JSON.stringify(site))
      await writeFile(
        join(dir, 'index.html'),
        renderDocument(site, { title: options.title ?? `Picture search in ${names}`, credits: gallery.credits }),
      )
      return site
    },
  )
}

async function writeVectors(dir: string, model: string, dtypes: ModelDtype[], gallery: Gallery, runtime: RuntimeOptions) {
  const formats: Format[] = []
  let pixels: Pixels | undefined
  let frame: Frame = { imageSize: 0, framing: clipFraming }
  for (const dtype of dtypes) {
    const encoder = await openOnnxFolder(model, { threads: runtime.threads, device: runtime.device, dtype })
    try {
      frame = { imageSize: encoder.imageSize, framing: encoder.framing }
      pixels ??= await decodeAll(gallery.pictures, encoder)
      const tables = [await embedCached(encoder, pixels)]
      for (const { words } of gallery.languages) tables.push(await embedTexts(encoder, words))
      const vectors = `data/vectors-${dtype}.bin`
      await writeFile(join(dir, vectors), encodeVectors(tables.map((rows) => quantizeRows(rows, encoder.embedDim))))
      formats.push({ dtype, bytes: await towerBytes(model, dtype), vectors, logitScale: encoder.logitScale, scoreThreshold: encoder.scoreThreshold })
    } finally {
      await encoder.release()
    }
  }
  return { formats, ...frame }
}

/** Kept as bytes: as numbers, two thousand pictures of a large model would fill a gigabyte. */
async function decodeAll(pictures: ImageSource[], { imageSize: size, framing }: Encoder): Promise<Pixels> {
  const decoded: Uint8Array[] = []
  const bar = progress('decode', pictures.length, 'pictures')
  try {
    for (const source of pictures) {
      decoded.push(await decodeImage(source, size, 'auto', framing))
      bar.update(decoded.length)
    }
  } finally {
    bar.stop()
  }
  return { count: pictures.length, size, read: (i) => decoded[i]! }
}
