import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { markdownTable } from 'markdown-table'
import { UserError } from '../../base/errors.ts'
import type { Frame } from '../../corpora/framing.ts'
import { decodeImage, toPixelValues } from '../../corpora/images.ts'
import { findExport } from '../../export/model-files.ts'
import type { ModelDtype } from '../../models/onnx/dtypes.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { embedInBrowser } from './browser.ts'
import type { Embedded } from './check.ts'
import { embedInNode } from './node.ts'
import { type ProbeImage, probeImages, probeTexts } from './probes.ts'

/** Cosines that the same file and text must reach with fp32 files, whoever prepares them. */
export const leastParity = { image: 0.999, text: 0.99999 }

/** The ways to an embedding that promise to be the one that training knows, and those of the library alone. */
const parityPaths = ['card, Node', 'page, Node', 'page, Chromium', 'library alone, Node', 'library alone, Chromium'] as const
type ParityPath = (typeof parityPaths)[number]

interface ParityRow {
  kind: 'image' | 'text'
  name: string
  /** Least cosine to training's embedding; a path that was not run has none. */
  cosines: Partial<Record<ParityPath, number>>
  /** Paths that must reach leastParity with fp32 files. */
  promised: ParityPath[]
}

export interface ParityReport {
  rows: ParityRow[]
  /** Why there is nothing from the browser. */
  missing?: string
}

/**
 * Embeds the same picture files and texts as training does, in Node, and in Chromium, and compares.
 * @param options.images files to compare on; default: made-up pictures that are hard to agree on
 * @throws UserError for a folder that is no export, and for pictures that cannot be read
 */
export async function compareParity(
  model: string,
  options: { dtype?: ModelDtype; images?: string[]; browser?: boolean } = {},
): Promise<ParityReport> {
  const dir = resolve(findExport(model)) // the library takes `run/export` for a name on the hub
  const dtype = options.dtype ?? 'fp32'
  const images = options.images ? await Promise.all(options.images.map(readProbe)) : await probeImages()
  const { imageSize, framing, ...trained } = await embedAsTraining(dir, dtype, images)
  const node = await embedInNode(dir, dtype, { imageSize, framing }, images, probeTexts)
  const inBrowser = options.browser === false ? 'not asked for' : await embedInBrowser(dir, dtype, { imageSize, framing }, images, probeTexts)
  const browser = typeof inBrowser === 'string' ? undefined : inBrowser
  const paths: Record<ParityPath, Embedded | undefined> = {
    'card, Node': node.card,
    'page, Node': node.page,
    'page, Chromium': browser?.page,
    'library alone, Node': node.library,
    'library alone, Chromium': browser?.library,
  }
  const least = (kind: 'images' | 'texts', which: number[]) =>
    Object.fromEntries(
      parityPaths.flatMap((path) => {
        const got = paths[path]?.[kind]
        return got && which.length > 0 ? [[path, Math.min(...which.map((i) => cosine(trained[kind][i]!, got[i]!)))]] : []
      }),
    )
  const fits = probeTexts.flatMap((_, i) => (node.tooLong[i] ? [] : [i]))
  const tooLong = probeTexts.flatMap((_, i) => (node.tooLong[i] ? [i] : []))
  const page: ParityPath[] = ['page, Node', 'page, Chromium']
  const rows: ParityRow[] = [
    ...images.map(({ name }, i): ParityRow => ({ kind: 'image', name, cosines: least('images', [i]), promised: ['card, Node', ...page] })),
    { kind: 'text', name: `${fits.length} texts`, cosines: least('texts', fits), promised: [...parityPaths] },
    // The library cuts off the end token, at which CLIP reads a text; exported graphs put it back.
    { kind: 'text', name: `${tooLong.length} texts longer than the context`, cosines: least('texts', tooLong), promised: [...parityPaths] },
  ]
  return { rows: rows.filter(({ cosines }) => Object.keys(cosines).length > 0), missing: typeof inBrowser === 'string' ? inBrowser : undefined }
}

/** The rows as a Markdown table; what promises to be the same is marked where it is not. */
export function parityTable({ rows }: ParityReport): string {
  const paths = parityPaths.filter((path) => rows.some(({ cosines }) => cosines[path] !== undefined))
  const body = rows.map((row) => [
    row.name,
    ...paths.map((path) => (row.cosines[path] === undefined ? '–' : `${row.cosines[path].toFixed(6)}${isApart(row, path) ? ' ✗' : ''}`)),
  ])
  return markdownTable([['cosine to training', ...paths], ...body], { align: ['l', ...paths.map(() => 'r')] })
}

/** The promises that are broken, as sentences. */
export function brokenPromises({ rows }: ParityReport): string[] {
  return rows.flatMap((row) =>
    row.promised.filter((path) => isApart(row, path)).map((path) => `${path}, ${row.name}: ${row.cosines[path]} < ${leastParity[row.kind]}`),
  )
}

function isApart({ kind, cosines, promised }: ParityRow, path: ParityPath): boolean {
  return promised.includes(path) && cosines[path] !== undefined && !(cosines[path] >= leastParity[kind])
}

async function embedAsTraining(dir: string, dtype: ModelDtype, images: ProbeImage[]): Promise<Embedded & Frame> {
  const encoder = await openOnnxFolder(dir, { dtype })
  const { imageSize, framing } = encoder
  const embedded: Embedded & Frame = { images: [], texts: [], imageSize, framing }
  for (const { name, file } of images) {
    const pixels = toPixelValues(await decodeImage({ key: name, read: async () => file }, imageSize, 'auto', framing), imageSize)
    embedded.images.push([...(await encoder.encodeImages(pixels, 1))])
  }
  for (const text of probeTexts) embedded.texts.push([...(await encoder.encodeTexts([text]))])
  await encoder.release()
  return embedded
}

async function readProbe(path: string): Promise<ProbeImage> {
  const file = await readFile(path).catch(() => {
    throw new UserError({ where: `--images ${path}`, expected: 'a picture file', got: 'none that can be read', hint: 'Check the path.' })
  })
  return { name: basename(path), file }
}

function cosine(a: number[], b: number[]): number {
  const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0)
  return Math.min(1, dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)))
}
