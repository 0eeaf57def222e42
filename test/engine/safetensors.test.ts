import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { Params } from '../../engine/params.ts'
import { decodeSafetensors, encodeSafetensors } from '../../engine/safetensors.ts'
import { type Expected, throwsUserError } from '../user-error.ts'

/** A file laid out by hand: u64 length, header, then the bytes given. */
function file(header: string, tensors: number[] = [], length = header.length): Uint8Array {
  const bytes = new Uint8Array(8 + header.length + tensors.length)
  new DataView(bytes.buffer).setUint32(0, length, true)
  bytes.set(new TextEncoder().encode(header), 8)
  bytes.set(tensors, 8 + header.length)
  return bytes
}

const ONE = [0x00, 0x00, 0x80, 0x3f] // 1.0 as little-endian float32
const MINUS_TWO = [0x00, 0x00, 0x00, 0xc0]
const params: Params = { b: { shape: [2, 1], data: Float32Array.of(1, -2) }, a: { shape: [], data: Float32Array.of(1) } }
const header =
  '{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}'

test('the bytes of a file', (t) => {
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8)
  t.deepEqual(encodeSafetensors(params), file(padded, [...ONE, ...MINUS_TWO, ...ONE]))
})

test('reads a file laid out by hand, whatever lies around it in memory', (t) => {
  const bytes = file(header, [...ONE, ...MINUS_TWO, ...ONE])
  const around = new Uint8Array(bytes.length + 20).fill(0xff)
  around.set(bytes, 7)
  for (const given of [bytes, Buffer.from(bytes), around.subarray(7, 7 + bytes.length)]) {
    t.deepEqual(decodeSafetensors(given, 'file'), params)
  }
})

test('tensors may lie in another order than they are listed', (t) => {
  const turned = '{"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
  const got = decodeSafetensors(file(turned, [...ONE, ...MINUS_TWO]), 'file')
  t.deepEqual([got.a!.data[0], got.b!.data[0]], [1, -2])
})

test('round trip through a file on disk, exact to the bit', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'safetensors-'))
  const odd: Params = {
    'ein ü': { shape: [5], data: Float32Array.of(-0, Number.MIN_VALUE, 3.4e38, Number.POSITIVE_INFINITY, 0.1) },
    empty: { shape: [0], data: new Float32Array(0) },
  }
  await writeFile(join(dir, 'x'), encodeSafetensors(odd))
  const decoded = decodeSafetensors(await readFile(join(dir, 'x')), 'x')
  t.deepEqual(decoded, odd)
  await rm(dir, { recursive: true })
})

test('half floats become floats; integers are no parameters', async (t) => {
  const header =
    '{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]},"embeddings.position_ids":{"dtype":"I64","shape":[1,1],"data_offsets":[8,16]}}'
  const bytes = [0x00, 0x3c, 0x00, 0xc1, 0x80, 0x3f, 0x20, 0xc0, ...new Array(8).fill(0)] // 1, -2.5 each way
  const two = { shape: [2], data: Float32Array.of(1, -2.5) }
  t.deepEqual(decodeSafetensors(file(header, bytes), 'file'), { h: two, b: two })
})

const whole = encodeSafetensors(params)
const entry = (fields: string) => file(`{"w":{${fields}}}`, ONE)
const broken: Record<string, [Uint8Array, Expected]> = {
  'an empty file': [new Uint8Array(0), { expected: /a safetensors file/, got: /0 bytes/ }],
  'a Git LFS pointer': [
    new TextEncoder().encode('version https://git-lfs.github.com/spec/v1'),
    { expected: /a header of \d+ bytes/, got: /a file of 42 bytes/ },
  ],
  'a header cut short': [whole.subarray(0, 40), { expected: /a header of \d+ bytes/ }],
  'tensors cut short': [whole.subarray(0, whole.length - 4), { expected: /tensor a at bytes 8 to 12/, got: /8 bytes of tensors/ }],
  'a header that is no JSON': [file('{"a":'), { expected: /a JSON header/, got: /bytes that do not parse/ }],
  'a header that is null': [file('null'), { expected: /a JSON header/, got: 'null' }],
  'another number format': [entry('"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]'), { expected: /tensor w as F32, F16, BF16/, got: 'F8_E4M3' }],
  'a shape beyond all memory': [
    entry('"dtype":"F32","shape":[99999999999],"data_offsets":[0,4]'),
    { expected: /399999999996 bytes for tensor w \[99999999999\]/, got: '4' },
  ],
  'a shape that does not fit the bytes': [
    entry('"dtype":"F32","shape":[2],"data_offsets":[0,4]'),
    { expected: /8 bytes for tensor w \[2\]/, got: /4/ },
  ],
  'offsets before the tensors': [entry('"dtype":"F32","shape":[1],"data_offsets":[-4,0]'), { expected: /tensor w at bytes -4 to 0/ }],
  'an entry without offsets': [entry('"dtype":"F32","shape":[1]'), { expected: /dtype, shape and data_offsets of tensor w/ }],
  'a negative dimension': [entry('"dtype":"F32","shape":[-1],"data_offsets":[0,4]'), { expected: /dtype, shape and data_offsets of tensor w/ }],
  'a header nested as deep as it is long': [file(`{"w":${'['.repeat(200_000)}${']'.repeat(200_000)}}`), { expected: /(?:dtype|a JSON header)/ }],
  'a tensor twice': [
    file('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', ONE),
    { expected: /every tensor once/, got: /w twice/ },
  ],
  'tensors that overlap': [
    file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', ONE),
    { expected: /tensor b to begin at byte 4, where the one before ends/, got: /0/ },
  ],
  'bytes that belong to no tensor': [
    file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', [...ONE, 7]),
    { expected: /4 bytes of tensors/, got: /5/ },
  ],
  'a hole between tensors': [
    file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', [...ONE, ...ONE]),
    { expected: /tensor a to begin at byte 0, where the one before ends/, got: /4/ },
  ],
  'a header longer than any': [new Uint8Array(8).fill(0xff), { expected: /a header of \d+ bytes/, got: /a file of 8 bytes/ }],
  'an entry that is null': [file('{"w":null}'), { expected: /dtype, shape and data_offsets of tensor w/, got: /null/ }],
}
for (const [name, [bytes, expected]] of Object.entries(broken)) {
  test(`refuses ${name}`, async (t) => {
    const error = await throwsUserError(t, () => decodeSafetensors(bytes, 'model.safetensors'), expected)
    t.is(error.fields.where, 'model.safetensors')
  })
}
