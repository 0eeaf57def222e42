import test from 'ava'
import { decodeNpy, encodeNpy } from '../../engine/npy.ts'
import { throwsUserError } from '../user-error.ts'

const rows = Float32Array.of(0, 1, -2, 0.5, 65504, 2 ** -14)

test('lays a float16 matrix out as NumPy does', (t) => {
  const file = encodeNpy(rows, 3)
  t.deepEqual([...file.subarray(0, 8)], [0x93, 78, 85, 77, 80, 89, 1, 0])
  const length = file[8]! | (file[9]! << 8)
  t.is((10 + length) % 64, 0)
  t.regex(Buffer.from(file.subarray(10, 10 + length)).toString(), /^\{'descr': '<f2', 'fortran_order': False, 'shape': \(2, 3\), \} *\n$/)
  t.deepEqual([...new Uint16Array(file.slice(10 + length).buffer)], [0, 0x3c00, 0xc000, 0x3800, 0x7bff, 0x0400])
})

test('reads back what it wrote, from a Buffer inside a larger memory pool too', (t) => {
  const pool = Buffer.alloc(1000, 255)
  const file = encodeNpy(rows, 3)
  pool.set(file, 100)
  const { data, columns } = decodeNpy(pool.subarray(100, 100 + file.length), 'x.npy')
  t.deepEqual([...data], [...rows])
  t.is(columns, 3)
})

test('refuses a file that is cut short or something else', async (t) => {
  const file = encodeNpy(rows, 3)
  await throwsUserError(t, () => decodeNpy(file.subarray(0, file.length - 1), 'x.npy'), { where: /^x\.npy/, expected: /a complete \.npy matrix/ })
  await throwsUserError(t, () => decodeNpy(Buffer.from('not at all'), 'x.npy'), { where: /^x\.npy/ })
})
