import test from 'ava'
import { interleavedLatency, quantile } from '../../eval/latency.ts'

test('candidates run in turn, each first as often as the others', async (t) => {
  const order: string[] = []
  const candidate = (name: string) => ({ name, run: async () => void order.push(name) })
  const results = await interleavedLatency([candidate('a'), candidate('b'), candidate('c')], { rounds: 3, warmup: 1 })
  t.is(order.join(''), 'abcbcacababc')
  t.deepEqual(
    results.map(({ name, runs }) => `${name}${runs}`),
    ['a3', 'b3', 'c3'],
  )
  t.true(results.every(({ p50, p95 }) => p50 > 0 && p95 >= p50))
})

test('processor time counts work, not waiting', async (t) => {
  const sleep = { name: 'sleep', run: () => new Promise((done) => setTimeout(done, 30)) }
  const work = { name: 'work', run: async () => void Float64Array.from({ length: 300_000 }, (_, i) => Math.sin(i)) }
  const [slept, worked] = await interleavedLatency([sleep, work], { rounds: 5, warmup: 1 })
  t.true(slept!.p50 > 25 && slept!.cpu50 < 20, JSON.stringify(slept))
  t.true(worked!.cpu50 > 1, JSON.stringify(worked))
})

test('quantiles, worked by hand', (t) => {
  t.is(quantile([4, 1, 3, 2], 0.5), 2.5)
  t.is(quantile([0, 10], 0.95), 9.5)
  t.is(quantile([7], 0.95), 7)
  t.is(quantile([], 0.5), NaN)
})

test('a candidate may settle before each of its runs', async (t) => {
  const order: string[] = []
  const candidate = (name: string) => ({ name, run: async () => order.push(name) })
  const results = await interleavedLatency([candidate('a'), candidate('b')], { rounds: 2, warmup: 0, settle: 1 })
  t.is(order.join(''), 'aabb' + 'bbaa')
  t.deepEqual(
    results.map(({ runs }) => runs),
    [2, 2],
  )
})
