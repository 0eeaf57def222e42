import { UserError } from '../../base/errors.ts'
import { type ModelBytes, type Port, reachOf } from '../../engine/onnx/model-bytes.ts'
import type { TowerName } from './files.ts'

/** Names of embeddings in the joint space, by who exports them: Hugging Face, jina-clip, sentence-transformers, open_clip, Chinese-CLIP's own script. */
const projected: Record<TowerName, string[]> = {
  vision: ['image_embeds', 'image_embeddings', 'l2norm_image_embeddings', 'image_features', 'unnorm_image_features'],
  text: ['text_embeds', 'text_embeddings', 'l2norm_text_embeddings', 'sentence_embedding', 'text_features', 'unnorm_text_features'],
}
/** SigLIP has no projection: there this is the embedding; elsewhere it is what a projection would still have to work on. */
const pooled = 'pooler_output'

export interface OutputRules {
  /** Take this output, whatever it is. */
  output?: string
  /** Whether the model is a SigLIP. */
  isSiglip: boolean
}

/**
 * Which output of a model is a tower's embedding.
 * @throws UserError where none is, or where it depends on what the other tower sees
 */
export function chooseOutput(model: ModelBytes, tower: TowerName, { output, isSiglip }: OutputRules): Port {
  const named = (name: string) => model.outputs.find((port) => port.name === name)
  const usual = projected[tower]
  const chosen = output ? named(output) : (usual.map(named).find(Boolean) ?? (isSiglip ? named(pooled) : undefined) ?? onlyOther(model, tower))
  if (chosen && (chosen.dims === undefined || chosen.dims.length === 2)) return requireOwnInputs(model, tower, chosen)
  const isUnprojected = !output && named(pooled) !== undefined
  throw new UserError({
    where: model.where,
    expected: `an output ${output ?? usual[0]} [batch, dim]`,
    got: model.outputs.map(({ name, dims }) => `${name} [${dims?.map((dim) => dim || '?') ?? '?'}]`).join(', '),
    hint: isUnprojected
      ? `${pooled} is not projected into the joint space: export the tower with its projection (get_image_features, get_text_features).`
      : 'Export the tower pooled and with its projection, or name one of its outputs.',
  })
}

/**
 * A projected tower beside an unprojected one has another space, even where the lengths are equal.
 * @throws UserError for such a pair
 */
export function requireAlike(vision: { where: string; output: string }, text: { where: string; output: string }): void {
  const isProjected = (tower: TowerName, { output }: { output: string }) => projected[tower].includes(output)
  if (vision.output !== pooled && text.output !== pooled) return
  if (isProjected('vision', vision) === isProjected('text', text)) return
  const [odd, other] = vision.output === pooled ? [vision, text] : [text, vision]
  throw new UserError({
    where: odd.where,
    expected: `an output in the joint space, as ${other.output} of ${other.where} is`,
    got: odd.output,
    hint: 'Export this tower with its projection too.',
  })
}

/** The one output of two axes that a tower has, under whatever name. */
function onlyOther(model: ModelBytes, tower: TowerName): Port | undefined {
  const foreign = [...projected[tower === 'vision' ? 'text' : 'vision'], pooled]
  const others = model.outputs.filter(({ name, dims }) => dims?.length === 2 && !foreign.includes(name) && !name.startsWith('logits'))
  return others.length === 1 ? others[0] : undefined
}

function requireOwnInputs(model: ModelBytes, tower: TowerName, chosen: Port): Port {
  const { inputs } = reachOf(model, [chosen.name])
  const isImage = (name: string) => model.inputs.find((port) => port.name === name)?.dims?.length === 4 || name === 'pixel_values'
  const foreign = inputs.filter((name) => isImage(name) !== (tower === 'vision'))
  if (foreign.length === 0 && inputs.length > 0) return chosen
  throw new UserError({
    where: `${model.where}, output ${chosen.name}`,
    expected: 'an embedding that depends on its own tower only',
    got: foreign.length > 0 ? `one that also needs ${foreign.join(', ')}` : 'one that depends on no input',
    hint: 'Export one file per tower.',
  })
}
