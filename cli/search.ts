import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { printableName } from '../base/printable.ts'
import type { Place } from '../search/hits.ts'
import type { LookupReply } from '../search/index/lookup.ts'
import { usualAlike } from '../search/usual-alike.ts'
import { dtypeSetting, modelSetting, verifySetting } from '../stages/settings/shared.ts'
import { imageTimeoutSetting } from '../training/run-settings.ts'
import type { Command } from './command.ts'
import { recallText } from './recall-text.ts'

const schema = z.object({
  model: modelSetting('folder of an exported model, of a run, or of a model in Hugging Face layout'),
  verify: verifySetting,
  query: z.string().optional().meta({ description: 'what to look for, in any language of the model', group: 'Input', usual: true, positional: true }),
  like: z.string().optional().meta({ description: 'a picture, in place of words: finds others like it', group: 'Input', usual: true, path: 'one' }),
  images: z.string().optional().meta({ description: 'folder of images, searched with its subfolders', group: 'Input', usual: true, path: 'one' }),
  imageTimeout: imageTimeoutSetting,
  index: z
    .string()
    .optional()
    .meta({ description: 'index file instead of a folder; the command index makes it', group: 'Input', usual: true, path: 'one' }),
  top: z.int().positive().default(10).meta({ description: 'results to show', group: 'Output', usual: true }),
  dtype: dtypeSetting
    .optional()
    .meta({ description: "number format of an exported model (default: the most precise there is, or the index's)", group: 'Model', usual: true }),
  minScore: z.number().min(-1).max(1).optional().meta({
    description: 'score below which a picture does not fit and is shown in brackets (default: what the model says)',
    group: 'Output',
    usual: true,
  }),
  alike: z.number().min(0).max(1).default(usualAlike).meta({
    description: 'near duplicates take one place: pictures at least this alike, 0 as any two of the folder are, 1 gives each its own place',
    group: 'Output',
    usual: true,
  }),
  exact: z.boolean().default(false).meta({ description: 'score every image of an approximate index', group: 'Model', usual: true }),
  json: z.boolean().default(false).meta({ description: 'print JSON', group: 'Output', usual: true }),
})

export const search: Command<typeof schema> = {
  name: 'search',
  schema,
  examples: ['search runs/distill/export --images ~/Pictures "自行车"', 'search runs/distill/export --index runs/search.index --like photo.jpg'],
  async run({ json, images, index, exact, verify, ...request }) {
    requireOnePlace(images, index)
    if (verify) await (await import('../models/verify.ts')).verifyModel(request.model, { dtype: request.dtype, required: true })
    const reply: LookupReply =
      index !== undefined
        ? await (await import('../search/index/lookup.ts')).searchIndex({ ...request, index, exact })
        : await (await import('../search/search-folder.ts')).searchImages({ ...request, images: images! })
    process.stdout.write(json ? `${JSON.stringify(reply, null, 2)}\n` : table(reply))
    if (json) return
    process.stderr.write(fitText(reply))
    if (reply.recall) process.stderr.write(`approximate: ${recallText(reply.recall)}; --exact scores every image\n`)
    for (const { path, reason } of reply.skipped) process.stderr.write(`skipped ${printableName(path)}: ${printableName(reason)}\n`)
  },
}

function requireOnePlace(images: string | undefined, index: string | undefined): void {
  if ((images === undefined) !== (index === undefined)) return
  throw new UserError({
    where: 'search',
    expected: 'either --images FOLDER or --index FILE',
    got: images === undefined ? 'neither' : 'both',
    hint: 'The command index makes an index of a folder.',
  })
}

/** Near duplicates of a place that are named; --json has them all. */
const namedAlike = 3

function table({ hits }: LookupReply): string {
  const width = String(hits.length).length
  const line = ({ rank, score, path, fits }: Place) => `${String(rank).padStart(width)}  ${scoreText(score, fits)}  ${printableName(path)}\n`
  return hits.map((place) => line(place) + alikeText(place, width)).join('')
}

/** The near duplicates of a place in a line below it, the first few by name. */
function alikeText({ alike }: Place, width: number): string {
  if (alike.length === 0) return ''
  const names = alike.slice(0, namedAlike).map(({ path }) => printableName(path))
  return `${' '.repeat(width)}  +${alike.length} alike: ${names.join(', ')}${alike.length > namedAlike ? ', …' : ''}\n`
}

/** In brackets where the picture does not fit; without a least score as wide as it needs. */
function scoreText(score: number, fits?: boolean): string {
  const text = score.toFixed(3).padStart(6)
  if (fits === undefined) return text
  return fits ? ` ${text} ` : `(${score.toFixed(3)})`.padStart(8)
}

/** What brackets say; nothing where every picture fits. */
function fitText({ hits, minScore }: LookupReply): string {
  const [best] = hits
  if (!best || minScore === undefined || hits.every(({ fits }) => fits)) return ''
  if (best.fits) return `in brackets: below ${minScore.toFixed(3)}, does not fit well\n`
  return `nothing fits well: best score ${best.score.toFixed(3)}, below ${minScore.toFixed(3)}; these are the nearest\n`
}
