import { z } from 'zod'
import { imageTimeoutSetting } from '../../training/run-settings.ts'
import { teacherDeviceSetting, threadsSetting } from './shared.ts'

const elsewhere = (description: string) => z.string().optional().meta({ description, group: 'Input', decides: 'nothing', path: 'one' })

export const workerSettings = z.object({
  queue: z.string().meta({
    description: 'redis://HOST, a Redis or Valkey server; credentials from REDIS_USERNAME and REDIS_PASSWORD',
    group: 'Machine',
    usual: true,
    decides: 'nothing',
  }),
  corpus: elsewhere('where the corpus is on this machine (default: where the plan says)').meta({ usual: true }),
  imagesDir: elsewhere('what image paths are relative to on this machine (default: what the plan says)'),
  teacher: elsewhere('where the teacher is on this machine (default: where the plan says)').meta({ usual: true }),
  cacheDir: elsewhere("where the plan's --cache-dir is on this machine (default: where the plan says)").meta({ usual: true }),
  once: z.boolean().default(false).meta({
    description: 'end when there is no plan left, instead of waiting for the next',
    group: 'Machine',
    usual: true,
    decides: 'nothing',
  }),
  lockSeconds: z.number().min(1).default(30).meta({
    description: 'seconds after which a worker that says nothing loses its shard to another',
    group: 'Machine',
    decides: 'nothing',
  }),
  device: teacherDeviceSetting,
  threads: threadsSetting,
  imageTimeout: imageTimeoutSetting,
})

export type WorkerSettings = z.output<typeof workerSettings>
