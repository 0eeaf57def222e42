import { UserError } from '../../base/errors.ts'
import { type Field, fieldsOf, lengthField, packedVarints, textOf } from './wire.ts'

/** An input or output of a model. */
export interface Port {
  name: string
  /** ONNX's number of the element type. */
  elementType: number
  /** Names and absent sizes of dynamic axes are ''; absent where the file does not say even how many axes there are. */
  dims?: (number | '')[]
}

interface Weight {
  name: string
  dims: number[]
  /** ONNX's number of the element type. */
  elementType: number
  /** Where else it lies: a file beside the model, and the bytes of it there. */
  external?: { file: string; offset: number; length?: number }
}

interface Part {
  bytes: Uint8Array
}

interface Operation {
  op: string
  inputs: string[]
  /** Values that its inner graphs (If, Loop) take from around it. */
  captured: string[]
  outputs: string[]
}

/** An ONNX file taken apart without understanding or copying what is in it: operators, functions and weights of any kind may be there. */
export interface ModelBytes {
  where: string
  inputs: (Port & Part)[]
  outputs: (Port & Part)[]
  operations: (Operation & Part)[]
  weights: (Weight & Part)[]
  /** What else the graph and the model hold. */
  graphRest: Part[]
  modelRest: Part[]
}

/** @throws UserError for bytes that are not an ONNX model */
export function readModelBytes(bytes: Uint8Array, where: string): ModelBytes {
  const model: ModelBytes = { where, inputs: [], outputs: [], operations: [], weights: [], graphRest: [], modelRest: [] }
  try {
    for (const field of fieldsOf(bytes)) {
      if (field.number === 7 && field.bytes.length > 0) readGraph(field.bytes, model)
      else model.modelRest.push({ bytes: field.whole })
    }
  } catch (cause) {
    throw notOnnx(where, (cause as Error).message)
  }
  if (model.outputs.length === 0) throw notOnnx(where, 'no graph inside')
  const weights = new Set(model.weights.map(({ name }) => name))
  model.inputs = model.inputs.filter(({ name }) => !weights.has(name)) // files of IR 3 announce weights as inputs
  return model
}

/** What outputs depend on. */
export interface Reach {
  inputs: string[]
  operations: ModelBytes['operations']
  weights: ModelBytes['weights']
}

/** Everything that the named values are computed from; operations may stand in any order. */
export function reachOf(model: ModelBytes, outputs: readonly string[]): Reach {
  const makers = new Map(model.operations.flatMap((operation) => operation.outputs.map((name) => [name, operation] as const)))
  const needed = new Set<ModelBytes['operations'][number]>()
  const seen = new Set<string>()
  const waiting = [...outputs]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    const operation = makers.get(name)
    if (!operation || needed.has(operation)) continue
    needed.add(operation)
    waiting.push(...operation.inputs, ...operation.captured)
  }
  return {
    inputs: model.inputs.map(({ name }) => name).filter((name) => seen.has(name)),
    operations: model.operations.filter((operation) => needed.has(operation)),
    weights: model.weights.filter(({ name }) => seen.has(name)),
  }
}

/** The ONNX file of that part of a model that computes `outputs`. Weights in other files stay there, under the same name. */
export function cutModel(model: ModelBytes, outputs: readonly string[]): Uint8Array {
  const { inputs, operations, weights } = reachOf(model, outputs)
  const fields = (number: number, parts: readonly Part[]) => parts.flatMap(({ bytes }) => lengthField(number, [bytes]))
  const graph = [
    ...fields(1, operations),
    ...model.graphRest.map(({ bytes }) => bytes),
    ...fields(5, weights),
    ...fields(
      11,
      model.inputs.filter(({ name }) => inputs.includes(name)),
    ),
    ...fields(
      12,
      outputs.map((name) => model.outputs.find((output) => output.name === name)!),
    ),
  ]
  return Buffer.concat([...model.modelRest.map(({ bytes }) => bytes), ...lengthField(7, graph)])
}

