import type { Framing } from '../corpora/framing.ts'
import { recallSection, recallTitle } from '../report/card.ts'
import { languageName, megabytes, parameterCount, percent, totalParameters } from '../report/format.ts'
import type { Report } from '../report/schema.ts'
import { tableMarkdown } from '../report/tables/markdown.ts'
import { thresholdSection } from './card-threshold.ts'
import { usage } from './card-usage.ts'
import type { ExportedFiles, FileSizes, Parity, RecallRow } from './exported-files.ts'
import { layerName } from './sensitivity.ts'

/** What only the caller knows about a model. */
export interface CardOptions {
  name?: string
  /** BCP 47. */
  languages?: string[]
  data?: { corpus: string; licence: string; note?: string }[]
  /** Name of the model this one was distilled from. */
  teacher?: string
  /** Names of the towers that this one was made of. */
  towers?: { image: string; text: string }
  /** Evaluation of this model: its rows become the recall table. */
  report?: Report
  /** What the model does not know or was not measured on, one sentence each. */
  limits?: string[]
}

export interface Card extends CardOptions {
  name: string
  config: {
    projection_dim: number
    kept_image_tower?: string
    vision_config: { image_size: number }
    text_config: { max_position_embeddings: number }
  }
  framing?: Framing
  /** Not said of a model that is made of others' towers. */
  parameters?: { image: number; text: number }
  sizes: FileSizes[]
  parity: Parity[]
  recall: RecallRow[]
  thresholds?: ExportedFiles['thresholds']
  keptFp32: string[]
  leaveOut: ('combined' | 'safetensors')[]
  /** Whether Python's CLIPModel computes the same from model.safetensors. */
  python: boolean
}

/** README.md of an exported folder: what the model is, knows, costs and does not know, and how to load it. */
export function modelCard(card: Card): string {
  const sections = [
    frontMatter(card),
    `# ${card.name}`,
    introduction(card),
    usage(card),
    sizes(card),
    losses(card),
    recall(card),
    thresholdSection(card.thresholds ?? {}),
    data(card),
    limits(card),
  ]
  return `${sections.filter(Boolean).join('\n\n')}\n`
}

function frontMatter({ languages = [] }: Card): string {
  const lines = [
    ...(languages.length > 0 ? ['language:', ...languages.map((code) => `- "${code}"`)] : []),
    'library_name: transformers.js',
    'pipeline_tag: zero-shot-image-classification',
    'tags:\n- clip\n- distillation\n- onnx',
  ]
  return `---\n${lines.join('\n')}\n---`
}

function introduction({ config, parameters, languages = [], teacher, towers }: Card): string {
  const spoken = languages.length > 0 ? ` in ${languages.map(languageName).join(', ')}` : ''
  const { image_size: size } = config.vision_config
  const { max_position_embeddings: context } = config.text_config
  const bridged = towers
    ? ` Two pretrained towers, which stay as they were, and a head trained between them: ${towers.image} sees, ${towers.text} reads.`
    : ''
  const kept = config.kept_image_tower
  const origin = teacher ? ` Distilled from ${teacher}.` : bridged
  const weights = parameters
    ? `${parameterCount(totalParameters({ parameters, bytes: {} }))} parameters (image ${parameterCount(parameters.image)}, text ${parameterCount(parameters.text)}); `
    : ''
  return [
    `A compact CLIP: pictures and texts${spoken} in one space of ${config.projection_dim} dimensions.${origin}`,
    `${weights}images of ${size} × ${size} pixels, texts of up to ${context} tokens. Made with distilingual.`.replace(/^i/, 'I'),
    ...(kept === undefined
      ? []
      : [
          `The image tower is that of ${kept}, kept as it is, in ONNX alone; \`model.safetensors\` holds the text tower. Python's \`CLIPModel\` does not read this folder.`,
        ]),
  ].join('\n')
}

function sizes({ sizes, parity }: Card): string {
  const head = ['format', 'image', 'text', 'both', 'cosine to training, image', 'text']
  const body = sizes.map(({ dtype, bytes }) => {
    const near = parity.find((row) => row.dtype === dtype)
    const cosines = near ? [near.image.mean, near.text.mean].map((value) => value.toFixed(5)) : ['–', '–']
    return [dtype, megabytes(bytes.vision_model), megabytes(bytes.text_model), megabytes(bytes.vision_model + bytes.text_model), ...cosines]
  })
  const columns = head.map((title, i) => ({ title, isText: i === 0 }))
  return `## Sizes\n\n${tableMarkdown({ title: 'Sizes', columns, rows: body })}`
}

/** What the formats lose on the validation protocol that the export was checked with. */
function losses({ recall, keptFp32 }: Card): string {
  const rows = recall.filter(({ dtype }) => dtype !== 'fp32') // the same as in training
  if (rows.length === 0) return ''
  const head = ['format', 'language', 'mean recall', 'in training', 'points lost', '95 %', 'images']
  const body = rows.map((row) => [
    row.dtype,
    languageName(row.language),
    percent(row.meanRecall),
    percent(row.reference),
    points(row.drop),
    row.interval.map(points).join(' to '),
    `${row.images}`,
  ])
  const kept = keptFp32.length > 0 ? `\n\nLeft in fp32: ${keptFp32.map(layerName).join(', ')}.` : ''
  const columns = head.map((title, i) => ({ title, isText: i < 2 }))
  const table = tableMarkdown({ title: 'Losses', columns, rows: body })
  return `What the formats lose on \`${recall[0]!.protocol}\`, one image or text at a time, in percent:\n\n${table}${kept}`
}

function points(drop: number): string {
  return drop.toFixed(2).replace(/^-0\.00$/, '0.00')
}

function recall({ report }: Card): string {
  const body = report ? recallSection(report) : ''
  return body && `## ${recallTitle}\n\n${body}`
}

function data({ data = [] }: Card): string {
  if (data.length === 0) return ''
  const lines = data.map(({ corpus, licence, note }) => `- **${corpus}**: ${licence}${note ? `; ${note}` : ''}`)
  return `## Data and licences\n\n${lines.join('\n')}`
}

function limits({ limits = [], config }: Card): string {
  const always = [
    'It knows what its training data shows, and little else: measure it on your own pictures and words before you rely on it.',
    `It sees ${config.vision_config.image_size} × ${config.vision_config.image_size} pixels: small details and writing are lost.`,
    'It repeats what its captions say, their mistakes and prejudices included.',
  ]
  return `## Limits\n\n${[...limits, ...always].map((line) => `- ${line}`).join('\n')}`
}
