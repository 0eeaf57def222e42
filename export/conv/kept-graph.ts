import { readFile } from 'node:fs/promises'
import { UserError } from '../../base/errors.ts'
import type { Graph } from '../../engine/onnx/model.ts'
import { prune } from '../../engine/onnx/passes.ts'
import { decodeModel } from '../../engine/onnx/proto.ts'
import type { KeptImageTower } from '../../models/kept-image.ts'
import { foldWeights } from './fold-weights.ts'

/**
 * An image tower that is kept, as an export's files have it: `pixel_values` → `image_embeds` [b, E] of unit length and nothing else, weights in fp32.
 * @throws UserError for a file that is no ONNX model, and for one computed in float16
 */
export async function keptGraph({ file }: KeptImageTower): Promise<Graph> {
  const graph = decodeModel(await readFile(file), file)
  const [input] = graph.inputs
  if (input?.dtype !== 'float32') {
    const hint = 'Keep a tower whose weights alone are smaller, or its fp32 file.'
    throw new UserError({ where: file, expected: 'pixel_values in float32', got: `${input?.name} in ${input?.dtype}`, hint })
  }
  // The one that openTower chooses.
  const output = graph.outputs.find(({ name }) => name === embeds) ?? graph.outputs.find(({ dims }) => dims.length === 2)!
  const raw = output.name === embeds ? `${embeds}_raw` : output.name
  const renamed = (names: string[]) => names.map((name) => (name === embeds ? raw : name))
  const nodes = graph.nodes.map((node) => ({ ...node, inputs: renamed(node.inputs), outputs: renamed(node.outputs) }))
  const unit = { op: 'LpNormalization', domain: '', inputs: [raw], outputs: [embeds], attributes: { axis: 1, p: 2 } }
  return foldWeights(prune({ ...graph, name: 'vision_model', nodes: [...nodes, unit], outputs: [{ ...output, name: embeds }] }))
}

const embeds = 'image_embeds'
