/** Reads and writes ONNX files. */
import protobuf from 'protobufjs'
import { UserError } from '../../base/errors.ts'
import { type AttributeProto, decodeAttribute, encodeAttribute } from './attribute-proto.ts'
import { dtypeFromOnnx, dtypeToOnnx } from './dtypes.ts'
import type { Graph, Node, TensorData, ValueInfo } from './model.ts'
import { onnxSchema } from './schema.ts'
import { decodeTensor, encodeTensor, type Int, type TensorProto, toNumber } from './tensor-proto.ts'

interface ModelProto {
  irVersion?: Int
  producerName?: string
  graph?: GraphProto | null
  opsetImport: { domain?: string; version?: Int }[]
  functions?: unknown[]
}

interface GraphProto {
  name?: string
  node: NodeProto[]
  initializer: TensorProto[]
  input: ValueInfoProto[]
  output: ValueInfoProto[]
  sparseInitializer?: unknown[]
}

interface NodeProto {
  name?: string
  opType?: string
  domain?: string
  input: string[]
  output: string[]
  attribute: AttributeProto[]
}

interface ValueInfoProto {
  name?: string
  type?: { tensorType?: { elemType?: number; shape?: { dim: DimensionProto[] } | null } | null } | null
}

interface DimensionProto {
  dimValue?: Int
  dimParam?: string
}

let modelType: protobuf.Type | undefined

/** Parses the schema on first use. */
function modelProto(): protobuf.Type {
  modelType ??= protobuf.parse(onnxSchema).root.lookupType('onnx.ModelProto')
  return modelType
}

/**
 * Returns the ONNX file of `graph`. The same graph gives the same bytes: nodes, initializers, attributes and opsets keep
 * their order. Floats in attributes are stored as float32.
 */
export function encodeModel(graph: Graph): Uint8Array {
  const initializer: TensorProto[] = []
  for (const [name, tensor] of graph.initializers) initializer.push(encodeTensor(tensor, name))
  const model: ModelProto = {
    irVersion: graph.irVersion,
    producerName: 'distilingual',
    graph: {
      name: graph.name,
      node: graph.nodes.map(encodeNode),
      initializer,
      input: graph.inputs.map(encodeValueInfo),
      output: graph.outputs.map(encodeValueInfo),
    },
    opsetImport: Object.entries(graph.opsets).map(([domain, version]) => ({ domain, version })),
  }
  return modelProto()
    .encode(model as unknown as protobuf.Message)
    .finish()
}

/**
 * Returns the graph in an ONNX file. Inputs that merely announce an initializer (files of IR 3) are left out; a dimension
 * without a size or a name gets the name ''.
 * @param where names the file in error messages
 * @throws UserError for bytes that are not an ONNX model, and for models that a `Graph` cannot hold: weights in another
 *   file, subgraphs (If, Loop), model-local functions, sparse tensors, element types such as float64
 */
export function decodeModel(bytes: Uint8Array, where = 'ONNX model'): Graph {
  const model = readProto(bytes, where)
  const { graph } = model
  if (model.functions?.length) throw unsupported(where, 'model-local functions')
  if (graph.sparseInitializer?.length) throw unsupported(where, 'sparse initializers')
  const initializers = new Map<string, TensorData>()
  for (const proto of graph.initializer) initializers.set(proto.name ?? '', decodeTensor(proto, where))
  const opsets: Record<string, number> = {}
  for (const { domain, version } of model.opsetImport) {
    opsets[domain === undefined || domain === 'ai.onnx' ? '' : domain] = toNumber(version)
  }
  const nodes = graph.node.map((node) => decodeNode(node, where))
  for (const { domain } of nodes) if (opsets[domain] === undefined) throw corrupt(where, `no opset for '${domain || 'ai.onnx'}'`)
  return {
    name: graph.name ?? '',
    nodes,
    inputs: graph.input.filter((value) => !initializers.has(value.name ?? '')).map((value) => decodeValueInfo(value, where)),
    outputs: graph.output.map((value) => decodeValueInfo(value, where)),
    initializers,
    opsets,
    irVersion: toNumber(model.irVersion),
  }
}

