import { UserError } from '../../base/errors.ts'
import { float16ToFloat32, float32ToFloat16 } from '../../engine/onnx/dtypes.ts'
import type { Numbers, NumberTensor, Session } from '../../engine/runtime.ts'

/**
 * Returns what a session asks for of `feeds`, in the element types it wants.
 * @throws UserError for inputs that nobody has, and for inputs of another type or shape
 */
export function chooseFeeds(where: string, session: Session, feeds: Record<string, NumberTensor>): Record<string, NumberTensor> {
  const chosen = session.inputs.map(({ name, type, dims }) => {
    const feed = feeds[name]
    if (!feed) {
      const expected = `no inputs besides ${Object.keys(feeds).join(', ')}`
      throw new UserError({ where, expected, got: `input ${name}`, hint: 'Export each tower on its own, with constant positions.' })
    }
    if (dims.length !== feed.dims.length || dims.some((dim, i) => typeof dim === 'number' && dim > 0 && dim !== feed.dims[i])) {
      const hint = 'The preprocessor and tokenizer in the folder must belong to the model; a batch of its own must be 1.'
      throw new UserError({ where: `${where}, input ${name}`, expected: `shape [${feed.dims}]`, got: `[${dims}]`, hint })
    }
    return [name, { data: convert(where, name, feed.data, type), dims: feed.dims }] as const
  })
  return Object.fromEntries(chosen)
}

/** One of the `count` items in `feeds`, as a batch of its own. */
export function itemOf(feeds: Record<string, NumberTensor>, item: number, count: number): Record<string, NumberTensor> {
  const one = Object.entries(feeds).map(([name, { data, dims }]) => {
    const stride = data.length / count
    return [name, { data: data.slice(item * stride, (item + 1) * stride), dims: [1, ...dims.slice(1)] }] as [string, NumberTensor]
  })
  return Object.fromEntries(one)
}

function convert(where: string, name: string, data: Numbers, type: string): Numbers {
  const real = data instanceof Float32Array
  if (type === 'float32' && real) return data
  if (type === 'float16' && real) return float32ToFloat16(data)
  if (type === 'int32' && !real) return data
  if (type === 'int64' && !real) return BigInt64Array.from(data as Int32Array, BigInt)
  const expected = real ? 'float32 or float16' : 'int64 or int32'
  throw new UserError({ where: `${where}, input ${name}`, expected, got: type, hint: 'Export the model with inputs of that type.' })
}

/** Results as float32. */
export function floats(data: Numbers, type: string): Float32Array {
  if (type !== 'float16') return data as Float32Array
  // Newer engines return a Float16Array: its bytes are the same.
  return float16ToFloat32(new Uint16Array(data.buffer, data.byteOffset, data.length))
}
