import { encodeModel } from '../engine/onnx/proto.ts'
import { openSession } from '../engine/runtime.ts'
const rnd = (n) => Float32Array.from({ length: n }, () => Math.random() - 0.5)
async function bench(name, op, a, b, attrs, domain, flop, extra) {
  const dims = { a, b, ...extra }
  const out = []
  const rankOut = Math.max(a.length, b.length)
  const g = { name: 'g', nodes: [{ op, domain, inputs: Object.keys(dims), outputs: ['y'], attributes: attrs }], inputs: Object.entries(dims).map(([n, d]) => ({ name: n, dtype: 'float32', dims: d })), outputs: [{ name: 'y', dtype: 'float32', dims: Array.from({ length: rankOut }, (_, i) => 'd' + i) }], initializers: new Map(), opsets: { '': 17, 'com.microsoft': 1 }, irVersion: 8 }
  const s = await openSession(encodeModel(g), { threads: 1 })
  const feeds = Object.fromEntries(Object.entries(dims).map(([n, d]) => [n, { data: rnd(d.reduce((x, y) => x * y, 1)), dims: d }]))
  await s.run(feeds)
  const ts = []
  for (let i = 0; i < 8; i++) { const c = process.cpuUsage(); await s.run(feeds); const d = process.cpuUsage(c); ts.push((d.user + d.system) / 1000) }
  ts.sort((x, y) => x - y)
  console.log(name.padEnd(44), 'min', ts[0].toFixed(1), 'med', ts[4].toFixed(1), 'ms', (flop / ts[0] / 1e6).toFixed(0), (flop / ts[4] / 1e6).toFixed(0), 'GF/s')
  await s.release()
}
const F = 2 * 4160 * 256 * 1024
const t = (a, b) => ({ transA: a, transB: b, alpha: { float: 1 } })
for (let r = 0; r < 2; r++) {
await bench('1024^3', 'MatMul', [1024, 1024], [1024, 1024], {}, '', 2 * 1024 ** 3)
await bench('fc1 fwd FusedMatMul 3D transB', 'FusedMatMul', [64, 65, 256], [1024, 256], t(0, 1), 'com.microsoft', F)
await bench('fc1 fwd FusedMatMul 2D transB', 'FusedMatMul', [4160, 256], [1024, 256], t(0, 1), 'com.microsoft', F)
await bench('fc1 fwd Gemm transB+bias', 'Gemm', [4160, 256], [1024, 256], { transB: 1 }, '', F, { c: [1024] })
await bench('fc1 dx MatMul 3D [.,1024]x[1024,256]', 'MatMul', [64, 65, 1024], [1024, 256], {}, '', F)
await bench('fc1 dx MatMul 2D', 'MatMul', [4160, 1024], [1024, 256], {}, '', F)
await bench('fc2 dx MatMul 3D [.,256]x[256,1024]', 'MatMul', [64, 65, 256], [256, 1024], {}, '', F)
await bench('fc2 fwd FusedMatMul 3D transB', 'FusedMatMul', [64, 65, 1024], [256, 1024], t(0, 1), 'com.microsoft', F)
await bench('fc1 dW FusedMatMul transA', 'FusedMatMul', [4160, 1024], [4160, 256], t(1, 0), 'com.microsoft', F)
await bench('fc2 dW FusedMatMul transA', 'FusedMatMul', [4160, 256], [4160, 1024], t(1, 0), 'com.microsoft', F)
await bench('fc1 dW Gemm transA', 'Gemm', [4160, 1024], [4160, 256], { transA: 1 }, '', F)
await bench('q fwd FusedMatMul transB', 'FusedMatMul', [64, 65, 256], [256, 256], t(0, 1), 'com.microsoft', F / 4)
await bench('q dW transA', 'FusedMatMul', [4160, 256], [4160, 256], t(1, 0), 'com.microsoft', F / 4)
await bench('qkv fwd', 'FusedMatMul', [64, 65, 256], [768, 256], t(0, 1), 'com.microsoft', F * 3 / 4)
await bench('scores', 'FusedMatMul', [64, 4, 65, 64], [64, 4, 65, 64], t(0, 1), 'com.microsoft', 2 * 64 * 4 * 65 * 65 * 64)
await bench('mixing', 'MatMul', [64, 4, 65, 65], [64, 4, 65, 64], {}, '', 2 * 64 * 4 * 65 * 65 * 64)
await bench('mix dv transA', 'FusedMatMul', [64, 4, 65, 65], [64, 4, 65, 64], t(1, 0), 'com.microsoft', 2 * 64 * 4 * 65 * 65 * 64)
}
