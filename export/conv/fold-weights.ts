import { dtypeToOnnx, elementCount, float16ToFloat32 } from '../../engine/onnx/dtypes.ts'
import type { Graph, Node, TensorData } from '../../engine/onnx/model.ts'
import { prune } from '../../engine/onnx/passes.ts'

/**
 * Works out weights that are stored in fewer bits: a Cast of an initializer to float32, and its product with a constant scale, become float32 initializers
 * under the names of what was computed. A file whose weights alone were rounded is then the fp32 model that its readers compute. Bytes that hold several numbers each
 * (uint8) stay as they are: worked out, they would take eight times the room.
 */
export function foldWeights(graph: Graph): Graph {
  const initializers = new Map(graph.initializers)
  const nodes = graph.nodes.filter((node) => {
    const folded = foldedCast(node, initializers) ?? foldedProduct(node, initializers)
    if (folded) initializers.set(node.outputs[0]!, folded)
    return !folded
  })
  return prune({ ...graph, nodes, initializers })
}

function foldedCast({ op, inputs, attributes }: Node, initializers: Graph['initializers']): TensorData | undefined {
  const tensor = initializers.get(inputs[0] ?? '')
  if (op !== 'Cast' || attributes.to !== dtypeToOnnx('float32') || !tensor || tensor.dtype === 'uint8') return undefined
  const data = tensor.dtype === 'float16' ? float16ToFloat32(tensor.data as Uint16Array) : Float32Array.from(tensor.data, Number)
  return { dtype: 'float32', dims: tensor.dims, data }
}

function foldedProduct({ op, inputs }: Node, initializers: Graph['initializers']): TensorData | undefined {
  const [values, scale] = inputs.map((name) => initializers.get(name))
  if (op !== 'Mul' || values?.dtype !== 'float32' || scale?.dtype !== 'float32' || scale.dims.length > values.dims.length) return undefined
  const factor = broadcast(scale, values.dims)
  return factor && { dtype: 'float32', dims: values.dims, data: Float32Array.from(values.data as Float32Array, (value, i) => value * factor(i)) }
}

/** The element of a smaller tensor that stands beside element i of a larger one; undefined where the smaller one is larger along an axis. */
function broadcast({ dims, data }: TensorData, larger: number[]): ((i: number) => number) | undefined {
  const padded = [...new Array<number>(larger.length - dims.length).fill(1), ...dims]
  if (padded.some((dim, axis) => dim !== 1 && dim !== larger[axis])) return undefined
  const strides = padded.map((dim, axis) => (dim === 1 ? 0 : elementCount(padded.slice(axis + 1))))
  return (i) => {
    let rest = i
    let place = 0
    for (let axis = larger.length - 1; axis >= 0; axis--) {
      place += (rest % larger[axis]!) * strides[axis]!
      rest = Math.floor(rest / larger[axis]!)
    }
    return Number(data[place]!)
  }
}
