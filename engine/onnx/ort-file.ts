import { ByteBuffer } from 'flatbuffers'

/** An operator as a runtime that is built for few of them has to know it. */
export interface RequiredOperator {
  domain: string // '' is ai.onnx
  /** The opset version in which the operator got its present form. */
  since: number
  op: string
}

/**
 * Returns the operators of an .ort file, each once, in the order of domain, version and name. Offsets are those of ort.fbs in onnxruntime's
 * source (onnxruntime/core/flatbuffers/schema).
 * @throws Error for bytes that are no such file
 */
export function operatorsIn(file: Uint8Array): RequiredOperator[] {
  const buffer = new ByteBuffer(file)
  if (!buffer.__has_identifier('ORTM')) throw new Error('not a file in ORT format')
  const root = buffer.readInt32(buffer.position()) + buffer.position()
  const model = table(buffer, root, slots.session.model)
  const graph = table(buffer, model, slots.model.graph)
  const found = new Map<string, RequiredOperator>()
  for (const node of tables(buffer, graph, slots.graph.nodes)) {
    const version = buffer.__offset(node, slots.node.since)
    const operator = {
      domain: text(buffer, node, slots.node.domain),
      since: version ? buffer.readInt32(node + version) : 0,
      op: text(buffer, node, slots.node.op),
    }
    found.set(JSON.stringify(operator), operator)
  }
  const order = ({ domain, since, op }: RequiredOperator) => `${domain} ${String(since).padStart(4, '0')} ${op}`
  return [...found.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1))
}

/** Places in a table's list of fields: 4 + 2 · the field's number. */
const slots = { session: { model: 6 }, model: { graph: 18 }, graph: { nodes: 8 }, node: { domain: 8, since: 10, op: 14 } }

function table(buffer: ByteBuffer, at: number, slot: number): number {
  const offset = buffer.__offset(at, slot)
  if (!offset) throw new Error('a file in ORT format without a graph')
  return buffer.__indirect(at + offset)
}

function tables(buffer: ByteBuffer, at: number, slot: number): number[] {
  const offset = buffer.__offset(at, slot)
  const start = offset ? buffer.__vector(at + offset) : 0
  return Array.from({ length: offset ? buffer.__vector_len(at + offset) : 0 }, (_, i) => buffer.__indirect(start + 4 * i))
}

function text(buffer: ByteBuffer, at: number, slot: number): string {
  const offset = buffer.__offset(at, slot)
  return offset ? String(buffer.__string(at + offset)) : ''
}
