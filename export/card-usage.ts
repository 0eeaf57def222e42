import { clipFraming, type Framing, framingInWords } from '../corpora/framing.ts'
import type { ClipConfig } from '../models/config.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'

/** What that depends on. */
export interface UsageFacts {
  config: ClipConfig
  framing?: Framing
  sizes: { dtype: ModelDtype }[]
  leaveOut: ('combined' | 'safetensors')[]
  python: boolean
}

/** How to load the model, and how to prepare pictures for it. */
export function usage({ config, framing = clipFraming, sizes, leaveOut, python }: UsageFacts): string {
  const older = ['fp32', 'q8'].filter((format) => sizes.some(({ dtype }) => dtype === format))
  const ways = [
    leaveOut.includes('combined')
      ? 'The pipeline `image-feature-extraction`'
      : 'The pipelines `zero-shot-image-classification` and `image-feature-extraction`',
    ...(older.length > 0 ? [`\`@xenova/transformers\` 2.17 (${older.join(' and ')})`] : []),
    'onnxruntime in any language (`onnx/`)',
    ...(leaveOut.includes('safetensors') || !python ? [] : ["Python's `CLIPModel.from_pretrained` (`model.safetensors`)"]),
  ]
  const size = config.vision_config.image_size
  const side = Math.round(size * framing.zoom) // the processor cuts what is left to cut
  const dtype = sizes.some((row) => row.dtype === 'q8') ? 'q8' : sizes[0]!.dtype
  return `## Use

In Node, with \`npm install @huggingface/transformers sharp\`; \`dir\` is this folder:

\`\`\`js
import { AutoProcessor, AutoTokenizer, CLIPTextModelWithProjection, CLIPVisionModelWithProjection, RawImage } from '@huggingface/transformers'
import sharp from 'sharp'
const [tokenizer, processor, text, vision] = await Promise.all([AutoTokenizer, AutoProcessor, CLIPTextModelWithProjection, CLIPVisionModelWithProjection].map((part) => part.from_pretrained(dir, { dtype: '${dtype}' })))
const { text_embeds } = await text(tokenizer(['a red apple', '红苹果'], { padding: true, truncation: true }))
${photographLines(framing, size)}
const { image_embeds } = await vision(await processor(new RawImage(await picture.toColourspace('srgb').raw().toBuffer(), ${side}, ${side}, 3)))
\`\`\`

Both are of length 1: their dot product is their similarity. Resizing with sharp first matters: the library's own resizer makes small
pictures look different from those the model has learnt from. That is for photographs (${framingInWords(framing, size)}); of a drawing on a transparent ground show all that is
visible: \`picture = sharp(file).autoOrient().trim({ background: '#0000', threshold: 8 }).flatten({ background: 'white' }).resize(${size}, ${size}, { fit: 'contain', background: 'white', kernel: 'cubic' })${margin(framing, size)}\`.

${ways.join(', ')} work too.`
}

/** sharp's lines for what training sees of a photograph, before the processor cuts it. */
function photographLines(framing: Framing, size: number): string {
  const side = Math.round(size * framing.zoom)
  const kernel = { bicubic: 'cubic', bilinear: 'linear', lanczos: 'lanczos3', nearest: 'nearest', box: 'cubic', hamming: 'cubic' }[framing.filter]
  const options = `{ fit: 'fill', kernel: '${kernel}', fastShrinkOnLoad: false }`
  const upright = "sharp(file).autoOrient().flatten({ background: 'white' })"
  if (framing.resize === 'stretch') return `const picture = ${upright}.resize(${side}, ${side}, ${options})`
  const isWhole = framing.resize === 'longest'
  const square = isWhole ? `.resize(${side}, ${side}, { fit: 'contain', background: 'black' })` : cropped(side)
  return `const { width, height } = (await sharp(file).metadata()).autoOrient
const [across, down] = [width, height].map((length) => Math.floor((${side} * length) / Math.${isWhole ? 'max' : 'min'}(width, height)))
const picture = ${upright}.resize(across, down, ${options})${square}`
}

function cropped(side: number): string {
  return `.extract({ left: (across - ${side}) >> 1, top: (down - ${side}) >> 1, width: ${side}, height: ${side} })`
}

/** What the processor would cut off a drawing. */
function margin({ zoom }: Framing, size: number): string {
  const more = Math.round(size * zoom) - size
  if (more <= 0) return ''
  const [before, after] = [Math.floor(more / 2), Math.ceil(more / 2)]
  return `.extend({ top: ${before}, left: ${before}, bottom: ${after}, right: ${after}, background: 'white' })`
}
