import type { Param } from '../../engine/params.ts'
import { rowLengths } from './compactors.ts'

/**
 * One step of the group lasso λ·Σ_i |Q_i|₂, in place: Q_i ← Q_i·max(0, 1 − amount_i/|Q_i|₂). This is the proximal step of CDD's λ·Q_i/(|Q_i|₂ + ε)
 * (arXiv 2303.09230), decoupled from the optimizer as AdamW's decay is: Adam would make every gradient alike, λ's too, and swing around 0, which
 * a row reaches here.
 * @param amount by row: learning rate · λ where the loss has its say, any speed where it has none
 */
export function shrinkRows(compactor: Param, amount: (row: number) => number): void {
  const { shape, data } = compactor
  const size = shape[2]!
  for (const [row, length] of rowLengths(compactor).entries()) {
    const keep = length > amount(row) ? 1 - amount(row) / length : 0
    for (let i = row * size; i < (row + 1) * size; i++) data[i] = data[i]! * keep
  }
}

/** Takes the loss's say from rows whose mask is 0: only the lasso moves them. `gradient` [groups, c, c], in place. */
export function maskRows(gradient: Float32Array, mask: Float32Array): void {
  const size = gradient.length / mask.length
  for (const [row, open] of mask.entries()) if (open === 0) gradient.fill(0, row * size, (row + 1) * size)
}
