import test from 'ava'
import { batchSizes } from '../../training/batch.ts'
import { checkMicroBatch } from '../../training/check-micro-batch.ts'
import { parseObjectives } from '../../training/objectives/table.ts'
import { throwsUserError } from '../user-error.ts'

const check = (settings: { batchSize: number; microBatch?: number; variants?: number }, objective = 'task:1') =>
  checkMicroBatch(settings, parseObjectives(objective))

test('a micro-batch divides its batch', async (t) => {
  t.notThrows(() => check({ batchSize: 4096, microBatch: 256 }))
  t.notThrows(() => check({ batchSize: 256 }))
  await throwsUserError(t, () => check({ batchSize: 256, microBatch: 100 }), { where: '--micro-batch 100', got: '100', hint: /128/ })
  await throwsUserError(t, () => check({ batchSize: 256, microBatch: 512 }), { hint: /256/ })
})

test('objectives that need more than embeddings are refused', async (t) => {
  const refused = ['mfd', 'mfd-image', 'hidden-text', 'attention', 'gates-image']
  for (const name of refused) await throwsUserError(t, () => check({ batchSize: 8, microBatch: 2 }, `task:1,${name}`), { got: name }, name)
  t.notThrows(() => check({ batchSize: 8, microBatch: 2 }, 'task,siglip,fd,smooth-l1,crd,rkd,icl,gd,afd,class-embed,anchor'))
  t.notThrows(() => check({ batchSize: 8 }, 'mfd,hidden'))
})

test('a teacher that runs at every step is refused: it would see whole batches', async (t) => {
  await throwsUserError(t, () => check({ batchSize: 8, microBatch: 2, variants: 0 }), { got: '--variants 0' })
  t.notThrows(() => check({ batchSize: 8, microBatch: 2, variants: 1 }))
})

test('a set smaller than a batch: as many micro-batches as it fills', (t) => {
  t.deepEqual(batchSizes({ batchSize: 4096, microBatch: 256 }, 10_000), { batch: 4096, micro: 256 })
  t.deepEqual(batchSizes({ batchSize: 4096, microBatch: 256 }, 1000), { batch: 768, micro: 256 })
  t.deepEqual(batchSizes({ batchSize: 4096, microBatch: 256 }, 100), { batch: 100, micro: 100 })
  t.deepEqual(batchSizes({ batchSize: 256 }, 100), { batch: 100, micro: 100 })
})
