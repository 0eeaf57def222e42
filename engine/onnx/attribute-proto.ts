/** Node attributes in an ONNX file. */
import { UserError } from '../../base/errors.ts'
import type { Attribute } from './model.ts'
import { decodeTensor, encodeTensor, type Int, type TensorProto, toNumber } from './tensor-proto.ts'

export interface AttributeProto {
  name?: string
  type?: number
  f?: number
  i?: Int
  s?: Uint8Array
  t?: TensorProto
  floats?: number[]
  ints?: Int[]
}

/** AttributeProto.AttributeType */
const FLOAT = 1
const INT = 2
const STRING = 3
const TENSOR = 4
const FLOATS = 6
const INTS = 7
const otherNames: Record<number, string> = { 5: 'a subgraph', 8: 'a list of strings', 9: 'a list of tensors', 10: 'a list of subgraphs' }

/** The largest int64 that a number holds: 2⁶³−1, as ONNX writes "to the end", reads as 2⁶³, which no file can hold. */
const most = 2 ** 63 - 1024

/** Returns the file's form of an attribute. */
export function encodeAttribute(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return { name, type: INT, i: Math.min(value, most) }
  if (typeof value === 'string') return { name, type: STRING, s: new TextEncoder().encode(value) }
  if (Array.isArray(value)) return { name, type: INTS, ints: value.map((number) => Math.min(number, most)) }
  if ('float' in value) return { name, type: FLOAT, f: value.float }
  if ('floats' in value) return { name, type: FLOATS, floats: value.floats }
  return { name, type: TENSOR, t: encodeTensor(value, '') }
}

/**
 * Returns an attribute from its file form.
 * @throws UserError for kinds that `Attribute` cannot hold, subgraphs above all
 */
export function decodeAttribute(proto: AttributeProto, where: string): Attribute {
  switch (proto.type) {
    case FLOAT:
      return { float: proto.f ?? 0 }
    case INT:
      return toNumber(proto.i)
    case STRING:
      return Object.hasOwn(proto, 's') ? new TextDecoder().decode(proto.s) : '' // protobufjs's own default is a list
    case TENSOR:
      if (proto.t) return decodeTensor(proto.t, where)
      break
    case FLOATS:
      return { floats: proto.floats ?? [] }
    case INTS:
      return (proto.ints ?? []).map(toNumber)
  }
  throw new UserError({
    where: `${where}, attribute '${proto.name ?? ''}'`,
    expected: 'a number, a string, a tensor or a list of numbers',
    got: otherNames[proto.type ?? 0] ?? `attribute type ${proto.type ?? 0}`,
    hint: 'Export the model again without control flow, or give the two towers as separate files.',
  })
}
