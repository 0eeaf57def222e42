import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { markdownTable } from 'markdown-table'
import { rm } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { random } from '../base/random.ts'
import { packageFile } from '../corpora/emoji/packages.ts'
import { styles } from '../corpora/emoji/styles.ts'
import { writeCrops } from './picture-index/crops.ts'
import { equalEmbeddings } from './picture-index/equal-embeddings.ts'
import { type IndexCall, runIndex } from './picture-index/run-index.ts'
import { queries, timeSearch } from './picture-index/time-search.ts'
import { measured, type Rows } from './record/rows.ts'
import type { Flags } from './subject.ts'

export const pictureIndexFlags = { pictures: 50_000, images: '', model: 'models/teachers/bridged', seed: 1, compareUpTo: 1000 }

/**
 * An approximate index of crops of drawings, or of the pictures in the folder `images`: made in a process that is killed while it embeds and again while it
 * fills the graph, each at a seeded moment, and that goes on; then searched. Up to `compareUpTo` pictures it is compared with an index that nothing disturbed.
 * Prints tables and returns them.
 */
export async function benchPictureIndex(flags: Flags): Promise<Rows> {
  const { pictures, images, model, seed, compareUpTo } = flags as typeof pictureIndexFlags
  requirePictures(pictures)
  const { package: drawings, folder } = styles['fluent-3d']
  const dir = await mkdtemp(join(tmpdir(), 'distilingual-index-'))
  try {
    const [crops, out] = [join(dir, 'pictures'), join(dir, 'pictures.index')]
    const sources = await writeCrops(images || packageFile(drawings, folder!), crops, pictures, seed)
    console.log(`${pictures} crops of ${sources} pictures, by ${model}\n`)
    const made = await makeDisturbed({ model, images: crops, out }, pictures, seed)
    const compared = pictures <= compareUpTo ? await compare({ model, images: crops, out: join(dir, 'undisturbed.index') }, out) : {}
    return { ...made, ...compared, ...(await search(model, out, seed)) }
  } finally {
    await rm(dir)
  }
}

async function makeDisturbed(request: { model: string; images: string; out: string }, pictures: number, seed: number): Promise<Rows> {
  const next = random(seed, pictures)
  const moment = () => Math.ceil(pictures * (0.1 + 0.8 * next()))
  const stops = [{ table: 'images', rows: moment() } as const, { table: 'graph', rows: moment() } as const, undefined]
  const calls: IndexCall[] = []
  for (const stop of stops) calls.push(await runIndex({ ...request, stop }))
  const lines = calls.map(({ seconds, images, graph, megabytes }, i) => [
    stops[i] ? 'killed' : 'to its end',
    seconds.toFixed(0),
    `${images}`,
    `${graph}`,
    megabytes.toFixed(1),
  ])
  console.log(`${markdownTable([['index', 'seconds', 'pictures', 'in the graph', 'MB'], ...lines])}\n`)
  const seconds = calls.reduce((sum, call) => sum + call.seconds, 0)
  return { 'index, killed twice': measured('s', seconds), file: measured('MB', calls.at(-1)!.megabytes) }
}

/** With an index that nothing disturbs, made for it. */
async function compare(undisturbed: { model: string; images: string; out: string }, index: string): Promise<Rows> {
  const { images } = await runIndex(undisturbed)
  const same = await equalEmbeddings(index, undisturbed.out)
  console.log(`${same} of ${images} embeddings are the bytes of an undisturbed index\n`)
  return { 'embeddings of an undisturbed index': measured('pictures', same) }
}

async function search(model: string, index: string, seed: number): Promise<Rows> {
  const { searches, recall } = await timeSearch(model, index, seed)
  const lines = searches.map(({ name, p50, p95, byGraph }) => [name, p50.toFixed(1), p95.toFixed(1), `${byGraph}`])
  console.log(markdownTable([['search', 'ms, median', 'ms, 95 %', `of ${queries} by the graph`], ...lines]))
  console.log(`\nrecall@10 of the graph ${recall.words.toFixed(3)} for words, ${recall.pictures.toFixed(3)} for pictures`)
  return Object.fromEntries(searches.map(({ name, p50 }) => [name, measured('ms', p50)]))
}

/** A process that fills an index commits 64 pictures at a time: fewer than a few times that leave no moment to kill it. */
function requirePictures(pictures: number): void {
  if (Number.isInteger(pictures) && pictures >= 200) return
  throw new UserError({
    where: '--pictures',
    expected: 'a whole number from 200',
    got: `${pictures}`,
    hint: 'The goal is 50000; 500 is a first look.',
  })
}
