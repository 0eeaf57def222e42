import { z } from 'zod'
import { runSettings } from '../../training/run-settings.ts'
import { dataSettings, exportDtypeSetting, maxDropSetting, modelSetting } from './shared.ts'

export const exportSettings = z.object({
  model: modelSetting('run or model folder').meta({ aliases: ['from'] }),
  out: z.string().meta({ description: 'folder to write', group: 'Output', usual: true, decides: 'nothing' }),
  dtype: exportDtypeSetting,
  maxDrop: maxDropSetting.meta({ usual: true }),
  keepFp32: z.array(z.string()).default([]).meta({
    description: 'layers to leave in fp32, or auto: those that --max-drop makes necessary',
    group: 'Export',
    usual: true,
  }),
  ...dataSettings,
  format: z.enum(['onnx', 'ort']).default('onnx').meta({
    description: "ort: also .ort files for onnxruntime's mobile builds, with the list of their operators",
    group: 'Export',
    usual: true,
  }),
  reduceRange: z.boolean().default(true).meta({
    description: '7-bit weights in q8 and int8: with 8 bits (--no-reduce-range) x86 processors without VNNI saturate',
    group: 'Export',
  }),
  outputs: z.array(z.string()).default([]).meta({
    description: 'further outputs of the towers: hidden_states, attentions (for hidden and attention objectives)',
    group: 'Export',
  }),
  cacheDir: runSettings.shape.cacheDir,
  imageTimeout: runSettings.shape.imageTimeout,
  force: z
    .boolean()
    .default(false)
    .meta({ description: 'write into a folder that holds other files', group: 'Output', usual: true, decides: 'nothing', transient: true }),
})

export type ExportSettings = z.output<typeof exportSettings>
