import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { recallNames } from '../eval/metrics.ts'

/** Who can stand in a report, in the order in which tables show them. */
export const modelNames = ['teacher', 'student', 'student-stage1', 'scratch', 'pixel-nn'] as const
export type ModelName = (typeof modelNames)[number]

/** Number formats of weights; `uint8` are also the pixels of the pixel baseline. */
export const dtypes = ['fp32', 'fp16', 'q8', 'int8', 'q4', 'q4f16', 'bnb4', 'uint8'] as const

const fraction = z.number().min(0).max(1)
const count = z.number().int().min(0)
const interval = z.tuple([z.number(), z.number()]).refine(([low, high]) => low <= high, 'expected low ≤ high')
const direction = z.strictObject({ queries: count.min(1), gallery: count.min(1) })

const model = z.strictObject({
  /** What the model calls itself: a preset, a folder's name, a hub id. */
  name: z.string().optional(),
  /** Counts include token tables. */
  parameters: z.strictObject({ image: count, text: count }),
  /** Size of both towers' files per number format. */
  bytes: z.partialRecord(z.enum(dtypes), count),
  /** Median milliseconds for one image and for one text, on the machine of the report. */
  latency: z.partialRecord(z.enum(dtypes), z.strictObject({ image: z.number().positive(), text: z.number().positive() })).optional(),
})

/** Whose row it is, and on what. */
const task = { model: z.enum(modelNames), dtype: z.enum(dtypes), corpus: z.string().min(1), protocol: z.string().min(1) }
const language = z.string().min(2)

/** Zero-shot classification; accuracies under CLIP_benchmark's names. */
const zeroShot = z.strictObject({
  ...task,
  language,
  /** What kind of classes, e.g. `groups`. */
  classes: z.string().min(1),
  /** Images asked for, classes to choose from, and sentences around each class name. */
  count: z.strictObject({ images: count.min(1), classes: count.min(2), templates: count.min(1) }),
  metrics: z.strictObject({ acc1: fraction, acc5: fraction, mean_per_class_recall: fraction }),
})

/** How alike two languages rank the same images, and how well texts of one find their translation in the other. */
const consistency = z.strictObject({
  ...task,
  languages: z.tuple([language, language]),
  queries: count.min(1),
  gallery: count.min(1),
  metrics: z.strictObject({
    'overlap@1': fraction,
    'overlap@5': fraction,
    'overlap@10': fraction,
    'ndcg@20': fraction,
    /** Queries of the first language among texts of the second. */
    'text_to_text_R@1': fraction,
    'text_to_text_R@5': fraction,
    'text_to_text_R@10': fraction,
    /** The other way round. */
    'text_to_text_R@1_reverse': fraction,
    'text_to_text_R@5_reverse': fraction,
    'text_to_text_R@10_reverse': fraction,
  }),
})

/** How alike a student and its teacher rank pictures without captions. */
const teacherAgreement = z.strictObject({
  ...task,
  language,
  queries: count.min(1),
  gallery: count.min(1),
  metrics: z.strictObject({ 'overlap@10': fraction, 'ndcg@20': fraction }),
  /** Queries whose best picture is below the score threshold; absent for a model without one. */
  unfit: count.optional(),
})

/** max − min of mean_recall over the languages that a model was measured in. */
const gap = z.strictObject({ ...task, gap: fraction, best: language, worst: language })

/** Recalls of the queries about one group of images, in the whole gallery. */
const group = z.strictObject({ ...task, language, group: z.string().min(1), queries: count.min(1), metrics: z.record(z.string(), z.number()) })

/** Recalls are fractions, ranks start at 1; further metrics may stand beside those named here. */
const metrics = z
  .object({ mean_recall: fraction.optional(), median_rank: z.number().min(1).optional() })
  .catchall(z.number())
  .superRefine((values, context) => {
    for (const [name, value] of Object.entries(values)) {
      const [low, high] = name.endsWith('_rank') ? [1, Number.POSITIVE_INFINITY] : /_R@\d+$/.test(name) ? [0, 1] : []
      if (low === undefined || (value! >= low && value! <= high!)) continue
      context.addIssue({ code: 'custom', path: [name], message: low === 0 ? 'expected a fraction, not percent' : 'expected a rank ≥ 1' })
    }
  })

const result = z
  .strictObject({
    ...task,
    /** BCP 47. */
    language,
    /** Candidates of an image→text query. */
    gallery: count.min(1),
    /** Image→text queries. */
    queries: count.min(1),
    /** Both directions, where they differ: with five captions per image, text→image has five times the queries. */
    directions: z.strictObject({ text_to_image: direction.optional(), image_to_text: direction.optional() }).optional(),
    metrics,
    /** 95 % bootstrap intervals by metric. */
    interval95: z.record(z.string(), interval).optional(),
    /** mean_recall over the teacher's on the same protocol and language. */
    retention: z.number().min(0).optional(),
  })
  .superRefine((row, context) => {
    // Pixels know no words: only they may lack text→image.
    const required = row.model === 'pixel-nn' ? recallNames().slice(3) : [...recallNames(), 'mean_recall', 'median_rank']
    for (const name of required) {
      if (row.metrics[name] === undefined) context.addIssue({ code: 'custom', path: ['metrics', name], message: 'missing' })
    }
  })