/** What a file holds, by names and shapes. */
export interface ModelOutline {
  outputs: string[]
  /** `dataType` is ONNX's number of the element type. */
  initializers: { name: string; dims: number[]; dataType: number }[]
}

/**
 * Returns the outline of an ONNX file, also where a `Graph` cannot hold it: weights may lie in another file.
 * @throws UserError for bytes that are not an ONNX model
 */
export function outlineModel(bytes: Uint8Array, where = 'ONNX model'): ModelOutline {
  const { output, initializer } = readProto(bytes, where).graph
  return {
    outputs: output.map(({ name = '' }) => name),
    initializers: initializer.map(({ name = '', dims, dataType = 0 }) => ({ name, dims: dims.map(toNumber), dataType })),
  }
}

function readProto(bytes: Uint8Array, where: string): ModelProto & { graph: GraphProto } {
  let model: ModelProto
  try {
    model = modelProto().decode(bytes) as unknown as ModelProto
  } catch (cause) {
    throw corrupt(where, cause instanceof Error ? cause.message : String(cause))
  }
  const { graph } = model
  if (!graph || (graph.output.length === 0 && graph.node.length === 0)) throw corrupt(where, 'no graph inside')
  return Object.assign(model, { graph })
}

function encodeNode(node: Node): NodeProto {
  const proto: NodeProto = {
    input: node.inputs,
    output: node.outputs,
    name: node.outputs.find((output) => output !== ''), // what runtimes print in errors and profiles
    opType: node.op,
    attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
  }
  if (node.domain !== '') proto.domain = node.domain
  return proto
}

function decodeNode(node: NodeProto, where: string): Node {
  const op = node.opType ?? ''
  const attributes: Node['attributes'] = {}
  for (const proto of node.attribute) {
    attributes[proto.name ?? ''] = decodeAttribute(proto, `${where}, ${op} node '${node.name || node.output[0]}'`)
  }
  const domain = !node.domain || node.domain === 'ai.onnx' ? '' : node.domain
  return { op, domain, inputs: node.input, outputs: node.output, attributes }
}

function encodeValueInfo({ name, dtype, dims }: ValueInfo): ValueInfoProto {
  const dim = dims.map((size): DimensionProto => {
    if (typeof size === 'number') return { dimValue: size }
    return size === '' ? {} : { dimParam: size }
  })
  return { name, type: { tensorType: { elemType: dtypeToOnnx(dtype), shape: { dim } } } }
}

function decodeValueInfo(value: ValueInfoProto, where: string): ValueInfo {
  const name = value.name ?? ''
  const tensor = value.type?.tensorType
  if (!tensor?.shape) throw unsupported(`${where}, value '${name}'`, 'an input or output that is no tensor of known rank')
  return {
    name,
    dtype: dtypeFromOnnx(tensor.elemType ?? 0, `${where}, value '${name}'`),
    dims: tensor.shape.dim.map((dim) => (has(dim, 'dimValue') ? toNumber(dim.dimValue) : has(dim, 'dimParam') ? dim.dimParam! : '')),
  }
}

/** Whether the file itself had the field: decoded messages answer absent fields with defaults of their prototype. */
function has(message: object, field: string): boolean {
  return Object.hasOwn(message, field)
}

function corrupt(where: string, reason: string): UserError {
  return new UserError({
    where,
    expected: 'an ONNX model',
    got: `bytes that do not parse as one (${reason})`,
    hint: 'The file may be cut short, a Git LFS pointer, or of another format: fetch or export it again.',
  })
}

function unsupported(where: string, what: string): UserError {
  return new UserError({
    where,
    expected: 'one plain graph with its weights inside',
    got: what,
    hint: 'Export the model again without them, or give the two towers as separate files.',
  })
}