/** A weight that lies elsewhere, with its bytes inside. */
export function inlined(weight: ModelBytes['weights'][number], raw: Uint8Array): ModelBytes['weights'][number] {
  const kept = [...fieldsOf(weight.bytes)].filter(({ number }) => number !== 13 && number !== 14).map(({ whole }) => whole)
  return { ...weight, bytes: Buffer.concat([...kept, ...lengthField(9, [raw])]) }
}

/** Numbers of GraphProto's fields. Shapes of inner values (13) and notes on quantization (14) name values that a part may not have: they are left out. */
function readGraph(graph: Uint8Array, model: ModelBytes): void {
  for (const { number, bytes, whole } of fieldsOf(graph)) {
    if (number === 1) model.operations.push({ ...readOperation(bytes), bytes })
    else if (number === 5) model.weights.push({ ...readWeight(bytes), bytes })
    else if (number === 11) model.inputs.push({ ...readPort(bytes), bytes })
    else if (number === 12) model.outputs.push({ ...readPort(bytes), bytes })
    else if (number !== 13 && number !== 14) model.graphRest.push({ bytes: whole })
  }
}

function readOperation(bytes: Uint8Array): Operation {
  const operation: Operation = { op: '', inputs: [], captured: [], outputs: [] }
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) operation.inputs.push(textOf(field.bytes))
    else if (field.number === 2) operation.outputs.push(textOf(field.bytes))
    else if (field.number === 4) operation.op = textOf(field.bytes)
    else if (field.number === 5) operation.captured.push(...innerNames(field.bytes))
  }
  return operation
}

/** Every name that inner graphs of an attribute read: those made inside lead nowhere outside. */
function innerNames(attribute: Uint8Array): string[] {
  const graphs = fieldsNumbered(attribute, 6, 11)
  return graphs.flatMap(({ bytes }) => {
    const inner = fieldsNumbered(bytes, 1).map((node) => readOperation(node.bytes))
    const given = fieldsNumbered(bytes, 12).map((output) => readPort(output.bytes).name)
    return [...inner.flatMap(({ inputs, captured }) => [...inputs, ...captured]), ...given]
  })
}

function readWeight(bytes: Uint8Array): Weight {
  const weight: Weight = { name: '', dims: [], elementType: 0 }
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) weight.dims.push(...(field.bytes.length > 0 ? packedVarints(field.bytes) : [field.value]))
    else if (field.number === 2) weight.elementType = field.value
    else if (field.number === 8) weight.name = textOf(field.bytes)
    else if (field.number === 13) {
      const [key, value] = [1, 2].map((number) => textOf(fieldsNumbered(field.bytes, number)[0]?.bytes ?? new Uint8Array(0)))
      const known = weight.external ?? { file: '', offset: 0 }
      if (key === 'location') weight.external = { ...known, file: value! }
      else if (key === 'offset' || key === 'length') weight.external = { ...known, [key]: Number(value) }
    }
  }
  return weight
}

function readPort(bytes: Uint8Array): Port {
  const port: Port = { name: '', elementType: 0 }
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) port.name = textOf(field.bytes)
    const [tensor] = field.number === 2 ? fieldsNumbered(field.bytes, 1) : []
    if (!tensor) continue
    port.elementType = fieldsNumbered(tensor.bytes, 1)[0]?.value ?? 0
    const [shape] = fieldsNumbered(tensor.bytes, 2)
    port.dims = shape && fieldsNumbered(shape.bytes, 1).map((dim) => fieldsNumbered(dim.bytes, 1)[0]?.value || '')
  }
  return port
}

function fieldsNumbered(message: Uint8Array, ...numbers: number[]): Field[] {
  return [...fieldsOf(message)].filter(({ number }) => numbers.includes(number))
}

function notOnnx(where: string, reason: string): UserError {
  return new UserError({
    where,
    expected: 'an ONNX model',
    got: `bytes that do not parse as one (${reason})`,
    hint: 'The file may be cut short or of another format: fetch or export it again.',
  })
}
