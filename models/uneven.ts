import type { Param, Params } from '../engine/params.ts'
import type { ClipConfig, TowerConfig } from './config.ts'
import { type DualEncoder, dualEncoderParams } from './dual-encoder.ts'
import { gatesOf } from './gates.ts'

/**
 * Parameters in the shapes that Hugging Face's CLIPModel knows, where all layers are alike: channels that pruning took away come back as
 * zeros, which change nothing that is computed.
 */
export function evenParams({ config, params }: DualEncoder): Params {
  return reshaped(params, config, evenConfig(config))
}

/** The reverse: takes away what `config` says is padding. */
export function unevenParams(params: Params, config: ClipConfig): Params {
  return reshaped(params, evenConfig(config), config)
}

/** The same model with layers of equal size. */
export function evenConfig({ vision_config, text_config, ...config }: ClipConfig): ClipConfig {
  return { ...config, vision_config: evenTower(vision_config), text_config: evenTower(text_config) }
}

function evenTower<Tower extends TowerConfig>({ intermediate_sizes: _hidden, value_sizes: _values, ...even }: Tower) {
  return even
}

/** Gives every gate of `to` the first channels of the same gate of `from`, group by group, and zeros where there are none. */
function reshaped(params: Params, from: ClipConfig, to: ClipConfig): Params {
  const result = Object.fromEntries(Object.keys(dualEncoderParams(to)).map((name) => [name, params[name]!]))
  for (const tower of ['image', 'text'] as const) {
    const old = gatesOf(tower, from)
    for (const [i, { before, after, groups, channels }] of gatesOf(tower, to).entries()) {
      if (channels === old[i]!.channels) continue
      const sizes = [old[i]!.channels / groups, channels / groups] as const
      for (const name of [`${before}.weight`, `${before}.bias`]) result[name] = resized(params[name]!, 0, groups, ...sizes)
      result[`${after}.weight`] = resized(params[`${after}.weight`]!, 1, groups, ...sizes)
    }
  }
  return result
}

/** Cuts or fills one axis, of `groups` times `from` entries, to `groups` times `to`. */
function resized({ shape, data }: Param, axis: 0 | 1, groups: number, from: number, to: number): Param {
  const [rows, columns] = axis === 0 ? [1, shape[1] ?? 1] : [shape[0]!, 1] // entries lie in runs of `columns`
  const result = new Float32Array(rows * groups * to * columns)
  for (let group = 0; group < rows * groups; group++) {
    const start = group * from * columns
    result.set(data.subarray(start, start + Math.min(from, to) * columns), group * to * columns)
  }
  return { shape: shape.with(axis, groups * to), data: result }
}
