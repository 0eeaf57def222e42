import { z } from 'zod'

/** Of every command that decodes pictures. */
export const imageTimeoutSetting = z.number().positive().default(10).meta({
  description: 'seconds that decoding a picture may take',
  group: 'Input',
  decides: 'nothing',
  transient: true,
})

/** Settings of every command that trains. */
export const runSettings = z.object({
  out: z.string().meta({ description: 'run folder', group: 'Output', usual: true, decides: 'nothing' }),
  cacheDir: z.string().default('.cache').meta({
    description: 'decoded pixels and teacher features; safe to delete',
    group: 'Output',
    decides: 'nothing',
    transient: true,
  }),
  imageTimeout: imageTimeoutSetting,
  resume: z.boolean().default(false).meta({
    description: 'go on with the run in --out',
    group: 'Output',
    usual: true,
    decides: 'nothing',
    transient: true,
  }),
  force: z.boolean().default(false).meta({
    description: 'start over if --out holds a run; the old one goes once the new one has learnt something',
    group: 'Output',
    usual: true,
    decides: 'nothing',
    transient: true,
  }),
})
