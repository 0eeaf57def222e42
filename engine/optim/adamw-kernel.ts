/**
 * The innermost loop of AdamW as a WebAssembly function: JavaScript has no vector instructions, and every step goes over every parameter.
 * Opcodes: https://webassembly.github.io/spec/core/appendix/index-instructions.html
 */

/** Byte addresses in the kernel's memory, multiples of 16; `end` is where the parameters end. */
export type AdamWKernel = (
  p: number,
  m: number,
  v: number,
  g: number,
  end: number,
  beta1: number,
  beta2: number,
  fresh1: number,
  fresh2: number,
  rate: number,
  epsilon: number,
  keep: number,
) => void

/**
 * Returns a function over float32 arrays in `memory`, four numbers at a time (at least four):
 * m ← β₁m + fresh₁·g, v ← β₂v + fresh₂·g², p ← keep·p − rate·m/(√v + ε).
 */
export function adamwKernel(memory: WebAssembly.Memory): AdamWKernel {
  const module = new WebAssembly.Module(Uint8Array.from(moduleBytes()))
  return new WebAssembly.Instance(module, { host: { memory } }).exports.update as AdamWKernel
}

const [i32, f32, v128] = [0x7f, 0x7d, 0x7b]
const simd = (op: number) => [0xfd, ...(op < 0x80 ? [op] : [op, 0x01])]
const f32x4 = { splat: simd(0x13), sqrt: simd(0xe3), add: simd(0xe4), sub: simd(0xe5), mul: simd(0xe6), div: simd(0xe7) }
const aligned = [4, 0] // to 2⁴ bytes, no offset
const load = (address: number) => [...get(address), ...simd(0x00), ...aligned]
const store = [...simd(0x0b), ...aligned]
const get = (local: number) => [0x20, local]
const set = (local: number) => [0x21, local]

/** Parameters as they are passed; from 5 on the seven constants. */
const passed = { p: 0, m: 1, v: 2, g: 3, end: 4, constants: 5 }
/** Vectors: the constants four times each, and what the loop computes. */
const local = { beta1: 12, beta2: 13, fresh1: 14, fresh2: 15, rate: 16, epsilon: 17, keep: 18, slope: 19, first: 20, second: 21 }

function loop(): number[] {
  const { p, m, v, g, end } = passed
  const { beta1, beta2, fresh1, fresh2, rate, epsilon, keep, slope, first, second } = local
  const { sqrt, add, sub, mul, div } = f32x4
  return [
    ...[...load(g), ...set(slope)],
    ...[...get(beta1), ...load(m), ...mul, ...get(fresh1), ...get(slope), ...mul, ...add, ...set(first)],
    ...[...get(m), ...get(first), ...store],
    ...[...get(beta2), ...load(v), ...mul, ...get(fresh2), ...get(slope), ...mul, ...get(slope), ...mul, ...add, ...set(second)],
    ...[...get(v), ...get(second), ...store],
    ...[...get(p), ...get(keep), ...load(p), ...mul, ...get(rate), ...get(first), ...mul],
    ...[...get(second), ...sqrt, ...get(epsilon), ...add, ...div, ...sub, ...store],
    ...[p, m, v, g].flatMap((address) => [...get(address), 0x41, 16, 0x6a, ...set(address)]), // + 16 bytes
    ...[...get(p), ...get(end), 0x49, 0x0d, 0], // again while p < end
  ]
}

function moduleBytes(): number[] {
  const text = (value: string) => [value.length, ...Buffer.from(value)]
  const section = (id: number, ...content: number[]) => [id, ...size(content.length), ...content]
  const spread = Array.from({ length: 7 }, (_, i) => [...get(passed.constants + i), ...f32x4.splat, ...set(local.beta1 + i)]).flat()
  const body = [1, 10, v128, ...spread, 0x03, 0x40, ...loop(), 0x0b, 0x0b]
  return [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // \0asm, version 1
    ...section(1, 1, 0x60, 12, ...Array(5).fill(i32), ...Array(7).fill(f32), 0), // the function's type
    ...section(2, 1, ...text('host'), ...text('memory'), 2, 0, 1), // a memory of at least one page
    ...section(3, 1, 0),
    ...section(7, 1, ...text('update'), 0, 0),
    ...section(10, 1, ...size(body.length), ...body),
  ]
}

/** LEB128. */
function size(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...size(value >> 7)]
}
