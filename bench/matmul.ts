/** The yardstick: how fast this runtime multiplies fp32 matrices when nothing else is in the way. */

import { normal, random } from '../base/random.ts'
import type { Graph } from '../engine/onnx/model.ts'
import { encodeModel } from '../engine/onnx/proto.ts'
import { openSession } from '../engine/runtime.ts'

const size = 1024
const chain = 8 // products a run, so that the cost of a call does not count

export interface MatmulRate {
  /** GFLOP/s of one run. */
  measure(): Promise<number>
  release(): Promise<void>
}

/**
 * A chain of [1024, 1024]·[1024, 1024] products. With `packed` the right-hand side is a constant that the runtime may lay out
 * in advance; as an input it has to be laid out every time, as a training step's weights have.
 */
export async function matmulRate(packed: boolean, threads: number): Promise<MatmulRate> {
  const next = random(1)
  const matrix = () => Float32Array.from({ length: size * size }, () => normal(next) / Math.sqrt(size)) // keeps the chain's numbers near 1
  const [left, right] = [matrix(), matrix()]
  const dims = [size, size]
  const info = (name: string) => ({ name, dtype: 'float32' as const, dims })
  const graph: Graph = {
    name: 'matmul',
    nodes: Array.from({ length: chain }, (_, i) => ({
      op: 'MatMul',
      domain: '',
      inputs: [i === 0 ? 'left' : `y${i}`, 'right'],
      outputs: [`y${i + 1}`],
      attributes: {},
    })),
    inputs: packed ? [info('left')] : [info('left'), info('right')],
    outputs: [info(`y${chain}`)],
    initializers: packed ? new Map([['right', { dtype: 'float32', dims, data: right }]]) : new Map(),
    opsets: { '': 17 },
    irVersion: 8,
  }
  const session = await openSession(encodeModel(graph), { threads })
  const feeds = { left: { data: left, dims }, ...(packed ? {} : { right: { data: right, dims } }) }
  return {
    async measure() {
      const began = performance.now()
      await session.run(feeds)
      return (chain * 2 * size ** 3) / (performance.now() - began) / 1e6
    },
    release: () => session.release(),
  }
}