const freeQueryMetrics = z.strictObject({ 'precision@5': fraction, 'hit@5': fraction, 'ndcg@10': fraction })

/** Free queries, each with several relevant images: the scores of all of them, or of those of one kind. */
const freeQuery = z.strictObject({
  ...task,
  language,
  /** Absent for all kinds together. */
  kind: z.string().min(1).optional(),
  queries: count.min(1),
  gallery: count.min(1),
  metrics: freeQueryMetrics,
  /** What a ranking in random order is expected to score on the same queries. */
  chance: freeQueryMetrics,
  /** 95 % bootstrap intervals over the queries. */
  interval95: z.strictObject({ 'precision@5': interval, 'hit@5': interval, 'ndcg@10': interval }),
  /** Each metric over the teacher's on the same queries. */
  retention: z.partialRecord(z.enum(['precision@5', 'hit@5', 'ndcg@10']), z.number().min(0)).optional(),
})

const provenance = z.strictObject({
  /** The resolved configuration of the command. */
  config: z.record(z.string(), z.unknown()),
  seed: z.number().int(),
  /** This package's and its dependencies' versions, and Node's. */
  versions: z.record(z.string(), z.string()),
  machine: z.strictObject({ cpu: z.string(), cores: count, memoryMB: count, platform: z.string(), device: z.string().optional() }),
  /** Null when the program does not run from its own git repository. */
  commit: z.string().nullable(),
  /** Whether files differed from the commit. */
  dirty: z.boolean().optional(),
  minutes: z.number().min(0),
  peakMemoryMB: z.number().min(0),
})

/** What the models were trained and measured on; printed in the data box. */
const data = z.strictObject({
  corpus: z.string(),
  licence: z.string(),
  languages: z.array(z.string()),
  note: z.string().optional(),
  counts: z.record(z.string(), count).optional(),
})

/** `report.json`. Fractions everywhere, never percent. docs/report.md describes it for those who read it elsewhere. */
const reportSchema = z.strictObject({
  schema: z.literal(1),
  models: z.partialRecord(z.enum(modelNames), model),
  results: z.array(result),
  /** Protocols that a summary speaks of, the most important first; those that follow here are of the first one. Absent in older reports. */
  headline: z.array(z.string().min(1)).optional(),
  /** Of some of them the recall that stands beside mean recall. */
  headlineMeasures: z.record(z.string(), z.enum(recallNames())).optional(),
  freeQueries: z.array(freeQuery).optional(),
  /** Of pictures that nobody has captioned. */
  teacherAgreement: z.array(teacherAgreement).optional(),
  /** Of every model and protocol with two languages or more. */
  gaps: z.array(gap).optional(),
  /** These three on the headline protocol only, see headlineOf. */
  zeroShot: z.array(zeroShot).optional(),
  consistency: z.array(consistency).optional(),
  groups: z.array(group).optional(),
  provenance,
  data: z.array(data).optional(),
  /** Protocols without a pixel baseline, and why. */
  baseline: z.array(z.strictObject({ protocol: z.string(), reason: z.string() })).optional(),
  /** What to type to get this report again. */
  commands: z.array(z.string()).optional(),
})

export type Report = z.infer<typeof reportSchema>
export type ReportResult = z.infer<typeof result>
export type ReportModel = z.infer<typeof model>
export type ZeroShotRow = z.infer<typeof zeroShot>
export type ConsistencyRow = z.infer<typeof consistency>
export type TeacherAgreementRow = z.infer<typeof teacherAgreement>
export type GapRow = z.infer<typeof gap>
export type GroupRow = z.infer<typeof group>
export type FreeQueryRow = z.infer<typeof freeQuery>
export type Provenance = z.infer<typeof provenance>

/**
 * Checks a report against the schema and returns it.
 * @param where the file or command it comes from
 * @throws UserError naming the first field that is wrong, and how many more are
 */
export function parseReport(value: unknown, where = 'report.json'): Report {
  const parsed = reportSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [first, ...others] = parsed.error.issues
  const more = others.length > 0 ? ` (and ${others.length} more)` : ''
  throw new UserError({
    where: `${where}, ${first!.path.join('.') || 'top level'}`,
    expected: 'a report of schema 1',
    got: `"${first!.message}"${more}`,
    hint: 'Write it with this version of distilingual, or evaluate the model again.',
  })
}
