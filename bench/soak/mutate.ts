import { random } from '../../base/random.ts'

/** What parsers trip over: brackets without end, numbers at the edges, bytes that are no UTF-8. */
const spices = ['[', '{', '"', '\\', ',', '\n', '\0', '-1', '1e999', '9007199254740993', 'null', '\u202e', '\u001b[2J', '__proto__'].map((text) =>
  Buffer.from(text),
)

/** Other bytes made of `bytes`, a pure function of the seed: one to four changes of a bit, a byte, a number, a stretch. Differs from `bytes` unless those are empty. */
export function mutate(bytes: Uint8Array, seed: number): Buffer {
  const next = random(seed, 77)
  const below = (n: number) => Math.floor(next() * n)
  let result: Buffer = Buffer.from(bytes)
  for (let changes = 1 + below(4); changes > 0 || (result.equals(bytes) && bytes.length > 0); changes--) {
    const at = below(result.length)
    const end = Math.min(result.length, at + 1 + below(next() < 0.5 ? 8 : 256))
    const cut = [result.subarray(0, at), result.subarray(at, end), result.subarray(end)] as const
    const spice = spices[below(spices.length)]!
    const ways: (() => Buffer)[] = [
      () => changed(result, at, (result[at] ?? 0) ^ (1 << below(8))),
      () => changed(result, at, below(256)),
      () => changed(result, at, [0, 0x7f, 0x80, 0xff][below(4)]!),
      () => Buffer.concat([cut[0], cut[2]]),
      () => Buffer.concat([cut[0], cut[1], cut[1], cut[2]]),
      () => Buffer.concat([cut[0], spice, result.subarray(at)]),
      () => Buffer.concat([cut[0], ...Array.from({ length: 1 + below(2000) }, () => spice), cut[2]]),
      () => Buffer.from(result.subarray(0, at)),
      () => Buffer.concat([cut[0], Buffer.alloc(cut[1].length, 0xff), cut[2]]),
    ]
    result = ways[below(ways.length)]!()
  }
  return result
}

function changed(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  if (at < copy.length) copy[at] = value
  return copy
}
