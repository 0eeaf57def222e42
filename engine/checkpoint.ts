import { existsSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../base/errors.ts'
import type { Params } from './params.ts'
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts'

/** Everything that a later step depends on; data order and augmentation are functions of (seed, step). */
export interface Checkpoint {
  step: number
  params: Params
  optimizer: { state: Params; steps: number }
  /** What the run was started with; a resume with anything else is refused. */
  identity: Identity
}

/** Flat description of model, data and settings. */
export type Identity = Record<string, string | number | boolean | null>

const folder = (step: number) => `step-${String(step).padStart(7, '0')}`

/** Writes `dir/step-N/`, synced to disk under a temporary name and then renamed; keeps the newest `keep` checkpoints. */
export async function writeCheckpoint(dir: string, checkpoint: Checkpoint, keep = 2): Promise<string> {
  const target = join(dir, folder(checkpoint.step))
  const temporary = `${target}.tmp`
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  const { step, identity, optimizer } = checkpoint
  await writeSynced(join(temporary, 'params.safetensors'), encodeSafetensors(checkpoint.params))
  await writeSynced(join(temporary, 'optimizer.safetensors'), encodeSafetensors(optimizer.state))
  await writeSynced(join(temporary, 'state.json'), Buffer.from(JSON.stringify({ step, optimizerSteps: optimizer.steps, identity }, null, 2)))
  await rm(target, { recursive: true, force: true })
  await rename(temporary, target)
  const old = (await finished(dir)).slice(0, -keep)
  await Promise.all(old.map((name) => rm(join(dir, name), { recursive: true, force: true })))
  return target
}

/**
 * The newest finished checkpoint under `dir`, or undefined.
 * @throws UserError when one of its files is missing or damaged
 */
export async function readLatestCheckpoint(dir: string): Promise<Checkpoint | undefined> {
  const name = (await finished(dir)).at(-1)
  if (!name) return undefined
  const path = join(dir, name)
  const tensors = async (file: string) => decodeSafetensors(await readPart(path, file), join(path, file))
  const state = parseState(await readPart(path, 'state.json'), join(path, 'state.json'))
  const optimizer = { state: await tensors('optimizer.safetensors'), steps: state.optimizerSteps }
  return { step: state.step, identity: state.identity, params: await tensors('params.safetensors'), optimizer }
}

/** @throws UserError naming the first setting in which the checkpoint and the present run differ */
export function assertSameRun(dir: string, saved: Identity, present: Identity): void {
  for (const key of new Set([...Object.keys(saved), ...Object.keys(present)])) {
    if (saved[key] === present[key]) continue
    const isGone = !(key in present)
    throw new UserError({
      where: `--resume ${dir}: ${key}`,
      expected: `${saved[key]} as when the run was started`,
      got: `${present[key]}`,
      hint: isGone
        ? 'Another version of distilingual began this run: see docs/migration.md.'
        : 'Resume with the same settings, or start a new run with another --out.',
    })
  }
}

/**
 * Copies restored tensors into live ones, so that everything that holds them sees the new values.
 * @throws UserError when a tensor is missing or of another shape
 */
export function restoreInto(live: Params, saved: Params): void {
  for (const [name, { shape, data }] of Object.entries(live)) {
    const found = saved[name]
    if (found?.shape.join() !== shape.join()) throw damaged(`checkpoint, tensor ${name}`, `[${shape}]`, found ? `[${found.shape}]` : 'no such tensor')
    data.set(found.data)
  }
}

async function finished(dir: string): Promise<string[]> {
  if (!existsSync(dir)) return []
  const number = (name: string) => Number(name.slice('step-'.length))
  return (await readdir(dir)).filter((name) => /^step-\d+$/.test(name)).sort((a, b) => number(a) - number(b))
}

async function readPart(path: string, file: string): Promise<Uint8Array> {
  return readFile(join(path, file)).catch((error: Error) => {
    throw damaged(join(path, file), 'a part of the checkpoint', error.message)
  })
}

interface State {
  step: number
  optimizerSteps: number
  identity: Identity
}

function parseState(bytes: Uint8Array, where: string): State {
  try {
    const state = JSON.parse(new TextDecoder().decode(bytes)) as State
    if (Number.isInteger(state.step) && Number.isInteger(state.optimizerSteps) && typeof state.identity === 'object') return state
  } catch {
    // reported below, like a state of another form
  }
  throw damaged(where, 'step, optimizerSteps and identity as JSON', `${bytes.length} bytes of something else`)
}

function damaged(where: string, expected: string, got: string): UserError {
  return new UserError({ where, expected, got, hint: 'Delete this checkpoint folder and resume from the one before, or start a new run.' })
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}
